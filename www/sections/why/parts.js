// Where one score comes from: which component at the destination meets which at the source.

import { el } from '../../kit/dom.js';
import { plural, signed } from '../../kit/format.js';
import { matrixTable } from '../../kit/matrix-table.js';

/** @typedef {Omit<NonNullable<Circuits['mean_parts']>, 'cells'>} Parts of one score, or their mean */

/** With more components than these, those of a layer are shown as their sum at first. */
const MOST = 24;
/** Full colour, in per cent of the cell. */
const STRONGEST = 60;
/** How many of the largest parts are named. */
const NAMED = 3;

/**
 * @param {Parts} parts
 * @returns {Parts} with the components of each layer added up
 */
function byLayer(parts) {
  /** @type {{ name: string, members: number[] }[]} */
  const groups = [];
  parts.components.forEach((name, i) => {
    const layer = parts.layers[i] ?? null;
    const last = groups.at(-1);
    if (layer !== null && last?.name === `L${layer}`) last.members.push(i);
    else groups.push({ name: layer === null ? name : `L${layer}`, members: [i] });
  });
  const sum = (/** @type {number[]} */ rows, /** @type {number[]} */ columns) =>
    rows.reduce(
      (total, i) => total + columns.reduce((part, j) => part + (parts.parts[i]?.[j] ?? 0), 0),
      0,
    );
  return {
    ...parts,
    components: groups.map(({ name }) => name),
    layers: groups.map(() => null),
    parts: groups.map((a) => groups.map((b) => sum(a.members, b.members))),
  };
}

/**
 * @param {NonNullable<Circuits['score_parts']>} found
 * @param {string[]} tokens of the prompt
 */
export function partsSentence(found, tokens) {
  const { query, key, score } = found;
  const [q = '', k = ''] = [tokens[query], tokens[key]].map((token) => token?.trim());
  return `The score of “${k}” for “${q}” is ${signed(score)} before the softmax; its largest parts: ${largest(found)}.`;
}

/**
 * @param {NonNullable<Circuits['mean_parts']>} found
 * @param {string} what the target in words
 */
export function meanSentence(found, what) {
  const { cells, score } = found;
  return `Over the ${plural(cells, 'target cell')} (${what}), the mean score is ${signed(score)} before the softmax; its largest parts: ${largest(found)}.`;
}

/** @param {Parts} found */
function largest({ components, parts }) {
  const all = parts.flatMap((row, i) =>
    row.map((value, j) => ({ value, from: components[i] ?? '', to: components[j] ?? '' })),
  );
  all.sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const named = all.slice(0, NAMED);
  return named.map(({ value, from, to }) => `${from} × ${to} ${signed(value)}`).join(', ');
}

/**
 * @param {Parts} all
 * @param {string} query where the rows stand, in words
 * @param {string} key where the columns stand
 */
export function partsTable(all, query, key) {
  const place = el('div', { class: 'parts' });
  const whole = el('input', { type: 'checkbox' });
  const draw = () => {
    const parts = all.components.length > MOST && !whole.checked ? byLayer(all) : all;
    place.replaceChildren(...[choice, tableOf(parts, query, key)].filter((each) => each !== null));
  };
  whole.addEventListener('change', draw);
  const choice =
    all.components.length > MOST
      ? el('label', { class: 'check' }, whole, ' Every component of each layer')
      : null;
  draw();
  return place;
}

/**
 * @param {Parts} parts
 * @param {string} query
 * @param {string} key
 */
function tableOf({ components, parts }, query, key) {
  const most = Math.max(...parts.flat().map(Math.abs), Number.MIN_VALUE);
  const heading = (/** @type {'row' | 'col'} */ scope) => (/** @type {number} */ i) =>
    el('th', { scope, text: components[i] ?? '' });
  return matrixTable(
    {
      caption: `Parts of the score: components at ${query} (rows) by components at ${key} (columns)`,
      title: 'parts of a score',
      corner: 'query ↓  key →',
      rows: components.length,
      columns: components.length,
      rowHead: heading('row'),
      columnHead: heading('col'),
      value: (i, j) => parts[i]?.[j] ?? null,
      show(cell, value) {
        if (value === null) return;
        cell.textContent = signed(value).replace(/(\.\d{3})\d+$/, '$1');
        cell.classList.add('effect', value < 0 ? 'falls' : 'rises');
        cell.style.setProperty('--heat', `${(Math.abs(value) / most) * STRONGEST}%`);
      },
    },
    'matrix',
  );
}
