// The two charts of a run of ablations: scores before and after, and the
// paired effects with their intervals. Their numbers stand in the table below.

import { axisX, dot, gridX, link, plot, ruleX, text, tickX } from '@observablehq/plot';
import { MARGINS, MOST_ROWS, chartHeight, eachWidth } from '../../kit/chart-size.js';
import { figure } from '../../kit/figure.js';
import { largestOf, pairUp, significant } from '../../labels/effect.js';
import { promptName } from '../../labels/prompt-name.js';
import { metricName } from '../../study/catalogue.js';

/** Labels take what the longest needs, within bounds; longer ones are cut. */
const LABEL_WIDTH = { least: 92, most: 210, character: 7.2 };
/** Fewer ticks than this would not show a scale, more would run together. */
const PIXELS_PER_TICK = 80;
/** Of more points than these each row shows how they spread. */
const MOST_POINTS = 2000;

/**
 * @param {Ablations} ablations
 * @param {'forward' | 'effect'} order of the rows
 * @param {Settings} settings
 * @param {number} width
 */
export function ablationCharts(ablations, order, settings, width) {
  const { metric, chance, rows: all } = ablations;
  const pairs = pairUp(all);
  const shown = mostChanging(pairs, order);
  const two = pairs.some(({ second }) => second);
  const sure = significant(ablations);
  const rows = shown.flatMap(({ component, first, second }) =>
    [first, ...(second ? [second] : [])].map((row, i) => ({
      ...row,
      name: component,
      // Two kinds stand one above the other in the row of their component.
      dy: two ? (i === 0 ? -10 : 8) : 0,
      filled: i === 0,
      sure: sure.has(row),
    })),
  );
  const longest = Math.max(...rows.map(({ name }) => name.length));
  const { least, most, character } = LABEL_WIDTH;
  const labels = Math.min(Math.max(least, longest * character + 12), most, width / 3);
  const each = eachWidth(width);
  const name = metricName(metric);
  const ticks = Math.max(2, Math.floor((each - labels) / PIXELS_PER_TICK));
  const characters = Math.floor((labels - 12) / character);
  const common = {
    width: each,
    height: chartHeight(shown.length, two),
    marginLeft: labels,
    marginTop: MARGINS.top,
    marginBottom: MARGINS.bottom,
    y: {
      type: 'band',
      domain: shown.map(({ component }) => component),
      label: null,
      tickSize: 0,
      tickFormat: (/** @type {string} */ label) =>
        label.length > characters ? `${label.slice(0, characters - 1)}…` : label,
    },
  };
  const points = rows.reduce((sum, { sequences }) => sum + sequences.length, 0);
  const singly = points <= MOST_POINTS;
  const below = singly ? 'each prompt' : 'half and 90 % of its prompts, and their median';
  const which =
    shown.length < pairs.length ? ` (the ${shown.length} of ${pairs.length} that change most)` : '';
  const kinds = two ? `${ablations.kind} ●, ${ablations.against} ○` : '';
  const star = sure.size > 0 ? '; * significant after Holm’s correction' : '';
  return [
    figure(
      two
        ? `Score: baseline |, ${kinds}, chance dashed${which}`
        : `Score: baseline ○, ablated ●, chance dashed${which}`,
      scoresPlot(rows, two, { label: name, ticks }, chance, common),
    ),
    figure(
      `Effect (95% CI)${two ? `, ${kinds}` : ''}; below it, ${below}${star}${which}`,
      effectsPlot(rows, settings, { label: `change of ${name}`, ticks }, common, singly),
    ),
  ];
}

/**
 * The rows that a chart has room for: those with the largest effects, in the order asked.
 * @param {import('../../labels/effect.js').Pair[]} pairs
 * @param {'forward' | 'effect'} order
 */
function mostChanging(pairs, order) {
  const bySize = [...pairs].sort((a, b) => largestOf(b) - largestOf(a)).slice(0, MOST_ROWS);
  const kept = new Set(bySize);
  return order === 'effect' ? bySize : pairs.filter((pair) => kept.has(pair));
}

/** @typedef {AblationRow & { name: string, dy: number, filled: boolean, sure: boolean }} NamedRow */

/**
 * The rows that lie at the same height within that of their component: Plot shifts a
 * mark as a whole.
 * @param {NamedRow[]} rows
 * @param {(some: NamedRow[], at: { dy: number }, filled: boolean) => any[]} marks
 */
function byKind(rows, marks) {
  return [true, false].flatMap((filled) => {
    const some = rows.filter((row) => row.filled === filled);
    return some[0] ? marks(some, { dy: some[0].dy }, filled) : [];
  });
}

/**
 * @param {NamedRow[]} rows
 * @param {boolean} two whether there are two kinds
 * @param {{ label: string, ticks: number }} axis
 * @param {number | null} chance
 * @param {object} common
 */
function scoresPlot(rows, two, axis, chance, common) {
  const y = 'name';
  const ring = { stroke: 'var(--mark)', strokeWidth: 2, fill: 'var(--surface)' };
  return plot({
    ...common,
    x: { nice: true, zero: true },
    marks: [
      gridX({ ticks: axis.ticks }),
      axisX({ ...axis, labelArrow: 'none', labelAnchor: 'center' }),
      ...(chance === null
        ? []
        : [ruleX([chance], { stroke: 'var(--chance)', strokeDasharray: '4 3' })]),
      ...byKind(rows, (some, at, filled) => [
        link(some, {
          ...at,
          x1: 'mean_baseline',
          x2: 'mean_ablated',
          y1: y,
          y2: y,
          stroke: 'var(--mark)',
          strokeWidth: 2,
        }),
        ...(two ? [] : [dot(some, { ...at, x: 'mean_baseline', y, r: 5, ...ring })]),
        dot(some, {
          ...at,
          x: 'mean_ablated',
          y,
          r: 5,
          ...(filled ? { fill: 'var(--mark)' } : ring),
        }),
      ]),
      ...(two
        ? [
            tickX(
              rows.filter(({ filled }) => filled),
              { x: 'mean_baseline', y, stroke: 'var(--ink)', strokeWidth: 2 },
            ),
          ]
        : []),
    ],
  });
}

/**
 * @param {NamedRow[]} rows
 * @param {Settings} settings
 * @param {{ label: string, ticks: number }} axis
 * @param {object} common
 * @param {boolean} singly whether each prompt has a point of its own
 */
function effectsPlot(rows, settings, axis, common, singly) {
  const y = 'name';
  /** @param {NamedRow} row */
  const interval = ({ name, effect, ci, sure }) => ({
    name,
    effect,
    low: ci?.[0] ?? effect,
    high: ci?.[1] ?? effect,
    sure,
  });
  return plot({
    ...common,
    x: { nice: true },
    marks: [
      gridX({ ticks: axis.ticks }),
      axisX({ ...axis, labelArrow: 'none', labelAnchor: 'center' }),
      ruleX([0], { stroke: 'var(--ink-2)' }),
      ...byKind(rows, (some, at, filled) => {
        const intervals = some.map(interval);
        return [
          ...(singly ? pointMarks(some, at.dy, settings) : spreadMarks(some, at.dy)),
          link(intervals, {
            ...at,
            x1: 'low',
            x2: 'high',
            y1: y,
            y2: y,
            stroke: 'var(--mark)',
            strokeWidth: filled ? 4 : 2,
            strokeLinecap: 'butt',
          }),
          dot(intervals, {
            ...at,
            x: 'effect',
            y,
            r: 5,
            fill: filled ? 'var(--mark)' : 'var(--surface)',
            stroke: filled ? 'var(--surface)' : 'var(--mark)',
            strokeWidth: 1.5,
          }),
          text(
            intervals.filter(({ sure }) => sure),
            {
              x: 'high',
              y,
              dx: 9,
              dy: at.dy + 2,
              text: () => '*',
              fill: 'var(--ink)',
              fontSize: 16,
            },
          ),
        ];
      }),
    ],
  });
}

/** How far the prompts of a row lie below it. */
const BELOW = 9;

/**
 * A point for each prompt.
 * @param {NamedRow[]} rows
 * @param {number} dy
 * @param {Settings} settings
 */
function pointMarks(rows, dy, settings) {
  const points = rows.flatMap((row) =>
    effects(row).map((effect, index) => ({
      name: row.name,
      effect,
      title: promptName(settings, row.sequences[index] ?? 0),
    })),
  );
  const at = { x: 'effect', y: 'name', dy: dy + BELOW };
  return [dot(points, { ...at, r: 2, fill: 'var(--point)', title: 'title' })];
}

/**
 * Three marks for all prompts of a row: where 90 % and where half of them lie, and
 * their median.
 * @param {NamedRow[]} rows
 * @param {number} dy
 */
function spreadMarks(rows, dy) {
  const spreads = rows.map((row) => {
    const sorted = effects(row).sort((a, b) => a - b);
    const [p5, p25, p50, p75, p95] = [0.05, 0.25, 0.5, 0.75, 0.95].map((p) => quantile(sorted, p));
    return { name: row.name, p5, p25, p50, p75, p95 };
  });
  const common = { y1: 'name', y2: 'name', dy: dy + BELOW, stroke: 'var(--point)' };
  return [
    link(spreads, { ...common, x1: 'p5', x2: 'p95', strokeWidth: 1 }),
    link(spreads, { ...common, x1: 'p25', x2: 'p75', strokeWidth: 4, strokeLinecap: 'butt' }),
    dot(spreads, {
      x: 'p50',
      y: 'name',
      dy: dy + BELOW,
      r: 2.5,
      fill: 'var(--surface)',
      stroke: 'var(--point)',
    }),
  ];
}

/**
 * The effect on each prompt.
 * @param {NamedRow} row
 */
function effects({ baseline, ablated }) {
  return baseline.map((before, index) => (ablated[index] ?? 0) - before);
}

/**
 * @param {number[]} sorted at least one
 * @param {number} p
 */
function quantile(sorted, p) {
  const at = (sorted.length - 1) * p;
  const [low, high] = [sorted[Math.floor(at)] ?? 0, sorted[Math.ceil(at)] ?? 0];
  return low + (high - low) * (at - Math.floor(at));
}
