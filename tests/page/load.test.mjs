// Where room, memory and speed are short: many tabs, a full and an evicted cache, a slow
// processor, a small memory. What does not fit is said, and nothing else goes wrong.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { launchChromium } from '../../tools/browser.mjs';
import { makeStandIn } from '../../tools/stand-in.mjs';
import {
  button,
  complaints,
  exportedJson,
  Harness,
  reach,
  start,
  study,
  useHarness,
  wasmMemory,
} from './harness.mjs';
import { startHost } from './host.mjs';
import { watchTasks } from './tasks.mjs';

/** @typedef {import('playwright-core').Page} Page */

const { folder } = makeStandIn();
const harness = useHarness();

/** A study of layer 0's patterns of the stand-in: 7 MB. */
const FEW = '&head=L0H5&n=4&len=6';

/**
 * Opens a study of the stand-in of GPT-2 small, on a host of its own.
 * @template T
 * @param {string} rest of the link, after the model
 * @param {import('./harness.mjs').PageOptions} options
 * @param {(open: import('./harness.mjs').OpenPage & { host: import('./host.mjs').Host }) => Promise<T>} use
 * @returns {Promise<T>}
 */
async function withStudy(rest, options, use, on = harness) {
  const host = await startHost({ folder });
  try {
    const link = `v=1&model=${encodeURIComponent(host.url)}${rest}`;
    return await on.withPage(link, options, (open) => use({ ...open, host }));
  } finally {
    await host.close();
  }
}

/**
 * Has all heads scored.
 * @param {Page} page
 */
async function scoreAll(page) {
  await button(page, 'Score all heads').click();
  await page.locator('#step-scores.done:not(.running)').waitFor({ timeout: 240_000 });
  return (await exportedJson(page)).head_scores;
}

/**
 * @param {Page} page
 * @param {number} quotaSize in bytes
 */
async function allow(page, quotaSize) {
  const session = await page.context().newCDPSession(page);
  const { origin } = harness.site;
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize });
  return session;
}

/** @param {Page} page @returns {Promise<number>} bytes of weights that the browser keeps */
const kept = (page) =>
  page.evaluate(async () => {
    let bytes = 0;
    for (const name of await caches.keys()) {
      if (!name.startsWith('headscope-weights')) continue;
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        bytes += (await (await cache.match(request))?.blob())?.size ?? 0;
      }
    }
    return bytes;
  });

test('ten tabs at once come through, with the numbers of one', async (t) => {
  const link = 'v=1&model=tiny&n=12&head=L1H1&run=all';
  const alone = await harness.withPage(link, {}, async ({ page }) => {
    await start(page, 'done');
    return exportedJson(page);
  });
  await harness.withPage(link, { byItself: true }, async ({ page }) => {
    const tabs = [page];
    const opened = performance.now();
    for (let i = 1; i < 10; i++) {
      const tab = await page.context().newPage();
      tabs.push(tab);
      // Nobody waits for one before the next is opened.
      await tab.goto(page.url(), { waitUntil: 'commit' });
    }
    for (const tab of tabs) await reach(tab, 'done', 240_000);
    t.diagnostic(`ten tabs after ${((performance.now() - opened) / 1000).toFixed(1)} s`);
    for (const tab of tabs) {
      const { prompts, head_scores, patterns, ablations } = await exportedJson(tab);
      for (const [part, found] of Object.entries({ prompts, head_scores, patterns, ablations })) {
        assert.deepEqual(found, alone[part], part);
      }
    }
    // The last one that was opened is in front; each of the others still answers.
    for (const tab of tabs) {
      await tab.bringToFront();
      await tab.locator('#seed').fill('7');
      await tab.waitForURL(/seed=7/);
    }
  });
});

describe('a browser’s room for what is kept', () => {
  test('of 1 GB holds all that scores of all heads need, and a second visit asks for nothing', () =>
    withStudy('&n=6', {}, async ({ page, host }) => {
      await allow(page, 1e9);
      await study(page);
      const scores = await scoreAll(page);
      assert.ok((await kept(page)) > 300e6, `${await kept(page)} bytes are kept`);
      host.reset();
      await page.evaluate(() => sessionStorage.clear());
      await page.reload();
      await study(page);
      assert.deepEqual(await scoreAll(page), scores);
      assert.equal(host.bytesOf('model.safetensors'), 0);
    }));

  test('that is full half way keeps what it has, and the rest is used from memory, with a note', () =>
    withStudy('&n=6', { expected: /QuotaExceeded/ }, async ({ page, host }) => {
      await allow(page, 150e6);
      await study(page);
      const scores = await scoreAll(page);
      assert.ok(scores.mean.flat().every(Number.isFinite));
      const bytes = await kept(page);
      assert.ok(bytes > 20e6 && bytes <= 150e6, `${bytes} bytes are kept`);
      await page
        .locator('#storage-text')
        .filter({ hasText: /memory|space/i })
        .waitFor();
      // What was kept need not come again.
      host.reset();
      await page.evaluate(() => sessionStorage.clear());
      await page.reload();
      await study(page);
      assert.deepEqual(await scoreAll(page), scores);
      const again = host.bytesOf('model.safetensors');
      assert.ok(again < 345e6 - bytes / 2, `${again} bytes came again, ${bytes} were kept`);
    }));

  test('that the browser takes back while the page is open is filled anew', () =>
    withStudy('&n=6', {}, async ({ page, host }) => {
      const session = await allow(page, 1e9);
      await study(page);
      assert.ok((await kept(page)) > 20e6);
      const { origin } = harness.site;
      await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'cache_storage' });
      const scores = await scoreAll(page);
      assert.ok(scores.mean.flat().every(Number.isFinite));
      await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
      host.reset();
      await page.evaluate(() => sessionStorage.clear());
      await page.reload();
      await study(page);
      assert.deepEqual(await scoreAll(page), scores);
      assert.ok(host.bytesOf('model.safetensors') > 300e6, 'it was downloaded again');
      assert.deepEqual(await complaints(page), []);
    }));
});

describe('a processor six times as slow', () => {
  /** Milliseconds that the page's thread may be busy at a stretch there. */
  const LONGEST = 200;
  /** Milliseconds within which a key is heeded, other work on the machine included. */
  const HEEDED = 1500;

  test('keeps the page’s thread free, and keys are heeded while everything runs', (t) =>
    harness.withPage('v=1&model=tiny&n=60&head=L2H1', {}, async ({ page }) => {
      await start(page, 'ready');
      const session = await page.context().newCDPSession(page);
      await session.send('Emulation.setCPUThrottlingRate', { rate: 6 });
      const longTasks = await watchTasks(harness.browser, page, LONGEST);
      /** @type {number[]} */
      const waits = [];
      for (const step of ['scores', 'ablations', 'circuits']) {
        await page.locator(`#step-${step}`).scrollIntoViewIfNeeded();
        await page.locator(`#step-${step} [data-run]:not([aria-disabled])`).click();
        for (let i = 0; i < 6; i++) {
          await page.locator('#pattern').focus();
          const before = await page.locator('#announcer').textContent();
          const pressed = performance.now();
          await page.keyboard.press(i % 2 === 0 ? 'ArrowDown' : 'ArrowRight');
          await page.waitForFunction(
            (was) => document.getElementById('announcer')?.textContent !== was,
            before,
            { polling: 'raf' },
          );
          waits.push(performance.now() - pressed);
        }
        await page.locator(`#step-${step}.done:not(.running)`).waitFor({ timeout: 120_000 });
      }
      const slowest = Math.max(...waits);
      t.diagnostic(`a key was heeded after ${slowest.toFixed(0)} ms at most`);
      const long = await longTasks();
      assert.deepEqual(long, [], `tasks of ${LONGEST} ms and more`);
      assert.ok(slowest < HEEDED, waits.map((wait) => wait.toFixed(0)).join(' '));
    }));
});

describe('memory', () => {
  /**
   * The most memory that a page of this browser ever had, as the system counts it.
   * @param {import('playwright-core').Browser} browser
   */
  async function peak(browser) {
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    await session.detach();
    const pages = processInfo.filter(({ type }) => type === 'renderer');
    const peaks = await Promise.all(
      pages.map(async ({ id }) => {
        const status = await readFile(`/proc/${id}/status`, 'utf8').catch(() => '');
        return 1024 * Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? NaN);
      }),
    );
    return Math.max(...peaks.filter(Number.isFinite));
  }

  test('of 1 GB holds a page that scores all heads of a model of GPT-2 small’s size', async (t) => {
    const own = await Harness.start();
    try {
      await withStudy(
        '',
        {},
        async ({ page }) => {
          await study(page);
          await scoreAll(page);
          const [bytes, wasm] = [await peak(own.browser), await wasmMemory(page)];
          t.diagnostic(`${bytes} bytes at most, of which WebAssembly has ${wasm}`);
          assert.ok(bytes > wasm, 'the counter works');
          assert.ok(bytes < 2 ** 30, `${bytes} bytes`);
        },
        own,
      );
    } finally {
      await own.stop();
    }
  });

  test('of a closed model is given back: its threads are ended', (t) =>
    withStudy(FEW, {}, async ({ page }) => {
      await study(page);
      await scoreAll(page);
      const open = await wasmMemory(page);
      await page.evaluate(() => {
        location.hash = 'v=1&model=tiny&n=6&len=8&cats=3';
      });
      await start(page, 'ready');
      const { model } = await exportedJson(page);
      assert.equal(model.id, 'tiny');
      const closed = await wasmMemory(page);
      t.diagnostic(`${open} bytes of WebAssembly while it is open, ${closed} after`);
      assert.ok(open > 300e6, `${open} bytes for all heads`);
      assert.ok(closed < 60e6, `${closed} bytes for the demo model`);
    }));

  test('that ends during a run is named, and the page goes on', async () => {
    const own = await Harness.start();
    await own.browser.close();
    // 192 MB for each thread.
    own.browser = await launchChromium(['--js-flags=--wasm-max-mem-pages=3072']);
    try {
      await withStudy(
        FEW,
        { expected: /RuntimeError|unreachable|memory/ },
        async ({ page }) => {
          await page.addInitScript(() => localStorage.setItem('headscope-threads', '1'));
          await page.reload();
          await study(page);
          await button(page, 'Score all heads').click();
          await page.locator('html[data-state="error"]').waitFor({
            state: 'attached',
            timeout: 120_000,
          });
          const said = (await complaints(page)).join(' ');
          assert.match(said, /memory/);
          assert.match(said, /close other tabs or choose the bundled model/);
          await page.getByRole('button', { name: 'Use the bundled model' }).first().click();
          await reach(page, 'ready');
        },
        own,
      );
    } finally {
      await own.stop();
    }
  });

  for (const [gigabytes, warned] of /** @type {const} */ ([
    [1, true],
    [8, false],
  ])) {
    test(`of ${gigabytes} GB: the page ${warned ? 'says that it may not do' : 'says nothing of it'}`, () =>
      withStudy(FEW, {}, async ({ page }) => {
        await page.addInitScript((value) => {
          Object.defineProperty(navigator, 'deviceMemory', { value });
        }, gigabytes);
        await page.reload();
        await study(page);
        const note = page.locator('#note-scores');
        await note.filter({ hasText: /Downloads 3\d\d MB/ }).waitFor();
        const says = /this device, which has about 1 GB/.test(String(await note.textContent()));
        assert.equal(says, warned, String(await note.textContent()));
      }));
  }
});
