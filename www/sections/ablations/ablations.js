// What the head depends on: ablations as a finding in a sentence, a chart and
// a table. Baseline and ablated always stand beside each other.

import { bothHeight } from '../../kit/chart-size.js';
import { byId } from '../../kit/dom.js';
import { interval, percent, plural, score as figure, signed } from '../../kit/format.js';
import { byEffect, clearest, holdsZero, pairUp, significant } from '../../labels/effect.js';
import { part } from '../../kit/part.js';
import { showProblem } from '../../kit/problem-box.js';
import { explainNoScores } from '../../labels/targets.js';
import { metricName } from '../../study/catalogue.js';

/** @param {import('../../study/study.js').Study} study */
export function setUpAblations(study) {
  const heading = byId('ablations-heading', HTMLSpanElement);
  const sentence = byId('ablations-sentence', HTMLParagraphElement);
  const chart = byId('ablations-chart', HTMLDivElement);
  const table = byId('ablations-table', HTMLDivElement);
  const grid = byId('effects-grid', HTMLDivElement);
  const view = byId('ablations-table-fold', HTMLDetailsElement);
  const order = byId('ablations-order', HTMLSelectElement);
  const orderTool = byId('ablations-order-tool', HTMLParagraphElement);
  const results = byId('ablations-results', HTMLDivElement);
  const empty = byId('ablations-empty', HTMLParagraphElement);

  let width = 0;
  /** What the table and the grid are of. @type {Ablations | null} */
  let tabled = null;

  async function drawChart() {
    const { ablations, settings } = study.state;
    if (!ablations) return;
    // What draws comes only when there is something to draw.
    const load = () =>
      Promise.all([
        import('./ablation-chart.js'),
        import('./effects-grid.js'),
        import('./effects-table.js'),
      ]);
    const charts = await part('What draws the chart', load).catch((problem) => {
      if (ablations !== study.state.ablations) return;
      [table, grid].forEach((place) => fill(place, null));
      showProblem(chart, problem, drawChart);
    });
    if (!charts || ablations !== study.state.ablations) return;
    const [{ ablationCharts }, { effectsGrid }, { effectsTable }] = charts;
    if (tabled !== ablations) {
      tabled = ablations;
      fill(grid, effectsGrid(ablations));
      fill(table, effectsTable(ablations));
    }
    if (chart.clientWidth === 0) return;
    const by = order.value === 'effect' ? 'effect' : 'forward';
    chart.replaceChildren(...ablationCharts(ablations, by, settings, chart.clientWidth));
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
  explainNoScores(study, empty);
  /** @param {Ablations | null} shown */
  function show(shown) {
    sentence.textContent = shown ? summarise(shown) : '';
    results.classList.toggle('ghost', shown === null);
    empty.hidden = shown !== null;
    view.hidden = shown === null;
    orderTool.hidden = shown === null;
    chart.replaceChildren();
    const pairs = shown ? pairUp(shown.rows) : [];
    const two = pairs.some(({ second }) => second);
    const height = shown ? bothHeight(pairs.length, two, chart.clientWidth) : 0;
    chart.style.minHeight = `${height}px`;
    tabled = null;
    // Old ones give way to the new ones, and not to nothing in between.
    if (!shown) [table, grid].forEach((place) => fill(place, null));
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
function summarise(ablations) {
  const { head, metric, rows } = ablations;
  const [largest] = byEffect(rows);
  if (!largest) return 'There was nothing to ablate: no earlier layer feeds this head.';
  const found = clearest(rows);
  if (!found) {
    return `No ablation has a clear effect on ${head}: every 95% interval holds zero. The largest is that of ${largest.label} by ${largest.kind} (${effectOf(largest)}).`;
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
      `Its share on BOS goes from ${percent(shares_before.bos)} to ${percent(shares_after.bos)}, so part of the change may reflect attention shifting to or from BOS.`,
    );
  }
  parts.push(howSure(ablations));
  return parts.filter(Boolean).join(' ');
}

/**
 * How many of several effects there is more to than chance. Of many, some intervals leave
 * zero out by chance alone.
 * @param {Ablations} ablations
 */
function howSure(ablations) {
  const { rows, n } = ablations;
  if (n < 2 || rows.length < 2) return '';
  const off = rows.filter(({ ci }) => ci && !holdsZero(ci)).length;
  const sure = significant(ablations).size;
  return `Of ${rows.length} effects, ${off} ${off === 1 ? 'has its' : 'have their'} interval off zero; ${sure} ${sure === 1 ? 'is' : 'are'} significant after Holm’s correction.`;
}

/** @param {AblationRow} row */
function effectOf({ effect, ci, sequences }) {
  const parts = [`effect ${signed(effect)}`, ci && `95% interval ${interval(ci)}`];
  return [...parts, plural(sequences.length, 'prompt')].filter(Boolean).join(', ');
}
