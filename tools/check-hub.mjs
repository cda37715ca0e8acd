// node tools/check-hub.mjs [--dist FOLDER] [--hub ORIGIN]: drives the built page in a
// real browser against the published GPT-2 small: Start, all heads, the notebook's
// ablations, the self-check; and says whether the published numbers are reached, what
// was asked of whom, and how long it took.
//
// Ends with 0 if every number is reached, 1 if one is not, 2 if it could not be tried.
// ORIGIN is asked in place of https://huggingface.co, as a mirror is.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { launchChromium, waitForPresses } from './browser.mjs';
import { serve } from './server.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const HUB = 'https://huggingface.co';
/** Longest time a step may take: 500 MB over a slow line, and a pause or two. */
const PATIENCE_MS = 30 * 60_000;
/** The notebook printed four places. */
const PLACES = 0.0001;

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {{ requests: number, bytes: number }} Traffic */

/** What kept the check from being made; nothing is wrong with the numbers. */
class CannotRun extends Error {}

/**
 * Waits until the page is through with a step.
 * @param {Page} page
 * @param {string} done a selector of what is there then
 */
async function reach(page, done) {
  const failed = 'html[data-state="error"]';
  await page.waitForSelector(`${done}, ${failed}`, { state: 'attached', timeout: PATIENCE_MS });
  if ((await page.locator(failed).count()) === 0) return;
  const said = await page.locator('.problem').allInnerTexts();
  throw new CannotRun(`the page says: ${said.join(' ').replace(/\s+/g, ' ')}`);
}

/**
 * Times a step.
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} step
 */
async function timed(what, step) {
  const begun = performance.now();
  const result = await step();
  console.log(`${what}: ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  return result;
}

/**
 * @param {Page} page
 * @returns {Promise<any>} the results file
 */
async function results(page) {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export JSON', exact: true }).click(),
  ]);
  return JSON.parse(await readFile(await download.path(), 'utf8'));
}

/**
 * How many of the notebook's printed scores a results file reaches.
 * @param {any} file
 * @param {string} dist
 */
async function printedScores(file, dist) {
  const site = (/** @type {string} */ name) => path.join(dist, name);
  const { besidePrinted, distance } = await import(
    pathToFileURL(path.join(root, 'www/sections/published/printed-scores.js')).href
  );
  const notebook = JSON.parse(await readFile(site('data/gpt2/notebook.json'), 'utf8'));
  /** @type {{ what: string }[]} */
  const rows = besidePrinted({ rows: file.ablations }, notebook);
  const ablated = rows.filter(({ what }) => what !== 'no ablation');
  const [baseline] = rows.filter(({ what }) => what === 'no ablation');
  const reached = ablated.filter((row) => distance(row) <= PLACES);
  return {
    reached: reached.length,
    printed: ablated.length,
    baseline: baseline !== undefined && distance(baseline) <= PLACES,
    largest: Math.max(...rows.map(distance)),
  };
}

/**
 * Drives the page through the study.
 * @param {Page} page
 * @param {string} dist
 * @returns {Promise<boolean>} whether every published number is reached
 */
async function study(page, dist) {
  const start = page.locator('#step-head [data-run]:not([aria-disabled="true"])');
  await start.waitFor({ timeout: 60_000 });
  const note = page.locator('#note-head');
  await note.filter({ hasNotText: 'Getting ready' }).waitFor();
  console.log(await note.innerText());
  await timed('Start, all heads, ablations', async () => {
    await start.click();
    await reach(page, 'html[data-state="done"]');
  });
  const file = await results(page);
  // What was read is told once nothing runs, which the export waited for.
  console.log(await note.innerText());
  const { reached, printed, baseline, largest } = await printedScores(file, dist);
  console.log(`${reached} of ${printed} printed scores, largest difference ${largest.toFixed(5)}`);
  if (!baseline) console.log('the printed score without ablation is not reached');
  const best = file.head_scores.mean.flat().filter(Number.isFinite).length;
  console.log(`${best} heads scored`);

  await page.locator('#check-fold > summary').click();
  const check = page.locator('#step-check [data-run]:not([aria-disabled="true"])');
  await check.waitFor({ timeout: 60_000 });
  await page
    .locator('#note-check')
    .filter({ hasText: /B from|cache|nothing/i })
    .waitFor();
  console.log(await page.locator('#note-check').innerText());
  const said = page.locator('#check-result');
  await timed('Self-check', async () => {
    await check.click();
    await reach(page, '#check-result:not(:empty)');
  });
  const verdict = await said.innerText();
  console.log(`Self-check: ${verdict}`);
  const { weights_checked: checked } = (await results(page)).model;
  if (checked) {
    console.log(`${checked.hashed_bytes} of ${checked.of} bytes of weights have a published hash`);
  }
  return reached === printed && baseline && verdict.startsWith('Passed');
}

/**
 * @param {{ dist: string, hub: string }} options
 * @returns {Promise<boolean>} whether every published number is reached
 */
export async function checkHub({ dist, hub }) {
  const site = await serve(dist).catch((error) => {
    throw new CannotRun(`the page cannot be served: ${error.message}`);
  });
  const browser = await launchChromium().catch((error) => {
    throw new CannotRun(`no browser could be started: ${error.message.split('\n')[0]}`);
  });
  /** @type {Map<string, Traffic>} */
  const traffic = new Map();
  try {
    const page = await browser.newPage();
    // The check presses for each step, to time it.
    await page.addInitScript(waitForPresses);
    const counted = (/** @type {string} */ url) => {
      const { host } = new URL(url);
      const known = traffic.get(host) ?? { requests: 0, bytes: 0 };
      traffic.set(host, known);
      return known;
    };
    page.context().on('request', (request) => {
      if (!request.url().startsWith(site.url)) counted(request.url()).requests += 1;
    });
    page.context().on('response', (response) => {
      if (response.url().startsWith(site.url) || !response.ok()) return;
      counted(response.url()).bytes += Number(response.headers()['content-length'] ?? 0);
    });
    if (hub !== HUB) {
      await page.context().route(`${HUB}/**`, (route) =>
        route.fulfill({
          status: 307,
          headers: {
            'Access-Control-Allow-Origin': '*',
            Location: hub + new URL(route.request().url()).pathname,
          },
        }),
      );
    }
    await page.goto(`${site.url}#v=1&model=gpt2&run=all`);
    return await study(page, dist);
  } finally {
    for (const [host, { requests, bytes }] of traffic) {
      console.log(`${host}: ${requests} requests, ${(bytes / 1e6).toFixed(1)} MB`);
    }
    await browser.close();
    await site.close();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { dist: { type: 'string' }, hub: { type: 'string' } },
  });
  const { dist = path.join(root, 'dist'), hub = HUB } = values;
  try {
    process.exitCode = (await checkHub({ dist, hub })) ? 0 : 1;
    console.log(process.exitCode === 0 ? 'Every published number is reached.' : 'Not all are.');
  } catch (error) {
    console.error(`Could not be tried: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 2;
  }
}
