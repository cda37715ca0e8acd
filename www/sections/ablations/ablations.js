// What the head depends on: ablations as a finding in a sentence, a chart and
// a table. Baseline and ablated always stand beside each other.

import { bothHeight } from '../../kit/chart-size.js';
import { byId, el } from '../../kit/dom.js';
import { interval, percent, plural, score as figure, signed } from '../../kit/format.js';
import { byEffect, clearest } from '../../labels/effect.js';
import { part } from '../../kit/part.js';
import { showProblem } from '../../kit/problem-box.js';
import { metricName } from '../../study/catalogue.js';
import { sortableTable } from '../../kit/sortable-table.js';

/** @param {import('../../study/study.js').Study} study */
export function setUpAblations(study) {
  const heading = byId('ablations-heading', HTMLSpanElement);
  const sentence = byId('ablations-sentence', HTMLParagraphElement);
  const chart = byId('ablations-chart', HTMLDivElement);
  const table = byId('ablations-table', HTMLDivElement);
  const kinds = byId('kinds-table', HTMLDivElement);
  const grid = byId('effects-grid', HTMLDivElement);
  const order = byId('ablations-order', HTMLSelectElement);
  const orderTool = byId('ablations-order-tool', HTMLParagraphElement);
  const results = byId('ablations-results', HTMLDivElement);
  const empty = byId('ablations-empty', HTMLParagraphElement);

  let width = 0;

  async function drawChart() {
    const { ablations, settings } = study.state;
    if (!ablations) return;
    // What draws comes only when there is something to draw.
    const load = () =>
      Promise.all([
        import('./ablation-chart.js'),
        import('./effects-grid.js'),
        import('./kinds-table.js'),
      ]);
    const charts = await part('What draws the chart', load).catch((problem) => {
      if (ablations === study.state.ablations) showProblem(chart, problem, drawChart);
    });
    if (!charts || ablations !== study.state.ablations) return;
    const [{ ablationCharts }, { effectsGrid }, { kindsTable }] = charts;
    fill(grid, effectsGrid(ablations));
    fill(kinds, kindsTable(ablations));
    const rows = order.value === 'effect' ? byEffect(ablations.rows) : ablations.rows;
    chart.replaceChildren(...ablationCharts({ ...ablations, rows }, settings, chart.clientWidth));
  }

  new ResizeObserver(() => {
    if (chart.clientWidth === width) return;
    width = chart.clientWidth;
    drawChart();
  }).observe(chart);
  order.addEventListener('change', drawChart);

  study.watch(
    ({ settings, demo }) => demo?.head ?? settings.head,
    (head) => {
      heading.textContent = `What ${head} depends on`;
    },
  );
  /** @param {Ablations | null} shown */
  function show(shown) {
    sentence.textContent = shown ? summarise(shown) : '';
    results.classList.toggle('ghost', shown === null);
    empty.hidden = shown !== null;
    table.hidden = shown === null;
    orderTool.hidden = shown === null;
    chart.replaceChildren();
    const height = shown ? bothHeight(shown.rows.length, chart.clientWidth) : 0;
    chart.style.minHeight = `${height}px`;
    table.replaceChildren(...(shown ? [ablationsTable(shown)] : []));
    grid.hidden = true;
    grid.replaceChildren();
    kinds.hidden = true;
    kinds.replaceChildren();
    drawChart();
  }
  study.watch(
    ({ ablations, coming }) => [ablations, coming.includes('ablations')],
    ([found, updating]) => {
      // The old ones stay, pale, until new ones follow by themselves.
      results.classList.toggle('updating', updating && !found);
      if (!updating || found) show(found);
    },
    [null, false],
  );
}

/**
 * @param {HTMLElement} place hidden where there is nothing to show in it
 * @param {HTMLElement | null} content
 */
function fill(place, content) {
  place.hidden = content === null;
  place.replaceChildren(...(content ? [content] : []));
}

/**
 * The largest effect that can be told from none, with its interval, and a warning
 * where attention only moved away from beginning-of-text.
 * @param {Ablations} ablations
 */
function summarise({ head, metric, rows }) {
  const [largest] = byEffect(rows);
  if (!largest) return 'There was nothing to ablate: no earlier layer feeds this head.';
  const found = clearest(rows);
  if (!found) {
    return `No effect on ${head} can be told from none: every 95\u00a0% interval holds zero. The largest is that of ${largest.label} by ${largest.kind} (${effectOf(largest)}).`;
  }
  const { label, kind, mean_baseline, mean_ablated, ci, shares_before, shares_after } = found;
  const where = ci === null ? 'On this prompt, ablating' : 'Ablating';
  const parts = [
    `${where} ${label} by ${kind} changes ${head} most: ${metricName(metric)} goes from ${figure(mean_baseline)} to ${figure(mean_ablated)} (${effectOf(found)}).`,
  ];
  if (found !== largest) {
    parts.push(
      `On average ${largest.label} by ${largest.kind} moves it further, but that interval holds zero (${effectOf(largest)}).`,
    );
  }
  const released = shares_before.bos - shares_after.bos;
  if (Math.abs(released) >= 0.05) {
    parts.push(
      `Its share on beginning-of-text goes from ${percent(shares_before.bos)} to ${percent(shares_after.bos)}, so part of the change may only be attention moved from or to there.`,
    );
  }
  return parts.join(' ');
}

/** @param {AblationRow} row */
function effectOf({ effect, ci, sequences }) {
  const parts = [`effect ${signed(effect)}`, ci && `95\u00a0% interval ${interval(ci)}`];
  return [...parts, plural(sequences.length, 'prompt')].filter(Boolean).join(', ');
}

/** @param {Ablations} ablations */
function ablationsTable({ head, metric, chance, n, rows }) {
  /** @param {(row: AblationRow) => number} get */
  const number = (get) => ({ sortBy: get, figures: true });
  return sortableTable(
    `Head ${head}, ${metricName(metric)} over ${plural(n, 'prompt')}: before and after; chance ${figure(chance)}`,
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
      {
        label: '95% CI',
        show: ({ ci }) => interval(ci),
        figures: true,
      },
      { label: 'Self', show: (row) => beforeAfter(row, 'self'), figures: true },
      { label: 'BOS', show: (row) => beforeAfter(row, 'bos'), figures: true },
    ],
    rows,
  );
}

/**
 * @param {AblationRow} row
 * @param {keyof AttentionBreakdown} key
 */
function beforeAfter({ shares_before, shares_after }, key) {
  return `${wholePercent(shares_before[key])} → ${wholePercent(shares_after[key])} %`;
}

/** @param {number} share */
function wholePercent(share) {
  return (share * 100).toFixed(0);
}
