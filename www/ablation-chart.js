// The two charts of a run of ablations: scores before and after, and the
// paired effects with their intervals. Their numbers stand in the table below.

import { axisX, dot, gridX, link, plot, ruleX } from './vendor/plot.js';
import { MARGINS, chartHeight, eachWidth } from './chart-size.js';
import { el } from './dom.js';
import { METRIC_NAMES } from './score.js';

/** Labels take what the longest needs, within bounds; longer ones are cut. */
const LABEL_WIDTH = { least: 92, most: 210, character: 7.2 };
/** Fewer ticks than this would not show a scale, more would run together. */
const PIXELS_PER_TICK = 80;

/**
 * @param {Ablations} ablations
 * @param {number} width
 */
export function ablationCharts({ metric, chance, rows }, width) {
  const named = rows.map((row) => ({ ...row, name: rowName(row, rows) }));
  const longest = Math.max(...named.map(({ name }) => name.length));
  const { least, most, character } = LABEL_WIDTH;
  const labels = Math.min(Math.max(least, longest * character + 12), most, width / 3);
  const each = eachWidth(width);
  const name = METRIC_NAMES[metric];
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
  return [
    figure(
      'Score: baseline ○, ablated ●, chance dashed',
      scoresPlot(named, { label: name, ticks }, chance, common),
    ),
    figure(
      'Effect and its interval; below it, each prompt',
      effectsPlot(named, { label: `change of ${name}`, ticks }, common),
    ),
  ];
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
 * @param {string} title
 * @param {SVGSVGElement | HTMLElement} chart
 */
export function figure(title, chart) {
  // The chart is one image; labels on its unnamed groups would only confuse.
  for (const group of chart.querySelectorAll('g[aria-label]')) group.removeAttribute('aria-label');
  chart.setAttribute('role', 'img');
  chart.setAttribute('aria-label', `${title}. The table below holds the numbers.`);
  const element = el('figure', { class: 'chart' }, el('figcaption', { text: title }), chart);
  // A long title wraps rather than push its neighbour to the next line.
  element.style.maxWidth = `${chart.getAttribute('width')}px`;
  return element;
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
 * @param {{ label: string, ticks: number }} axis
 * @param {object} common
 */
function effectsPlot(rows, axis, common) {
  const points = rows.flatMap(({ name, sequences, baseline, ablated }) =>
    sequences.map((sequence, index) => ({
      name,
      effect: (ablated[index] ?? 0) - (baseline[index] ?? 0),
      title: `prompt ${sequence}`,
    })),
  );
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
      dot(points, { x: 'effect', y, dy: 9, r: 2, fill: 'var(--point)', title: 'title' }),
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
