// Two kinds of ablation side by side: a component that matters under one and not
// under the other says more about the kind than about the head.

import { el } from '../../kit/dom.js';
import { interval, signed } from '../../kit/format.js';
import { sortableTable } from '../../kit/sortable-table.js';

/** @typedef {{ component: string, first: AblationRow, second: AblationRow }} Pair */

/**
 * @param {Ablations} ablations
 * @returns {HTMLTableElement | null} nothing where no second kind was asked for
 */
export function kindsTable({ rows, kind, against }) {
  if (against === null || against === kind) return null;
  const pairs = pairUp(rows);
  if (pairs.length === 0) return null;
  const difference = (/** @type {Pair} */ { first, second }) => second.effect - first.effect;
  return sortableTable(
    'The same component by two kinds of ablation: effect, its 95 % interval, and how far the kinds differ',
    [
      {
        label: 'Component',
        show: ({ component }) => el('code', { text: component }),
        sortBy: ({ component }) => component,
      },
      ...effectColumns(kind, ({ first }) => first),
      ...effectColumns(against, ({ second }) => second),
      {
        label: 'Difference',
        show: (pair) => signed(difference(pair)),
        sortBy: difference,
        figures: true,
      },
    ],
    pairs,
  );
}

/**
 * @param {string} kind
 * @param {(pair: Pair) => AblationRow} get
 * @returns {import('../../kit/sortable-table.js').Column<Pair>[]}
 */
function effectColumns(kind, get) {
  return [
    {
      label: `Effect, ${kind}`,
      show: (pair) => signed(get(pair).effect),
      sortBy: (pair) => get(pair).effect,
      figures: true,
    },
    { label: '95 % interval', show: (pair) => interval(get(pair).ci), figures: true },
  ];
}

/**
 * The rows come kind by kind, so the second of a component is of the second kind.
 * @param {AblationRow[]} rows
 */
function pairUp(rows) {
  /** @type {Pair[]} */
  const pairs = [];
  rows.forEach((first, index) => {
    const second = rows.slice(index + 1).find((row) => row.component === first.component);
    if (second) pairs.push({ component: first.component, first, second });
  });
  return pairs;
}
