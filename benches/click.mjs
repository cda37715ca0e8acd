// From a press to its result, on the built site, with the weights in the browser's
// cache.

import { readFileSync } from 'node:fs';
import { makeStandIn } from '../tools/stand-in.mjs';
import { Harness, reach, start, startable } from '../tests/page/harness.mjs';
import { startHost } from '../tests/page/host.mjs';
import { median, time, times } from './report.mjs';

/** @typedef {import('./report.mjs').Section} Section */

const VISITS = 5;
const MOST = 1000;
/** What messages, progress and steps may add. */
const MOST_OVER_BARE = 1.05;

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
 * @param {{ action: string, metric: string }} what
 * @returns {Promise<number>} milliseconds
 */
export async function pressToResult({ action, metric }) {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const select = /** @type {HTMLSelectElement} */ (document.querySelector('[name="metric"]'));
  const press = /** @type {HTMLElement} */ (document.querySelector(`[data-action="${action}"]`));
  const { dataset } = document.documentElement;
  select.value = metric;
  select.dispatchEvent(new Event('change', { bubbles: true }));
  // The head is computed again by itself, and what is estimated for the press is told.
  for (let quiet = 0; quiet < 30; quiet++) {
    await frame();
    if (!['ready', 'done'].includes(dataset.state ?? '')) quiet = 0;
  }
  /** Told of, and not looked for at every frame: that would take a processor from the engine. */
  const until = (/** @type {(state: string) => boolean} */ is) =>
    new Promise((resolve) => {
      const look = () => {
        if (!is(dataset.state ?? '')) return;
        watch.disconnect();
        resolve(null);
      };
      const watch = new MutationObserver(look);
      watch.observe(document.documentElement, { attributeFilter: ['data-state'] });
      look();
    });
  const started = performance.now();
  press.click();
  await until((state) => state === 'running');
  await until((state) => state !== 'running');
  if (dataset.state === 'error') throw new Error('the step failed');
  await frame();
  return performance.now() - started;
}

/**
 * The same two steps without the page: the study's functions, called in a worker, on one
 * thread.
 * @param {import('./bench.mjs').Context} context
 */
async function bareCalls({ contenders, call, closeAll }) {
  const alone = contenders.filter(({ threads }) => threads === 1).at(-1);
  if (!alone) throw new Error('there is nobody to call');
  await alone.open();
  const of = async (/** @type {string} */ method) =>
    median(await call(alone.id, method, { seconds: 0, least: VISITS }));
  // The first warms up.
  await of('scores');
  const found = { scores: await of('scores'), four: await of('four') };
  await closeAll();
  return found;
}

/**
 * Both steps again and again, each time under another metric.
 * @param {import('playwright-core').Page} page
 */
async function presses(page) {
  const found = {
    scored: /** @type {number[]} */ ([]),
    ablated: /** @type {number[]} */ ([]),
    detect: /** @type {number[]} */ ([]),
    ablate: /** @type {number[]} */ ([]),
    tiling: /** @type {Record<string, string | null> | undefined} */ (undefined),
  };
  for (let i = 0; i <= VISITS; i++) {
    const metric = i % 2 === 0 ? 'row-mass' : 'cell-mean';
    const scored = await page.evaluate(pressToResult, { action: 'score-heads', metric });
    const ablated = await page.evaluate(pressToResult, { action: 'run-ablations', metric });
    await reach(page, 'done');
    const { detect, ablate, tiling } = await engineTimes(page);
    // The first press of all reads layers from the cache.
    if (i === 0) continue;
    found.scored.push(scored);
    found.ablated.push(ablated);
    found.detect.push(detect);
    found.ablate.push(ablate);
    found.tiling = tiling;
  }
  return found;
}

/**
 * What the page's engine took for its last steps, by the results file.
 * @param {import('playwright-core').Page} page
 * @returns {Promise<{ detect: number, ablate: number, tiling?: Record<string, string> }>}
 */
async function engineTimes(page) {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.evaluate(() =>
      /** @type {HTMLElement} */ (document.querySelector('[data-action="export-json"]')).click(),
    ),
  ]);
  return JSON.parse(readFileSync(await download.path(), 'utf8')).timings_ms;
}

/**
 * @param {import('./bench.mjs').Context} context
 * @returns {Promise<Section>}
 */
export async function click(context) {
  const { folder } = makeStandIn();
  const host = await startHost({ folder });
  const harness = await Harness.start();
  const visits = /** @type {number[]} */ ([]);
  let fetched = 0;
  const hash = `v=1&model=${encodeURIComponent(host.url)}`;
  /** @type {Awaited<ReturnType<typeof presses>> | undefined} */
  let all;
  /** @type {typeof all} */
  let one;
  try {
    await harness.withPage(hash, {}, async ({ page }) => {
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
      all = await presses(page);
      fetched = host.bytesOf('model.safetensors');
    });
    await harness.withPage(hash, {}, async ({ page }) => {
      // As its control keeps it for the next visit.
      await page.evaluate(() => localStorage.setItem('headscope-threads', '1'));
      await page.reload();
      await start(page, 'ready');
      one = await presses(page);
    });
  } finally {
    await harness.stop();
    await host.close();
  }
  if (!all || !one) throw new Error('nothing was measured');
  if (fetched > 0) throw new Error(`${fetched} bytes came over the network, not from the cache`);
  const bare = await bareCalls(context);
  const ratio = (median(one.detect) + median(one.ablate)) / (bare.scores + bare.four);
  const { tiling } = all;
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
      `Start after a reload, its 36 MB of weights in the browser’s cache; the two steps with the weights in memory. The engine goes over a product by ${tiling?.few ?? '?'} for few rows and by ${tiling?.many ?? '?'} for many.`,
    ],
    columns: ['press', 'median', 'fastest', 'slowest'],
    rows: [
      row('Start, to the first heatmap', visits),
      row('Score heads: all 144', all.scored),
      row('Run ablations: the notebook’s four', all.ablated),
      row('the scores, by the engine’s own clock', all.detect),
      row('the ablations, by the engine’s own clock', all.ablate),
      row('the scores, by its clock, on one thread', one.detect),
      row('the ablations, by its clock, on one thread', one.ablate),
      row('the scores as bare calls on one thread', [bare.scores]),
      row('the ablations as bare calls on one thread', [bare.four]),
    ],
    targets: [
      {
        what: 'a click on a cached page to the first heatmap',
        wanted: 'under 1 s',
        found: time(ms),
        met: ms < MOST,
      },
      {
        what: 'scores and ablations by the page’s engine over the bare calls, one thread each',
        wanted: `at most ${MOST_OVER_BARE} x`,
        found: times(ratio),
        met: ratio <= MOST_OVER_BARE,
      },
    ],
    data: { visits, all, one, bare },
  };
}
