// What the head depends on: ablations as a finding in a sentence, a chart and
// a table. Baseline and ablated always stand beside each other.

import { bothHeight } from './chart-size.js';
import { byId, el } from './dom.js';
import { interval, percent, plural, score as figure, signed } from './format.js';
import { kindsTable } from './kinds-table.js';
import { METRIC_NAMES } from './score.js';
import { sortableTable } from './sortable-table.js';

/** @param {import('./study.js').Study} study */
export function setUpAblations(study) {
  const heading = byId('ablations-heading', HTMLSpanElement);
  const sentence = byId('ablations-sentence', HTMLParagraphElement);
  const chart = byId('ablations-chart', HTMLDivElement);
  const table = byId('ablations-table', HTMLDivElement);
  const kinds = byId('kinds-table', HTMLDivElement);
  const order = byId('ablations-order', HTMLSelectElement);
  const orderTool = byId('ablations-order-tool', HTMLParagraphElement);
  const results = byId('ablations-results', HTMLDivElement);
  const empty = byId('ablations-empty', HTMLParagraphElement);

  /** @type {Ablations | null} */
  let shown = null;
  let width = 0;

  async function drawChart() {
    const ablations = shown;
    if (!ablations) return;
    // The chart library comes only when there is a chart to draw.
    const { ablationCharts } = await import('./ablation-chart.js');
    if (ablations !== shown) return;
    const rows = order.value === 'effect' ? byEffect(ablations.rows) : ablations.rows;
    chart.replaceChildren(...ablationCharts({ ...ablations, rows }, chart.clientWidth));
  }

  new ResizeObserver(() => {
    if (chart.clientWidth === width) return;
    width = chart.clientWidth;
    drawChart();
  }).observe(chart);
  order.addEventListener('change', drawChart);

  study.subscribe(({ ablations, settings }) => {
    heading.textContent = `What ${settings.head} depends on`;
    if (ablations === shown) return;
    shown = ablations;
    sentence.textContent = shown ? summarise(shown) : '';
    results.classList.toggle('ghost', shown === null);
    empty.hidden = shown !== null;
    table.hidden = shown === null;
    orderTool.hidden = shown === null;
    chart.replaceChildren();
    const height = shown ? bothHeight(shown.rows.length, chart.clientWidth) : 0;
    chart.style.minHeight = `${height}px`;
    table.replaceChildren(...(shown ? [ablationsTable(shown)] : []));
    const compared = shown ? kindsTable(shown) : null;
    kinds.hidden = compared === null;
    kinds.replaceChildren(...(compared ? [compared] : []));
    drawChart();
  });
}

/** @param {AblationRow[]} rows */
function byEffect(rows) {
  return [...rows].sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
}

/**
 * The largest effect, with its interval, and a warning where attention only
 * moved away from beginning-of-text.
 * @param {Ablations} ablations
 */
function summarise({ head, metric, rows }) {
  const [largest] = byEffect(rows);
  if (!largest) return 'There was nothing to ablate: no earlier layer feeds this head.';
  const { label, kind, mean_baseline, mean_ablated, ci, sequences, shares_before, shares_after } =
    largest;
  const change = `Ablating ${label} by ${kind} changes ${head} most: ${METRIC_NAMES[metric]} goes from ${figure(mean_baseline)} to ${figure(mean_ablated)} (${[`effect ${signed(largest.effect)}`, ci && `95\u00a0% interval ${interval(ci)}`, plural(sequences.length, 'prompt')].filter(Boolean).join(', ')}).`;
  const released = shares_before.bos - shares_after.bos;
  if (Math.abs(released) < 0.05) return change;
  return `${change} Its share on beginning-of-text goes from ${percent(shares_before.bos)} to ${percent(shares_after.bos)}, so part of the change may only be attention moved from or to there.`;
}

/** @param {Ablations} ablations */
function ablationsTable({ head, metric, chance, rows }) {
  /** @param {(row: AblationRow) => number} get */
  const number = (get) => ({ sortBy: get, figures: true });
  return sortableTable(
    `Head ${head}, ${METRIC_NAMES[metric]}: baseline beside ablated; chance ${figure(chance)}`,
    [
      {
        label: 'Component',
        show: ({ label, component, kind }) =>
          el(
            'span',
            {},
            el('code', { text: component }),
            el('span', {
              class: 'sublabel',
              text: label === component ? kind : `${label}, ${kind}`,
            }),
          ),
        sortBy: ({ component }) => component,
      },
      {
        label: 'Baseline',
        show: (row) => figure(row.mean_baseline),
        ...number((row) => row.mean_baseline),
      },
      {
        label: 'Ablated',
        show: (row) => figure(row.mean_ablated),
        ...number((row) => row.mean_ablated),
      },
      { label: 'Effect', show: (row) => signed(row.effect), ...number((row) => row.effect) },
      { label: 'SD', show: (row) => figure(row.sd), ...number((row) => row.sd ?? 0) },
      {
        label: '95 % interval',
        show: ({ ci }) => interval(ci),
        figures: true,
      },
      {
        label: 'n',
        show: (row) => String(row.sequences.length),
        ...number((row) => row.sequences.length),
      },
      { label: 'Self share', show: (row) => beforeAfter(row, 'self'), figures: true },
      { label: 'BOS share', show: (row) => beforeAfter(row, 'bos'), figures: true },
    ],
    rows,
  );
}

/**
 * @param {AblationRow} row
 * @param {keyof Shares} key
 */
function beforeAfter({ shares_before, shares_after }, key) {
  return `${wholePercent(shares_before[key])} → ${wholePercent(shares_after[key])} %`;
}

/** @param {number} share */
function wholePercent(share) {
  return (share * 100).toFixed(0);
}
