// A run of ablations as a table: a row for each component, with both effects where there
// are two kinds.

import { el } from '../../kit/dom.js';
import { interval, plural, score as figure, signed } from '../../kit/format.js';
import { pairUp, significant } from '../../labels/effect.js';
import { metricName } from '../../study/catalogue.js';
import { sortableTable } from '../../kit/sortable-table.js';

/** @typedef {import('../../labels/effect.js').Pair} Pair */
/** @typedef {import('../../kit/sortable-table.js').Column<Pair>} Column */

/** @param {Ablations} ablations */
export function effectsTable(ablations) {
  const { head, metric, chance, n, rows, kind, against } = ablations;
  const pairs = pairUp(rows);
  const two = pairs.some(({ second }) => second);
  const measured = `Head ${head}, ${metricName(metric)} over ${plural(n, 'prompt')}: before and after; chance ${figure(chance)}`;
  const sure = n > 1 ? '. * is significant after Holm’s correction for the whole run' : '';
  const which = two ? `; ● ${kind}, ○ ${against}` : '';
  return sortableTable(
    `${measured}${which}${sure}`,
    [
      {
        label: 'Component',
        show: ({ component, first }) => componentCell(component, first, two),
        sortBy: ({ component }) => component,
      },
      number('Baseline', (row) => row.mean_baseline),
      ...effectColumns(ablations, two ? ' ●' : '', ({ first }) => first),
      ...(two ? effectColumns(ablations, ' ○', ({ second }) => second) : []),
      ...(two ? [difference()] : []),
    ],
    pairs,
  );
}

/**
 * @param {string} component
 * @param {AblationRow} row
 * @param {boolean} two
 */
function componentCell(component, { label, kind }, two) {
  const told = [label === component ? '' : label, two ? '' : kind].filter(Boolean).join(', ');
  return el(
    'span',
    {},
    el('code', { text: component }),
    el('span', { class: 'sublabel', text: told }),
  );
}

/**
 * @param {string} label
 * @param {(row: AblationRow) => number} get
 * @param {(pair: Pair) => AblationRow | undefined} [of]
 * @returns {Column}
 */
function number(label, get, of = ({ first }) => first) {
  const value = (/** @type {Pair} */ pair) => {
    const row = of(pair);
    return row ? get(row) : null;
  };
  return {
    label,
    show: (pair) => figure(value(pair)),
    sortBy: (pair) => value(pair) ?? NaN,
    figures: true,
  };
}

/**
 * What is told of each kind. A row that only the other kind has shows dashes.
 * @param {Ablations} ablations
 * @param {string} mark
 * @param {(pair: Pair) => AblationRow | undefined} of
 * @returns {Column[]}
 */
function effectColumns(ablations, mark, of) {
  const sure = significant(ablations);
  const p = new Map(ablations.rows.map((row, i) => [row, ablations.adjusted[i] ?? 1]));
  /** @param {(row: AblationRow) => string} show */
  const shown = (show) => (/** @type {Pair} */ pair) => {
    const row = of(pair);
    return row ? show(row) : '–';
  };
  return [
    number(`Ablated${mark}`, (row) => row.mean_ablated, of),
    {
      label: `Effect${mark}`,
      show: shown((row) => signed(row.effect)),
      sortBy: (pair) => of(pair)?.effect ?? NaN,
      figures: true,
    },
    { label: `95% CI${mark}`, show: shown(({ ci }) => interval(ci)), figures: true },
    ...(ablations.n > 1
      ? [
          {
            label: `p, Holm${mark}`,
            show: shown((row) => `${figure(p.get(row))}${sure.has(row) ? ' *' : ''}`),
            sortBy: (/** @type {Pair} */ pair) => p.get(of(pair) ?? pair.first) ?? 1,
            figures: true,
          },
        ]
      : []),
    { label: `Self${mark}`, show: shown((row) => beforeAfter(row, 'self')), figures: true },
    { label: `BOS${mark}`, show: shown((row) => beforeAfter(row, 'bos')), figures: true },
  ];
}

/** @returns {Column} */
function difference() {
  const between = (/** @type {Pair} */ { first, second }) =>
    second ? second.effect - first.effect : null;
  return {
    label: '○ − ●',
    show: (pair) => {
      const value = between(pair);
      return value === null ? '–' : signed(value);
    },
    sortBy: (pair) => between(pair) ?? NaN,
    figures: true,
  };
}

/**
 * @param {AblationRow} row
 * @param {keyof AttentionBreakdown} key
 */
function beforeAfter({ shares_before, shares_after }, key) {
  return `${wholePercent(shares_before[key])} → ${wholePercent(shares_after[key])}%`;
}

/** @param {number} share */
function wholePercent(share) {
  return (share * 100).toFixed(0);
}
