// The notebook's printed scores beside ours, as a table.

import { el } from '../../kit/dom.js';
import { score as figure, signed } from '../../kit/format.js';
import { sortableTable } from '../../kit/sortable-table.js';
import { distance } from './printed-scores.js';

/** @typedef {import('./printed-scores.js').Row} Row */

/** @param {Row[]} rows */
export function printedTable(rows) {
  const number = (/** @type {(row: Row) => number} */ sortBy) => ({ sortBy, figures: true });
  return sortableTable(
    `The notebook’s ${rows.length} printed scores beside ours`,
    [
      {
        label: 'Ablation',
        show: ({ what }) => el('code', { text: what }),
        sortBy: ({ what }) => what,
      },
      { label: 'Prompt', show: ({ prompt }) => String(prompt), ...number(({ prompt }) => prompt) },
      { label: 'Printed', show: (row) => figure(row.printed), ...number((row) => row.printed) },
      { label: 'Ours', show: (row) => figure(row.ours), ...number((row) => row.ours ?? 0) },
      {
        label: 'Difference',
        show: ({ ours, printed }) => (ours === null ? '–' : signed(ours - printed)),
        ...number(distance),
      },
    ],
    rows,
  );
}
