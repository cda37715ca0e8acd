// The two charts of a run of ablations: scores before and after, and the
// paired effects with their intervals. Their numbers stand in the table below.

import { axisX, dot, gridX, link, plot, ruleX } from '@observablehq/plot';
import { MARGINS, MOST_ROWS, chartHeight, eachWidth } from '../../kit/chart-size.js';
import { figure } from '../../kit/figure.js';
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
 * @param {Settings} settings
 * @param {number} width
 */
export function ablationCharts({ metric, chance, rows: all }, settings, width) {
  const rows = mostChanging(all);
  const named = rows.map((row) => ({ ...row, name: rowName(row, all) }));
  const longest = Math.max(...named.map(({ name }) => name.length));
  const { least, most, character } = LABEL_WIDTH;
  const labels = Math.min(Math.max(least, longest * character + 12), most, width / 3);
  const each = eachWidth(width);
  const name = metricName(metric);
  const ticks = Math.max(2, Math.floor((each - labels) / PIXELS_PER_TICK));
  const characters = Math.floor((labels - 12) / character);
  const common = {
    width: each,
    height: chartHeight(rows.length),
    marginLeft: labels,
    marginTop: MARGINS.top,
    marginBottom: MARGINS.bottom,
    y: {
      type: 'band',
      domain: named.map((row) => row.name),
      label: null,
      tickSize: 0,
      tickFormat: (/** @type {string} */ text) =>
        text.length > characters ? `${text.slice(0, characters - 1)}…` : text,
    },
  };
  const points = rows.reduce((sum, { sequences }) => sum + sequences.length, 0);
  const singly = points <= MOST_POINTS;
  const below = singly ? 'each prompt' : 'half and 90 % of its prompts, and their median';
  const which =
    rows.length < all.length ? ` (the ${rows.length} of ${all.length} that change most)` : '';
  return [
    figure(
      `Score: baseline ○, ablated ●, chance dashed${which}`,
      scoresPlot(named, { label: name, ticks }, chance, common),
    ),
    figure(
      `Effect and its interval; below it, ${below}${which}`,
      effectsPlot(named, settings, { label: `change of ${name}`, ticks }, common, singly),
    ),
  ];
}

/**
 * The rows that a chart has room for: those with the largest effects, in their order.
 * @param {AblationRow[]} rows
 */
function mostChanging(rows) {
  const bySize = [...rows].sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
  const kept = new Set(bySize.slice(0, MOST_ROWS));
  return rows.filter((row) => kept.has(row));
}

/** @typedef {AblationRow & { name: string }} NamedRow */

/**
 * The component, and its kind where another row is of the same component.
 * @param {AblationRow} row
 * @param {AblationRow[]} rows
 */
function rowName({ component, kind }, rows) {
  const once = rows.filter((each) => each.component === component).length === 1;
  return once ? component : `${component} ${kind}`;
}

/**
 * @param {NamedRow[]} rows
 * @param {{ label: string, ticks: number }} axis
 * @param {number | null} chance
 * @param {object} common
 */
function scoresPlot(rows, axis, chance, common) {
  const y = 'name';
  return plot({
    ...common,
    x: { nice: true, zero: true },
    marks: [
      gridX({ ticks: axis.ticks }),
      axisX({ ...axis, labelArrow: 'none', labelAnchor: 'center' }),
      ...(chance === null
        ? []
        : [ruleX([chance], { stroke: 'var(--chance)', strokeDasharray: '4 3' })]),
      link(rows, {
        x1: 'mean_baseline',
        x2: 'mean_ablated',
        y1: y,
        y2: y,
        stroke: 'var(--mark)',
        strokeWidth: 2,
      }),
      dot(rows, {
        x: 'mean_baseline',
        y,
        r: 5,
        stroke: 'var(--mark)',
        strokeWidth: 2,
        fill: 'var(--surface)',
      }),
      dot(rows, { x: 'mean_ablated', y, r: 5, fill: 'var(--mark)' }),
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
  const intervals = rows.map(({ name, effect, ci }) => ({
    name,
    effect,
    low: ci?.[0] ?? effect,
    high: ci?.[1] ?? effect,
  }));
  const y = 'name';
  return plot({
    ...common,
    x: { nice: true },
    marks: [
      gridX({ ticks: axis.ticks }),
      axisX({ ...axis, labelArrow: 'none', labelAnchor: 'center' }),
      ruleX([0], { stroke: 'var(--ink-2)' }),
      ...(singly ? pointMarks(rows, settings) : spreadMarks(rows)),
      link(intervals, {
        x1: 'low',
        x2: 'high',
        y1: y,
        y2: y,
        stroke: 'var(--mark)',
        strokeWidth: 4,
        strokeLinecap: 'butt',
      }),
      dot(intervals, {
        x: 'effect',
        y,
        r: 5,
        fill: 'var(--mark)',
        stroke: 'var(--surface)',
        strokeWidth: 1.5,
      }),
    ],
  });
}

/** How far the prompts of a row lie below it. */
const BELOW = 9;

/**
 * A point for each prompt.
 * @param {NamedRow[]} rows
 * @param {Settings} settings
 */
function pointMarks(rows, settings) {
  const points = rows.flatMap((row) =>
    effects(row).map((effect, index) => ({
      name: row.name,
      effect,
      title: promptName(settings, row.sequences[index] ?? 0),
    })),
  );
  const at = { x: 'effect', y: 'name', dy: BELOW };
  return [dot(points, { ...at, r: 2, fill: 'var(--point)', title: 'title' })];
}

/**
 * Three marks for all prompts of a row: where 90 % and where half of them lie, and
 * their median.
 * @param {NamedRow[]} rows
 */
function spreadMarks(rows) {
  const spreads = rows.map((row) => {
    const sorted = effects(row).sort((a, b) => a - b);
    const [p5, p25, p50, p75, p95] = [0.05, 0.25, 0.5, 0.75, 0.95].map((p) => quantile(sorted, p));
    return { name: row.name, p5, p25, p50, p75, p95 };
  });
  const common = { y1: 'name', y2: 'name', dy: BELOW, stroke: 'var(--point)' };
  return [
    link(spreads, { ...common, x1: 'p5', x2: 'p95', strokeWidth: 1 }),
    link(spreads, { ...common, x1: 'p25', x2: 'p75', strokeWidth: 4, strokeLinecap: 'butt' }),
    dot(spreads, {
      x: 'p50',
      y: 'name',
      dy: BELOW,
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
