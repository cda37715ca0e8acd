// From a press to its result, on the built site, with the weights in the browser's
// cache.

import { makeStandIn } from '../tools/stand-in.mjs';
import { Harness, reach, start, startable } from '../tests/page/harness.mjs';
import { startHost } from '../tests/page/host.mjs';
import { median, time } from './report.mjs';

/** @typedef {import('./report.mjs').Section} Section */

const VISITS = 5;
const MOST = 1000;

/**
 * In the page: presses Start, and resolves once the heatmap has been painted.
 * @returns {Promise<number>} milliseconds
 */
export async function clickToHeatmap() {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const press = /** @type {HTMLElement} */ (document.querySelector('[data-action="start"]'));
  const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector('#pattern'));
  const drawn = () => {
    const { width, height } = canvas;
    const pixels = canvas.getContext('2d')?.getImageData(0, 0, width, height).data;
    return pixels?.some((value) => value !== 0);
  };
  const started = performance.now();
  press.click();
  const { dataset } = document.documentElement;
  while (dataset.state !== 'ready' || !drawn()) {
    if (dataset.state === 'error')
      throw new Error(document.querySelector('.problem')?.textContent ?? '');
    await frame();
  }
  // The frame that is painted now is the one with the heatmap in it.
  await frame();
  return performance.now() - started;
}

/**
 * In the page: changes the metric, so that results go and the model stays, and
 * presses; resolves once the results are there.
 * @param {{ action: string, metric: string, table: string }} what
 * @returns {Promise<number>} milliseconds
 */
async function pressToResult({ action, metric, table }) {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const select = /** @type {HTMLSelectElement} */ (document.querySelector('[name="metric"]'));
  const press = /** @type {HTMLElement} */ (document.querySelector(`[data-action="${action}"]`));
  const shown = () => document.querySelectorAll(`${table} tbody tr`).length > 0;
  select.value = metric;
  select.dispatchEvent(new Event('change', { bubbles: true }));
  // The head is computed again by itself, and what is estimated for the press is told.
  for (let quiet = 0; quiet < 30; quiet++) {
    await frame();
    if (shown() || document.documentElement.dataset.state !== 'ready') quiet = 0;
  }
  const started = performance.now();
  press.click();
  while (!shown()) await frame();
  await frame();
  return performance.now() - started;
}

/** @returns {Promise<Section>} */
export async function click() {
  const { folder } = makeStandIn();
  const host = await startHost({ folder });
  const harness = await Harness.start();
  const visits = /** @type {number[]} */ ([]);
  const scored = /** @type {number[]} */ ([]);
  const ablated = /** @type {number[]} */ ([]);
  let fetched = 0;
  try {
    await harness.withPage(`v=1&model=${encodeURIComponent(host.url)}`, {}, async ({ page }) => {
      await start(page, 'ready');
      await page.click('[data-action="score-heads"]');
      await reach(page, 'ready');
      host.reset();
      for (let visit = 0; visit < VISITS; visit++) {
        await page.reload();
        await startable(page);
        visits.push(await page.evaluate(clickToHeatmap));
        await reach(page, 'ready');
      }
      await page.evaluate(() => {
        for (const fold of document.querySelectorAll('details')) fold.open = true;
      });
      for (let i = 0; i <= VISITS; i++) {
        const metric = i % 2 === 0 ? 'row-mass' : 'cell-mean';
        const heads = { action: 'score-heads', metric, table: '#scores-table' };
        const four = { action: 'run-ablations', metric, table: '#ablations-table' };
        const times = [await page.evaluate(pressToResult, heads)];
        await reach(page, 'ready');
        times.push(await page.evaluate(pressToResult, four));
        await reach(page, 'done');
        // The first press of all reads layers from the cache.
        if (i > 0) [scored, ablated].forEach((list, k) => list.push(times[k] ?? NaN));
      }
      fetched = host.bytesOf('model.safetensors');
    });
  } finally {
    await harness.stop();
    await host.close();
  }
  if (fetched > 0) throw new Error(`${fetched} bytes came over the network, not from the cache`);
  const ms = median(visits);
  /** @param {string} what @param {number[]} list */
  const row = (what, list) => [
    what,
    time(median(list)),
    time(Math.min(...list)),
    time(Math.max(...list)),
  ];
  return {
    title: 'What a press takes on the built page',
    notes: [
      'Until the result is painted: by the page’s own engine, on as many threads as it takes by itself. A stand-in of GPT-2 small’s size and layout on a host of its own, whose weights no published hash describes; L1H5 on 30 sequences, 22 of them kept.',
      'Start after a reload, its 36 MB of weights in the browser’s cache; the two steps with the weights in memory.',
    ],
    columns: ['press', 'median', 'fastest', 'slowest'],
    rows: [
      row('Start, to the first heatmap', visits),
      row('Score heads: all 144', scored),
      row('Run ablations: the notebook’s four', ablated),
    ],
    targets: [
      {
        what: 'a click on a cached page to the first heatmap',
        wanted: 'under 1 s',
        found: time(ms),
        met: ms < MOST,
      },
    ],
    data: { visits, scored, ablated },
  };
}
