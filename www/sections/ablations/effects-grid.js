// Effects of a sweep as a grid: a row for each layer, a column for each of its parts, as
// the field draws what it patches.

import { el } from '../../kit/dom.js';
import { signed } from '../../kit/format.js';
import { matrixTable } from '../../kit/matrix-table.js';
import { holdsZero, significant } from '../../labels/effect.js';

/** A list of fewer ablations says as much. */
const LEAST = 10;
/** Full colour, in per cent of the cell. */
const STRONGEST = 60;

/**
 * @param {Ablations} ablations
 * @returns {HTMLElement | null} nothing where a list is as clear
 */
export function effectsGrid(ablations) {
  const { head, rows, kind, against } = ablations;
  const sure = significant(ablations);
  const shown = rows.filter((row) => !against || row.kind !== against || against === kind);
  const cells = new Map(shown.map((row) => [row.component, row]));
  const parts = shown.map(({ component }) => /^L(\d+)[.]?(.+)$/.exec(component));
  if (shown.length < LEAST) return null;
  const layers = [...new Set(parts.flatMap((part) => (part ? [Number(part[1])] : [])))];
  const columns = [...new Set(parts.flatMap((part) => (part?.[2] ? [part[2]] : [])))];
  const largest = Math.max(...shown.map(({ effect }) => Math.abs(effect)), Number.MIN_VALUE);
  const at = (/** @type {number} */ i, /** @type {number} */ j) => {
    const column = columns[j] ?? '';
    return cells.get(`L${layers[i]}${column.startsWith('H') ? '' : '.'}${column}`);
  };
  return matrixTable(
    {
      caption: `Change of the score of ${head} by component; dashed where its 95% interval is off zero, solid where it is significant after Holm’s correction`,
      title: `effects on ${head}`,
      corner: 'layer ↓  part →',
      rows: layers.length,
      columns: columns.length,
      rowHead: (i) => el('th', { scope: 'row', text: `L${layers[i]}` }),
      columnHead: (j) => el('th', { scope: 'col', text: columns[j] ?? '' }),
      value: (i, j) => at(i, j)?.effect ?? null,
      show(cell, value, i, j) {
        const row = at(i, j);
        cell.textContent = value === null ? '' : signed(value).replace(/(\.\d{3})\d$/, '$1');
        if (!row || value === null) return;
        cell.classList.add('effect', value < 0 ? 'falls' : 'rises');
        cell.classList.toggle('off-zero', row.ci !== null && !holdsZero(row.ci));
        cell.classList.toggle('significant', sure.has(row));
        cell.style.setProperty('--heat', `${(Math.abs(value) / largest) * STRONGEST}%`);
      },
    },
    'matrix',
  );
}
