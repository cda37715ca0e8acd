// How the page feels while it works: nothing moves by itself, the page's thread
// is never busy for long, and everything long can be cancelled.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { button, reach, start, startable, useHarness } from './harness.mjs';
import { makeModels, MANY_HEADS } from './models.mjs';

/** @typedef {import('playwright-core').Page} Page */

/** Shifts below this, added over a whole run, nobody sees; 0.1 counts as good. */
const MOST_SHIFT = 0.02;
/** Milliseconds that the page's thread may be busy at a stretch. */
const LONGEST_TASK = 50;

const harness = useHarness(async () => {
  const { folder, remove } = await makeModels();
  return { models: folder, remove };
});

const manyHeads = () => encodeURIComponent(`${harness.models.origin}/${MANY_HEADS}`);

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

test('the page’s thread is never busy for long, from opening to the last chart', () =>
  harness.withPage('', {}, async ({ page }) => {
    await startable(page);
    // What else runs on this machine must not count: a task's own time on the
    // processor is what the page is to blame for.
    await harness.browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline'] });
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
    const trace = JSON.parse((await harness.browser.stopTracing()).toString('utf8'));
    /** @type {any[]} */
    const events = trace.traceEvents;
    const isPage = new Set(
      events
        .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
        .map(({ pid, tid }) => `${pid} ${tid}`),
    );
    const tasks = events.filter(
      ({ name, ph, pid, tid }) =>
        ph === 'X' && isPage.has(`${pid} ${tid}`) && /RunTask$/.test(name),
    );
    assert.ok(tasks.length > 100, 'the trace holds the tasks of the page');
    const long = tasks.filter(({ tdur = 0 }) => tdur >= LONGEST_TASK * 1000);
    const within = (/** @type {any} */ task) =>
      events
        .filter(({ pid, tid, ts, tdur }) => {
          const inside = ts >= task.ts && ts < task.ts + task.dur && tdur > 5000;
          return inside && pid === task.pid && tid === task.tid;
        })
        .map(({ name, tdur, args }) => {
          const { functionName = '', url = '' } = args?.data ?? {};
          return `${name} ${functionName} ${url} ${tdur / 1000} ms`;
        });
    assert.deepEqual(long.map(within), [], `tasks of ${LONGEST_TASK} ms and more`);
  }));

describe('many seeds', () => {
  test('are drawn with progress, and a Cancel while they are stops it', () =>
    harness.withPage('v=1&model=tiny&n=150&seeds=0-199', {}, async ({ page }) => {
      await start(page, 'ready');
      await page.locator('#seeds-fold').evaluate((fold) => {
        /** @type {any} */ (fold).open = true;
      });
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
