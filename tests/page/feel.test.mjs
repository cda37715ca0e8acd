// How the page feels while it works: nothing moves by itself, the page's thread
// is never busy for long, and everything long can be cancelled.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import path from 'node:path';
import { button, display, exportedJson, reach, start, startable, useHarness } from './harness.mjs';
import { GOOD_MODEL, makeLongModel, makeModels, MANY_HEADS } from './models.mjs';
import { watchTasks } from './tasks.mjs';

/** @typedef {import('playwright-core').Page} Page */

/** Shifts below this, added over a whole run, nobody sees; 0.1 counts as good. */
const MOST_SHIFT = 0.02;
/** Milliseconds that the page's thread may be busy at a stretch. */
const LONGEST_TASK = 50;

const LONG = 'long';

const harness = useHarness(async () => {
  const { folder, remove } = await makeModels();
  await makeLongModel(path.join(folder, LONG), 1024);
  return { models: folder, remove };
});

/** @param {string} name */
const linkOf = (name) => encodeURIComponent(`${harness.models.origin}/${name}`);
const manyHeads = () => linkOf(MANY_HEADS);

/**
 * A text of so many tokens, beginning-of-text included.
 * @param {number} tokens
 */
const textOf = (tokens) => {
  const words = Array.from({ length: tokens - 1 }, (_, i) => ['red', 'dog', 'rain'][i % 3]);
  return encodeURIComponent(words.join(' '));
};

/**
 * Presses a step's button where a visitor would see it, without the click that
 * would excuse a shift after it, and waits until it is through.
 * @param {Page} page
 * @param {string} step
 */
async function press(page, step) {
  const run = page.locator(`#step-${step} [data-run]:not([aria-disabled])`);
  await run.waitFor();
  await run.evaluate((element) => element.scrollIntoView({ block: 'start' }));
  await page.waitForTimeout(200);
  await run.evaluate((element) => /** @type {any} */ (element).click());
  await page.locator(`#step-${step}.done:not(.running)`).waitFor();
  // The charts come a moment after their numbers.
  await page.waitForTimeout(700);
}

describe('nothing moves by itself', () => {
  for (const [width, height] of /** @type {const} */ ([
    [1440, 900],
    [360, 800],
  ])) {
    test(`over a whole run at ${width} by ${height} pixels`, () =>
      harness.withPage(`v=1&model=${manyHeads()}`, { width, height }, async ({ page }) => {
        await page.evaluate(() => {
          /** @type {any} */
          const self = globalThis;
          self.shifts = [];
          new PerformanceObserver((list) => {
            for (const entry of /** @type {any[]} */ (list.getEntries())) {
              const moved = entry.sources.map(
                (/** @type {any} */ { node, previousRect, currentRect }) =>
                  `${node?.nodeName}#${node?.id} ${previousRect.y} → ${currentRect.y}`,
              );
              if (!entry.hadRecentInput) self.shifts.push({ value: entry.value, moved });
            }
          }).observe({ type: 'layout-shift', buffered: true });
        });
        await startable(page);
        for (const step of ['head', 'scores', 'ablations']) await press(page, step);
        /** @type {{ value: number, moved: string[] }[]} */
        const shifts = await page.evaluate(() => /** @type {any} */ (globalThis).shifts);
        const sum = shifts.reduce((total, { value }) => total + value, 0);
        assert.ok(sum < MOST_SHIFT, `${sum}: ${JSON.stringify(shifts)}`);
      }));
  }
});

test('a model of many heads in the place of the demo’s few moves nothing', () =>
  harness.withPage(
    `v=1&model=${manyHeads()}`,
    { width: 1280, height: 800, byItself: true },
    async ({ page }) => {
      await reach(page, 'done');
      // What the small map leaves free, bars fill.
      await page.locator('#head-bars button').nth(5).waitFor();
      const [panel, beside] = await page
        .locator('#map-panel, .pattern-panel')
        .evaluateAll((all) => all.map((each) => each.getBoundingClientRect().height));
      assert.equal(panel, beside);
      await page.waitForTimeout(700);
      await page.evaluate(() => {
        /** @type {any} */
        const self = globalThis;
        self.shifts = [];
        new PerformanceObserver((list) => {
          for (const entry of /** @type {any[]} */ (list.getEntries())) {
            if (!entry.hadRecentInput) self.shifts.push(entry.value);
          }
        }).observe({ type: 'layout-shift' });
        /** @type {any} */ (document.querySelector('[data-action="start"]')).click();
      });
      await page.waitForSelector('html:not([data-model="tiny"])', { state: 'attached' });
      await reach(page, 'ready');
      await page.waitForTimeout(700);
      assert.equal(await page.locator('#head-bars button').count(), 0);
      /** @type {number[]} */
      const shifts = await page.evaluate(() => /** @type {any} */ (globalThis).shifts);
      const sum = shifts.reduce((total, value) => total + value, 0);
      assert.ok(sum < MOST_SHIFT, `${sum}: ${shifts}`);
    },
  ));

/** A visit from opening to the last chart, and the tasks that were long. */
const visit = () =>
  harness.withPage('', {}, async ({ page }) => {
    await startable(page);
    const longTasks = await watchTasks(harness.browser, page, LONGEST_TASK);
    await page.goto(`${harness.site.url}#v=1&model=${manyHeads()}&n=300&head=L8H3`);
    await page.reload();
    await startable(page);
    await page.locator('#all-prompts > summary').click();
    await page.locator('#prompt-list > li').nth(299).waitFor();
    for (const step of ['head', 'scores', 'ablations']) await press(page, step);
    await page.locator('#scores-table-fold > summary').click();
    await page.locator('#scores-table tbody tr').nth(143).waitFor();
    await page.locator('#pattern-table-fold > summary').click();
    await page.locator('#pattern').focus();
    for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowDown');
    await page.keyboard.press(']');
    await page
      .locator('#pattern-heading')
      .filter({ hasText: /prompt 2/ })
      .waitFor();
    return longTasks();
  });

test('the page’s thread is never busy for long, from opening to the last chart', async () => {
  // What else a machine does lengthens a task now and then: of four visits one is free.
  let tasks = await visit();
  for (let more = 3; more > 0 && tasks.length > 0; more--) tasks = await visit();
  assert.deepEqual(tasks, [], `tasks of ${LONGEST_TASK} ms and more`);
});

describe('a pointer that moves', () => {
  for (const [tokens, pins] of /** @type {const} */ ([
    [256, 'L0H0,L0H3,L1H0,L2H3'],
    [1024, null],
  ])) {
    test(`over ${tokens} tokens ${pins ? 'and four pinned heads' : 'alone'} keeps the page’s thread free, in every view`, () =>
      harness.withPage(
        `v=1&model=${linkOf(LONG)}&head=L2H1&text=${textOf(tokens)}${pins ? `&pins=${pins}` : ''}`,
        { width: 1440 },
        async ({ page }) => {
          await start(page, 'ready');
          if (pins) await page.locator('#pins-row canvas:visible').nth(3).waitFor();
          /** @type {string[]} */
          const long = [];
          for (const max of ['matrix', 'row', 'one']) {
            for (const bos of ['shown', 'hidden', 'renormalised']) {
              await display(page, 'view-max', max);
              await display(page, 'view-bos', bos);
              await page.keyboard.press('Escape');
              await page.locator('#pattern').scrollIntoViewIfNeeded();
              const canvas = await page.locator('#pattern').boundingBox();
              assert.ok(canvas);
              await page.waitForTimeout(600);
              const longTasks = await watchTasks(harness.browser, page, LONGEST_TASK);
              for (let i = 0; i < 20; i++) {
                // From cell to cell, then over the labels of the rows.
                const x = canvas.x + (i < 15 ? 200 + 14 * i : 40);
                await page.mouse.move(x, canvas.y + 200 + 20 * i);
                await page.waitForTimeout(20);
              }
              assert.match(
                String(await page.locator('#pattern-readout').textContent()),
                /attends to/,
              );
              for (const task of await longTasks()) long.push(`${max} ${bos}: ${task.join('; ')}`);
            }
          }
          assert.deepEqual(long, [], `tasks of ${LONGEST_TASK} ms and more`);
        },
      ));
  }
});

/**
 * The calls that the page makes to its worker from here on, by name.
 * @param {Page} page
 * @returns {Promise<() => Promise<string[]>>} those since it was asked last
 */
async function watchCalls(page) {
  await page.addInitScript(() => {
    /** @type {any} */
    const self = globalThis;
    self.calls = [];
    const { postMessage } = self.Worker.prototype;
    self.Worker.prototype.postMessage = function (
      /** @type {any} */ message,
      /** @type {any[]} */ ...rest
    ) {
      if (message?.request) self.calls.push(...Object.keys(message.request));
      return postMessage.call(this, message, ...rest);
    };
  });
  await page.reload();
  return () => page.evaluate(() => /** @type {any} */ (globalThis).calls.splice(0));
}

describe('what a change asks for', () => {
  test('a view, a lock and the order of pins cost no estimate; what is drawn does', () =>
    harness.withPage(
      `v=1&model=${linkOf(GOOD_MODEL)}&head=L0H1&pins=L0H0,L0H2`,
      { width: 1440 },
      async ({ page }) => {
        const calls = await watchCalls(page);
        await start(page, 'ready');
        await page.locator('#pins-row canvas:visible').nth(1).waitFor();
        const settle = async () => {
          await page.waitForTimeout(900);
          await reach(page, 'ready');
          return (await calls()).filter(
            (call) => call.startsWith('estimate') || call === 'storage',
          );
        };
        const first = await settle();
        assert.equal(first.filter((call) => call === 'storage').length, 2, first.join());

        for (const [id, value] of /** @type {const} */ ([
          ['view-scale', 'log'],
          ['view-max', 'row'],
          ['view-colors', 'magma'],
          ['view-bos', 'renormalised'],
        ])) {
          await display(page, id, value);
          assert.deepEqual(await settle(), [], `${id} ${value}`);
        }
        await page.locator('#pattern').click({ position: { x: 200, y: 300 } });
        await page.waitForURL(/q\d+k\d+/);
        assert.deepEqual(await settle(), [], 'a lock');
        await page.evaluate(() => {
          location.hash = location.hash.replace('L0H0%2CL0H2', 'L0H2%2CL0H0');
        });
        await page.locator('#pins-row h4').first().filter({ hasText: 'L0H2' }).waitFor();
        assert.ok(!(await settle()).includes('estimate'), 'the order of pins');

        await page.locator('#seed').fill('6');
        await page.waitForURL(/seed=6/);
        assert.ok((await settle()).filter((call) => call === 'estimate').length >= 3);
      },
    ));

  test('a view exports nothing, yet files hold it and a reload keeps it', () =>
    harness.withPage('v=1&model=tiny&head=L2H1', {}, async ({ page }) => {
      const calls = await watchCalls(page);
      await start(page, 'ready');
      await page.waitForTimeout(900);
      assert.equal((await calls()).filter((call) => call === 'export_json').length, 1);
      await display(page, 'view-scale', 'log');
      await display(page, 'view-bos', 'hidden');
      await page.waitForTimeout(900);
      assert.deepEqual(await calls(), []);
      const { settings, patterns } = await exportedJson(page);
      assert.deepEqual([settings.view, patterns.head], ['log.hidden', 'L2H1']);

      await page.reload();
      await page.locator('#pattern-heading').filter({ hasText: 'L2H1' }).waitFor();
      await page.waitForURL(/view=log\.hidden/);
      assert.equal(await page.locator('#view-scale').inputValue(), 'log');
      assert.deepEqual((await exportedJson(page)).patterns, patterns);
      // Under another link it is not shown.
      await page.goto('about:blank');
      await page.goto(`${harness.site.url}#v=1&model=tiny&head=L2H1&view=sqrt`);
      await startable(page);
      assert.equal(await page.locator('#pattern-empty').isVisible(), true);
    }));

  test('what is kept is looked up once, and not for every estimate', () =>
    harness.withPage(`v=1&model=${linkOf(GOOD_MODEL)}&head=L2H1`, {}, async ({ page }) => {
      await start(page, 'ready');
      // From the cache after a reload, so that every part is to be looked up.
      await page.reload();
      await startable(page);
      await page.locator('#note-head').filter({ hasText: 'from cache' }).waitFor();
      const [worker] = page.workers();
      assert.ok(worker);
      await worker.evaluate(() => {
        /** @type {any} */
        const self = globalThis;
        self.lookups = { match: 0, keys: 0 };
        for (const name of ['match', 'keys']) {
          const original = self.Cache.prototype[name];
          self.Cache.prototype[name] = function (/** @type {any[]} */ ...args) {
            self.lookups[name]++;
            return original.apply(this, args);
          };
        }
      });
      for (const head of ['L1H1', 'L0H1', 'L2H2']) {
        await page.locator('#head').fill(head);
        await page.waitForURL(new RegExp(`head=${head}`));
        await page.waitForTimeout(400);
      }
      const { match, keys } = await worker.evaluate(() => /** @type {any} */ (globalThis).lookups);
      assert.ok(match <= 2 && keys <= 3, `${match} look-ups, ${keys} lists`);
    }));
});

describe('many seeds', () => {
  test('are drawn with progress, and a Cancel while they are stops it', () =>
    harness.withPage('v=1&model=tiny&n=150&seeds=0-199', {}, async ({ page }) => {
      await start(page, 'ready');
      await button(page, 'Run seeds').click();
      const stage = page.locator('#step-seeds .progress-stage');
      await stage.filter({ hasText: 'Drawing the prompts' }).waitFor();
      await page
        .locator('#step-seeds .progress-amount')
        .filter({ hasText: /[1-9]\d* of 200 seeds/ })
        .waitFor();
      assert.match(String(await stage.textContent()), /Drawing the prompts/);
      await page.locator('#step-seeds').getByRole('button', { name: 'Cancel' }).click();
      await reach(page, 'ready', 5000);
      assert.equal(await page.locator('#seeds-sentence').textContent(), '');
    }));
});
