// The tour: offered, never forced; by keyboard alone; over the real page.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  accessibilityViolations,
  button,
  reach,
  startable,
  stateOf,
  useHarness,
} from './harness.mjs';

/** @typedef {import('playwright-core').Page} Page */

const harness = useHarness();

/** @param {Page} page */
async function open(page) {
  await startable(page);
  await page.locator('#tour-open').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'A model in this browser' }).waitFor();
}

/** @param {Page} page */
const focused = (page) => page.evaluate(() => document.activeElement?.id);

describe('the tour', () => {
  for (const [width, height, colorScheme] of /** @type {const} */ ([
    [1440, 900, 'light'],
    [360, 800, 'dark'],
  ])) {
    test(`leads from Start to the ablations at ${width} by ${height}, and fetches nothing unasked`, () =>
      harness.withPage('', { width, height, colorScheme }, async ({ page, requests }) => {
        await open(page);
        const weights = () => requests.filter((url) => /safetensors/.test(url));
        assert.deepEqual(weights(), []);
        assert.equal(await stateOf(page), 'start');
        const titles = [];
        for (let step = 0; step < 5; step++) {
          await page.locator('#tour-next:not([aria-disabled])').waitFor();
          assert.equal(await focused(page), 'tour-next');
          titles.push(await page.locator('#tour-title').textContent());
          // What it speaks of is in sight, and the panel covers neither its beginning nor
          // the heading above it.
          await page.waitForFunction(() => {
            const place = (/** @type {Element | null | undefined} */ each) =>
              each?.getBoundingClientRect() ?? new DOMRect();
            const target = document.querySelector('.tour-target');
            const [panel, shown] = [document.querySelector('#tour'), target].map(place);
            const heading = place(target?.closest('.panel')?.querySelector('.panel-head'));
            if (!panel || !shown) return false;
            const isOver = (/** @type {DOMRect} */ { left, right, top, height }, most = height) =>
              panel.left < right &&
              panel.right > left &&
              panel.top < top + Math.min(most, height) &&
              panel.bottom > top;
            const bar = place(document.querySelector('.masthead')).bottom;
            const inSight =
              panel.top >= bar &&
              panel.bottom <= innerHeight &&
              panel.left >= 0 &&
              panel.right <= innerWidth;
            // Of what is higher than the window, its upper half is left to see.
            const most = Math.min(shown.height, innerHeight / 3);
            const free = !isOver(shown, most) && !isOver(heading);
            return free && inSight && shown.top < innerHeight - 100;
          });
          assert.deepEqual(await accessibilityViolations(page), [], `at step ${step + 1}`);
          if (step < 4) await page.keyboard.press('ArrowRight');
        }
        assert.equal(new Set(titles).size, 5);
        await reach(page, 'done');
        // Once the last step's scrolling is over, its end moves nothing.
        const scrolled = () => page.evaluate(() => Math.round(scrollY));
        let before = -1;
        while (before !== (await scrolled())) {
          before = await scrolled();
          await page.waitForTimeout(200);
        }
        assert.ok(before > 500);
        await page.keyboard.press('ArrowRight');
        assert.equal(await page.locator('#tour').isVisible(), false);
        assert.equal(await focused(page), 'ablations-results');
        await page.waitForTimeout(300);
        assert.equal(await scrolled(), before);
        assert.ok(weights().length > 0);
        assert.deepEqual(
          weights().filter((url) => !url.startsWith(harness.site.url)),
          [],
        );
        assert.match(page.url(), /model=tiny/);
        assert.match(page.url(), /view=q\d+k\d+/);
      }));
  }

  test('is left by Escape, goes back by the left arrow, and starts anew', () =>
    harness.withPage('v=1&model=tiny', {}, async ({ page }) => {
      await open(page);
      await page.keyboard.press('ArrowLeft');
      assert.equal(await page.locator('#tour-count').textContent(), 'Tour, 1 of 5');
      await page.keyboard.press('ArrowRight');
      await page.locator('#tour-next:not([aria-disabled])').waitFor();
      await page.keyboard.press('ArrowLeft');
      assert.equal(await page.locator('#tour-count').textContent(), 'Tour, 1 of 5');
      await page.keyboard.press('Escape');
      assert.equal(await page.locator('#tour').isVisible(), false);
      assert.equal(await page.locator('.tour-target').count(), 0);
      assert.equal(await focused(page), 'tour-open');
      await page.keyboard.press('Enter');
      await page.locator('#tour').waitFor();
      assert.match(String(await page.locator('#tour-text').textContent()), /open already/);
    }));

  test('does not scroll smoothly for who wants no motion', () =>
    harness.withPage(
      'v=1&model=tiny',
      { context: { reducedMotion: 'reduce' }, height: 500 },
      async ({ page }) => {
        await open(page);
        await page.keyboard.press('ArrowRight');
        await page.locator('#tour-next:not([aria-disabled])').waitFor();
        const jumps = await page.evaluate(async () => {
          const places = new Set();
          const next = document.querySelector('#tour-next');
          /** @type {any} */ (next).click();
          for (let frame = 0; frame < 20; frame++) {
            await new Promise((resolve) => requestAnimationFrame(resolve));
            places.add(Math.round(scrollY));
          }
          return places.size;
        });
        assert.ok(jumps <= 2, `the page stood at ${jumps} places on its way`);
      },
    ));

  test('that does not arrive says so, and arrives later', () =>
    harness.withPage(
      'v=1&model=tiny',
      { expected: /tour-\w+\.js|ERR_FAILED/ },
      async ({ page }) => {
        await page.route(/tour-\w+\.js/, (route) => route.abort());
        await startable(page);
        await button(page, '5-step tour').click();
        const problem = page.locator('#launch-problem .problem');
        await problem.filter({ hasText: /did not arrive/ }).waitFor();
        await page.unroute(/tour-\w+\.js/);
        await problem.getByRole('button', { name: 'Retry' }).click();
        await page.getByRole('dialog', { name: 'A model in this browser' }).waitFor();
        assert.equal(await problem.count(), 0);
      },
    ));
});
