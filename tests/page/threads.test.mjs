// Several threads at one model, on a stand-in of GPT-2 small's size.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { serve } from '../../tools/server.mjs';
import { makeStandIn } from '../../tools/stand-in.mjs';
import {
  button,
  complaints,
  exportedJson,
  fixtures,
  reach,
  SMALL,
  start,
  startable,
  useHarness,
  wasmMemory,
} from './harness.mjs';
import { makeManyHeads } from './models.mjs';

/** @typedef {import('playwright-core').Page} Page */

// Its models' hosts serve the stand-in, and one that is just wide enough to share.
const harness = useHarness(async () => ({ models: makeStandIn().folder }));
let wideFolder = '';
/** @type {Awaited<ReturnType<typeof serve>> | undefined} */
let wide;
/** The address of a small model that is worth sharing. */
async function wideModel() {
  if (!wide) {
    wideFolder = await mkdtemp(path.join(os.tmpdir(), 'headscope-wide-'));
    const folder = path.join(wideFolder, 'wide');
    await makeManyHeads(folder, { width: 256, layers: 3, heads: 8 });
    wide = await serve(folder, { cors: true });
  }
  return wide.origin;
}
after(async () => {
  await wide?.close();
  if (wideFolder) await rm(wideFolder, { recursive: true });
});

/**
 * The study of L1H5 on a few prompts, with so many threads.
 * @template T
 * @param {number} threads
 * @param {Pick<import('./harness.mjs').PageOptions, 'expected'> & { model?: string }} options
 * @param {(page: Page) => Promise<T>} use
 */
function withThreads(threads, { model = harness.models.origin, expected }, use) {
  const hash = `model=${encodeURIComponent(model)}&n=6&kind=zero`;
  // What a service worker answers, no test can harm.
  const options = { expected, context: /** @type {const} */ ({ serviceWorkers: 'block' }) };
  return harness.withPage(hash, options, async ({ page }) => {
    // More than this machine has cores, perhaps.
    await page.evaluate((many) => localStorage.setItem('headscope-threads', many), `${threads}`);
    await page.reload();
    await startable(page);
    assert.equal(await page.getByLabel('Threads').inputValue(), String(threads), 'it is kept');
    return use(page);
  });
}

/** @param {Page} page */
async function ablated(page) {
  // A fast run may be over before it is looked for.
  const running = await page.evaluateHandle(() => {
    const { dataset } = document.documentElement;
    const seen = new Promise((resolve) => {
      const look = () => dataset.state === 'running' && resolve(true);
      new MutationObserver(look).observe(document.documentElement, {
        attributeFilter: ['data-state'],
      });
    });
    return { seen };
  });
  await button(page, 'Run ablations').click();
  await running.evaluate(({ seen }) => seen);
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

/**
 * What can go wrong with a further thread: what becomes of a message to it. A thread
 * of a thread is out of a test's reach, so it is harmed where it is asked.
 * @type {Record<string, string>}
 */
const LOSSES = {
  'cannot be readied': `if (message.init) message.init.module = null; send(message);`,
  'cannot hold what it is given': `if (message.give) message.give.shape = '{"Matrix":{"n_in":7,"n_out":7}}'; send(message);`,
  'cannot do a job': `if (message.ask) message.ask.job = '{"Dots":{"table":"nothing"}}'; send(message);`,
  'throws by itself': `const event = { message: 'out of memory, say', cancelable: true };
    if (message.ask) this.dispatchEvent(new ErrorEvent('error', event)); else send(message);`,
  'is ended by the browser': `if (message.ask) this.terminate(); else send(message);`,
  'never starts': `if (!message.init) send(message);`,
  'never answers': `if (!message.ask) send(message);`,
};

/**
 * Harms the first so many further threads to come; and what would take a minute
 * takes a second.
 * @param {Page} page
 * @param {string} harm
 * @param {number} [many]
 */
async function harmThreads(page, harm, many = 1) {
  await page.workers()[0]?.evaluate(`{
    let left = ${many};
    self.Worker = class extends Worker {
      harmed = left-- > 0;
      postMessage(message, transfer) {
        const send = (each) => super.postMessage(each, transfer);
        if (!this.harmed) return send(message);
        ${harm}
      }
    };
    const wait = self.setTimeout;
    self.setTimeout = (work, time, ...rest) =>
      wait(work, time === 10000 || time === 60000 ? 1500 : time, ...rest);
  }`);
}

test('where no further thread can be had, one does the work, and the page says so', async () =>
  withThreads(3, { model: await wideModel() }, async (page) => {
    await harmThreads(page, String(LOSSES['cannot be readied']), Infinity);
    await start(page, 'ready');
    await page
      .locator('#thread-note')
      .filter({ hasText: /runs on one thread/ })
      .waitFor();
    assert.ok((await ablated(page)).ablations.length > 3);
  }));

describe('a further thread that fails is dropped, and the run goes on by itself, where it', () => {
  /** The numbers of one thread. @type {Promise<number[]> | undefined} */
  let right;
  const ofOne = async () =>
    withThreads(1, { model: await wideModel() }, async (page) => {
      await start(page, 'ready');
      return numbers(await ablated(page));
    });

  for (const [how, harm] of Object.entries(LOSSES)) {
    test(how, async () => {
      const model = await wideModel();
      const wanted = await (right ??= ofOne());
      // Of three, the first that comes is harmed.
      await withThreads(3, { model }, async (page) => {
        await harmThreads(page, harm);
        await start(page, 'ready');
        const found = numbers(await ablated(page));
        await page
          .locator('#thread-note')
          .filter({ hasText: /runs on 2 threads/ })
          .waitFor();
        assert.equal(page.workers().length, 2, 'so many threads are left');
        assert.deepEqual(await complaints(page), []);
        assert.equal(found.length, wanted.length);
        found.forEach((each, i) => assert.ok(Math.abs(each - Number(wanted[i])) <= 1e-5));
      });
    });
  }

  test('fails again and again, until one thread is left', async () =>
    withThreads(3, { model: await wideModel() }, async (page) => {
      await harmThreads(page, String(LOSSES['cannot do a job']), Infinity);
      await start(page, 'ready');
      await page
        .locator('#thread-note')
        .filter({ hasText: /runs on one thread/ })
        .waitFor();
      assert.ok((await ablated(page)).ablations.length > 3);
    }));

  test('keeps the page waiting, which Cancel ends at once', async () =>
    withThreads(2, { model: await wideModel() }, async (page) => {
      await startable(page);
      await harmThreads(page, String(LOSSES['never answers']));
      await button(page, 'Start').click();
      await reach(page, 'loading');
      await page.locator('#step-head').getByRole('button', { name: 'Cancel' }).click();
      await page.waitForSelector('html[data-state="start"]', { state: 'attached', timeout: 8000 });
      await start(page, 'ready');
    }));
});

/**
 * Has scripts of the page come with something before them.
 * @param {Page} page
 * @param {string} pattern
 * @param {string} before
 * @param {number} [times]
 */
function prepend(page, pattern, before, times = Infinity) {
  return page.context().route(pattern, async (route) => {
    const response = await route.fetch();
    const body = await response.text();
    const harmed = times-- > 0 ? `${before}\n${body}` : body;
    await route.fulfill({ response, body: harmed });
  });
}

describe('the computing thread', () => {
  const CHANGED = 'v=1&model=tiny&n=500&len=20&head=L1H1';

  /** @param {Page} page */
  const engine = async (page) => {
    const [worker] = page.workers();
    assert.ok(worker);
    return worker;
  };

  /**
   * What ends it, as a message comes.
   * @type {Record<string, string>}
   */
  const ENDS = {
    'throws by itself': `setTimeout(() => { throw new Error('out of memory, say'); })`,
    traps: `Promise.reject(new WebAssembly.RuntimeError('unreachable'))`,
    'is ended by the browser': `setTimeout(() => self.close())`,
  };
  const expected = /out of memory, say|unreachable/;

  for (const [how, end] of Object.entries(ENDS)) {
    test(`that ${how} while it rests leaves the results, and files of them`, () =>
      harness.withPage(`${SMALL}&run=all`, { expected }, async ({ page }) => {
        await start(page, 'done');
        const before = await exportedJson(page);
        await (await engine(page)).evaluate(`void ${end}`);
        await page
          .locator('#thread-note')
          .filter({ hasText: /started anew/ })
          .waitFor();
        await page
          .locator('#import-notice')
          .filter({ hasText: /Results from before/ })
          .waitFor();
        assert.deepEqual(await exportedJson(page), before);
        await button(page, 'Recompute').click();
        await reach(page, 'done');
        const after = await exportedJson(page);
        for (const part of ['prompts', 'head_scores', 'patterns', 'ablations'])
          assert.deepEqual(after[part], before[part], part);
      }));

    test(`that ${how} while it computes is told, and Retry goes on`, () =>
      harness.withPage(CHANGED, { expected }, async ({ page }) => {
        await start(page, 'ready');
        const worker = await engine(page);
        // It stands still between two steps, and ends there.
        await worker.evaluate(`{
          MessagePort.prototype.postMessage = () => {};
          addEventListener('message', ({ data }) => {
            if (data.request?.scores) ${end};
          });
        }`);
        await button(page, 'Score all heads').click();
        await page
          .locator('#step-scores .problem')
          .filter({ hasText: /thread .*stopped/ })
          .waitFor();
        await button(page, 'Retry').click();
        await page.locator('#step-scores.done:not(.running)').waitFor();
        await reach(page, 'ready');
        assert.equal((await exportedJson(page)).head_scores.mean.length, 3);
      }));
  }

  test('that is deaf is ended by Cancel, and the next Start has another, with the file picked', () =>
    harness.withPage(CHANGED, {}, async ({ page }) => {
      const good = path.join(fixtures, 'random-3x4x32');
      await startable(page);
      await page
        .locator('#model-files')
        .setInputFiles(['model.safetensors', 'config.json'].map((file) => path.join(good, file)));
      await page.waitForURL(/model=file/);
      await start(page, 'ready');
      const before = await exportedJson(page);
      await (
        await engine(page)
      ).evaluate(() => {
        setTimeout(() => {
          for (;;);
        });
      });
      await button(page, 'Score all heads').click();
      await reach(page, 'running');
      await page.locator('#step-scores').getByRole('button', { name: 'Cancel' }).click();
      await page.waitForSelector('html:not([data-state="running"])', {
        state: 'attached',
        timeout: 5000,
      });
      assert.deepEqual(await exportedJson(page), before);
      await button(page, 'Start').click();
      await page.locator('#import-notice').waitFor({ state: 'hidden' });
      await reach(page, 'ready');
      assert.deepEqual((await exportedJson(page)).patterns, before.patterns);
    }));

  test('that gives no sign of life is told without a press', () =>
    harness.withPage(SMALL, {}, async ({ page }) => {
      await page.clock.install();
      await page.reload();
      await startable(page);
      await (
        await engine(page)
      ).evaluate(() => {
        setTimeout(() => {
          for (;;);
        });
      });
      await button(page, 'Start').click();
      await reach(page, 'loading');
      await page.clock.runFor(130_000);
      await page
        .locator('#step-head .problem')
        .filter({ hasText: /no sign of life/ })
        .waitFor();
      await page.clock.resume();
      await button(page, 'Retry').click();
      await reach(page, 'ready');
    }));

  test('that cannot be readied is told, and Retry starts another', () =>
    harness.withPage(SMALL, { expected: /no room/ }, async ({ page }) => {
      await startable(page);
      await prepend(
        page,
        '**/worker*.js',
        `WebAssembly.instantiate = () => Promise.reject(new Error('no room'));`,
        1,
      );
      await page.reload();
      await page
        .locator('.problem')
        .filter({ hasText: /stopped .*no room/ })
        .first()
        .waitFor();
      await button(page, 'Retry').first().click();
      await page.waitForSelector('html:not([data-state="error"])', { state: 'attached' });
      await start(page, 'ready');
      assert.deepEqual(await complaints(page), []);
    }));
});
