// Several threads at one model, on a stand-in of GPT-2 small's size.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeStandIn } from '../../tools/stand-in.mjs';
import {
  button,
  complaints,
  exportedJson,
  reach,
  start,
  startable,
  useHarness,
  wasmMemory,
} from './harness.mjs';

/** @typedef {import('playwright-core').Page} Page */

// Its models' host serves the stand-in alone.
const harness = useHarness(async () => ({ models: makeStandIn().folder }));

/**
 * The study of L1H5 on a few prompts, with so many threads.
 * @template T
 * @param {number} threads
 * @param {Pick<import('./harness.mjs').PageOptions, 'expected'>} options
 * @param {(page: Page) => Promise<T>} use
 */
function withThreads(threads, options, use) {
  const hash = `model=${encodeURIComponent(harness.models.origin)}&n=6&kind=zero`;
  return harness.withPage(hash, options, async ({ page }) => {
    await startable(page);
    await page.getByLabel('Threads').selectOption(String(threads));
    await page.reload();
    await startable(page);
    assert.equal(await page.getByLabel('Threads').inputValue(), String(threads), 'it is kept');
    return use(page);
  });
}

/** @param {Page} page */
async function ablated(page) {
  await button(page, 'Run ablations').click();
  await reach(page, 'running');
  await reach(page, 'ready');
  return exportedJson(page);
}

/**
 * Rounding differs with the order in which threads' parts are summed.
 * @param {any} results
 */
const numbers = ({ patterns, ablations }) => [
  ...patterns.rows.flat(),
  ...ablations.flatMap((/** @type {any} */ { baseline, ablated }) => [...baseline, ...ablated]),
];

test('two threads give the numbers of one, and together hold the weights once', async (t) => {
  const run = (/** @type {number} */ threads) =>
    withThreads(threads, {}, async (page) => {
      await start(page, 'ready');
      const results = await ablated(page);
      assert.equal(page.workers().length, threads, 'so many threads work');
      return { numbers: numbers(results), memory: await wasmMemory(page) };
    });
  const [one, two] = [await run(1), await run(2)];
  t.diagnostic(`${one.memory} bytes of WebAssembly memory with one thread, ${two.memory} with two`);
  assert.ok(one.numbers.length > 200, 'there is something to compare');
  assert.equal(two.numbers.length, one.numbers.length);
  two.numbers.forEach((number, i) => {
    assert.ok(Math.abs(number - one.numbers[i]) <= 1e-5, `${number} against ${one.numbers[i]}`);
  });
  // What each instance of the module holds by itself, and a message under way.
  assert.ok(two.memory <= one.memory + 30e6, 'the weights are there once');
});

test('where no further thread can be had, one does the work', () =>
  withThreads(2, { expected: /crew-member|ERR_FAILED/ }, async (page) => {
    await page.context().route('**/crew-member.js', (route) => route.abort());
    await page.reload();
    await start(page, 'ready');
    assert.ok((await ablated(page)).ablations.length > 10);
  }));

test('a thread that is lost is told, and the next press goes on with one', () =>
  withThreads(2, { expected: /out of memory, say/ }, async (page) => {
    await start(page, 'ready');
    const before = numbers(await ablated(page));
    const lose = () =>
      page.workers()[1]?.evaluate(() => {
        setTimeout(() => {
          throw new Error('out of memory, say');
        });
      });
    await page.getByLabel('Ablation kind').selectOption('position-mean');
    await button(page, 'Run ablations').click();
    await reach(page, 'running');
    await lose();
    await page.waitForSelector('html[data-state="error"]', { state: 'attached' });
    assert.match((await complaints(page)).join(' '), /thread stopped.*kept.*with one thread/s);
    await page.getByLabel('Ablation kind').selectOption('zero');
    const after = numbers(await ablated(page));
    assert.equal(page.workers().length, 1, 'the others are gone');
    after.forEach((number, i) => assert.ok(Math.abs(number - before[i]) <= 1e-5));
  }));
