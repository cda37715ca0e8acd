// Who can use the page: by keyboard alone, by touch, at 200 % zoom, on a first
// screen of any size.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  accessibilityViolations,
  button,
  exportedJson,
  reach,
  sidewaysScroll,
  SMALL,
  start,
  startable,
  useHarness,
} from './harness.mjs';

/** @typedef {import('playwright-core').Page} Page */

const harness = useHarness();

/**
 * Walks by Tab until the element has the focus, and fails if it never does or
 * if anything on the way shows no focus.
 * @param {Page} page
 * @param {string} selector
 */
async function tabTo(page, selector) {
  for (let presses = 0; presses < 120; presses++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate((wanted) => {
      const element = document.activeElement;
      if (!element) return { there: false, seen: true, name: '' };
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      return {
        there: element.matches(wanted),
        seen: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
        name: `${element.nodeName}#${element.id}`,
      };
    }, selector);
    assert.ok(at.seen, `${at.name} shows no focus`);
    if (at.there) return;
  }
  assert.fail(`Tab never came to ${selector}`);
}

describe('by keyboard alone', () => {
  test('a visitor chooses a model, starts, walks the heatmap, scores, ablates and reads the table', () =>
    harness.withPage('v=1&n=6&len=8&cats=3', {}, async ({ page }) => {
      await startable(page);
      await page.keyboard.press('Tab');
      assert.equal(
        await page.evaluate(() => document.activeElement?.textContent),
        'Skip to the study',
      );
      await tabTo(page, '#model-menu > summary');
      await page.keyboard.press('Enter');
      await tabTo(page, 'input[name="model"]:checked');
      await page.keyboard.press('ArrowDown');
      await page.waitForURL(/model=tiny/);
      await page.keyboard.press('Escape');
      await page.keyboard.press('Shift+Tab');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Enter');
      await reach(page, 'ready');

      await tabTo(page, '#pattern');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('End');
      const spoken = page.locator('#announcer');
      assert.match(String(await spoken.textContent()), /comes later/);
      await page.keyboard.press('Home');
      assert.match(String(await spoken.textContent()), /rank \d of 2, BOS/);
      await page.keyboard.press('Enter');
      await page.waitForURL(/view=q1k0/);
      await page.keyboard.press('Escape');
      await page.waitForURL((url) => !url.href.includes('q1k0'));

      await tabTo(page, '#step-scores [data-run]');
      await page.keyboard.press('Space');
      await page.locator('#step-scores.done:not(.running)').waitFor();
      await tabTo(page, '#headmap');
      await page.keyboard.press('ArrowRight');
      assert.match(String(await spoken.textContent()), /L0H0: .* chance, rank \d of 6/);
      await tabTo(page, '#scores-table-fold > summary');
      await page.keyboard.press('Enter');
      await page.locator('#scores-table tbody tr').first().waitFor();

      await tabTo(page, '#step-ablations [data-run]');
      await page.keyboard.press('Enter');
      await reach(page, 'done');
      assert.ok((await exportedJson(page)).ablations.length > 0);
    }));

  test('? lists the keys, Escape closes the list, and it can be turned off', () =>
    harness.withPage(SMALL, {}, async ({ page }) => {
      await startable(page);
      await page.keyboard.press('?');
      const dialog = page.getByRole('dialog', { name: 'Keyboard' });
      await dialog.waitFor();
      assert.deepEqual(await accessibilityViolations(page), []);
      await page.keyboard.press('Escape');
      assert.equal(await dialog.isVisible(), false);
      await page.keyboard.press(']');
      await page.waitForURL(/prompt=2/);
      await button(page, 'Keyboard').click();
      await page.getByLabel('Single-key shortcuts').uncheck();
      await page.keyboard.press('Escape');
      await page.keyboard.press('[');
      await page.waitForTimeout(300);
      assert.match(page.url(), /prompt=2/);
    }));
});

describe('the first screen', () => {
  for (const [width, height] of /** @type {const} */ ([
    [360, 800],
    [768, 1024],
    [1440, 900],
  ])) {
    for (const model of ['gpt2', 'tiny']) {
      test(`holds Start and its cost at ${width} by ${height}, for ${model}`, () =>
        harness.withPage(`v=1&model=${model}`, { width, height }, async ({ page }) => {
          await startable(page);
          await page
            .locator('#note-head')
            .filter({ hasText: /B from/ })
            .waitFor();
          const bottoms = await page
            .locator('#step-head [data-run], #note-head')
            .evaluateAll((all) => all.map((each) => each.getBoundingClientRect().bottom));
          assert.ok(Math.max(...bottoms) <= height, `${bottoms}`);
        }));
    }
  }
});

test('at 200 % zoom everything is there, one column wide', () =>
  harness.withPage(
    `${SMALL}&run=all`,
    { width: 640, height: 400, context: { deviceScaleFactor: 2 } },
    async ({ page }) => {
      await start(page, 'done');
      const { pixels, wide } = await sidewaysScroll(page);
      assert.equal(pixels, 0, wide.join(', '));
      for (const name of ['Score all heads', 'Run ablations', 'Copy link', 'Export PNG']) {
        await button(page, name).scrollIntoViewIfNeeded();
        assert.ok(await button(page, name).isVisible(), name);
      }
    },
  ));

test('by touch, a tap reads a cell and a second one holds it; all that is pressed is large enough', () =>
  harness.withPage(
    `${SMALL}&run=all`,
    { width: 360, height: 800, context: { hasTouch: true, isMobile: true } },
    async ({ page }) => {
      await startable(page);
      await button(page, 'Start').tap();
      await reach(page, 'done');
      const { width, height } = /** @type {{ width: number, height: number }} */ (
        await page.locator('#pattern').boundingBox()
      );
      const cell = { position: { x: width * 0.42, y: height * 0.7 } };
      const readout = page.locator('#pattern-readout');
      await page.locator('#pattern').tap(cell);
      await readout.filter({ hasText: /attends to/, hasNotText: /locked/ }).waitFor();
      await page.locator('#pattern').tap(cell);
      await readout.filter({ hasText: /attends to .*locked/ }).waitFor();
      await page.locator('#scores-table-fold > summary').tap();
      await page.locator('#scores-table tbody tr').first().waitFor();
      const small = await page.evaluate(() =>
        [...document.querySelectorAll('button, select, summary, input:not([type="file"])')]
          .filter((element) => /** @type {any} */ (element).checkVisibility())
          .map((element) => {
            // A label around or beside a box is pressed as well.
            const label = /** @type {any} */ (element).labels?.[0];
            const rects = [element, ...(label ? [label] : [])].map((each) =>
              each.getBoundingClientRect(),
            );
            const width = Math.max(...rects.map((rect) => rect.width));
            const height = Math.max(...rects.map((rect) => rect.height));
            return {
              name: `${element.nodeName}#${element.id}.${element.className}`,
              width,
              height,
            };
          })
          .filter(({ width, height }) => width < 24 || height < 24),
      );
      assert.deepEqual(small, []);
    },
  ));

test('on paper there is no control, and nothing is cut', () =>
  harness.withPage(
    'v=1&model=tiny',
    { byItself: true, colorScheme: 'dark', width: 1280 },
    async ({ page }) => {
      await reach(page, 'done');
      await page.locator('#categories-table table').waitFor();
      await page.locator('#seeds-chart svg').first().waitFor();
      await page.emulateMedia({ media: 'print' });
      // An A4 sheet between margins of a centimetre.
      await page.setViewportSize({ width: 718, height: 1000 });
      await page.waitForTimeout(300);
      const { controls, cut, width } = await page.evaluate(() => {
        const seen = (/** @type {Element} */ each) => each.checkVisibility();
        const page = document.documentElement;
        const right = page.clientWidth + 1;
        return {
          controls: [...document.querySelectorAll('.button, select, input, textarea, summary')]
            .filter(seen)
            .map((each) => each.id || each.textContent),
          cut: [...document.querySelectorAll('table, canvas, svg, figure, p')]
            .filter((each) => seen(each) && each.getBoundingClientRect().right > right)
            .map((each) => each.id || each.textContent),
          width: page.scrollWidth,
        };
      });
      assert.deepEqual(controls, []);
      assert.deepEqual(cut, []);
      assert.equal(width, 718);
      await page.locator('#pattern').waitFor();
    },
  ));

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  test(`with colours of the reader's own (${colorScheme}) choices, bars and cells still tell`, () =>
    harness.withPage(
      'v=1&model=tiny',
      { byItself: true, colorScheme, context: { forcedColors: 'active' } },
      async ({ page }) => {
        await reach(page, 'done');
        await page.locator('#categories-table table').waitFor();
        const grounds = await page.evaluate(() => {
          const ground = (/** @type {string} */ selector) => {
            const element = document.querySelector(selector);
            return element ? getComputedStyle(element).backgroundColor : 'missing';
          };
          return {
            page: ground('body'),
            chosen: ground('input[value="scores"] + span'),
            other: ground('input[value="patterns"] + span'),
            bar: ground('.top-heads .bar'),
            figure: ground('.figure-bar > span'),
            share: ground('.share-same_category'),
            full: ground('#categories-table tbody tr:first-child td'),
            empty: ground('#categories-table tbody tr:first-child td:nth-child(4)'),
          };
        });
        const { page: paper, chosen, other, full, empty, ...bars } = grounds;
        assert.notEqual(chosen, other);
        assert.notEqual(full, empty);
        for (const [what, ground] of Object.entries(bars)) {
          assert.ok(ground !== paper && !/missing|, 0\)/.test(ground), `${what}: ${ground}`);
        }
      },
    ));
}
