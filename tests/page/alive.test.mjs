// What the page does by itself: the site's own model shows the study before anything is
// asked for, and what costs next to nothing follows every change.

import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import {
  button,
  complaints,
  exportedJson,
  fixtures,
  reach,
  sidewaysScroll,
  start,
  stateOf,
  useHarness,
} from './harness.mjs';
import { GOOD_MODEL } from './models.mjs';

/** @typedef {import('./harness.mjs').Page} Page */

const harness = useHarness();

/** @param {Page} page */
const shownModel = (page) => page.locator('html').getAttribute('data-model');

/**
 * What of an element lies within the window, in CSS pixels.
 * @param {Page} page
 * @param {string} selector
 */
const inView = (page, selector) =>
  page.locator(selector).evaluate((element) => {
    const { top, bottom, left, right } = element.getBoundingClientRect();
    const high = Math.min(bottom, innerHeight) - Math.max(top, 0);
    const wide = Math.min(right, innerWidth) - Math.max(left, 0);
    return { high, wide };
  });

/**
 * Text of a figure of the verdict.
 * @param {Page} page
 * @param {string} id
 */
const verdict = (page, id) => page.locator(`#verdict-${id} [data-value]`).textContent();

describe('a first visit', () => {
  for (const [width, height] of /** @type {const} */ ([
    [1280, 800],
    [390, 844],
  ])) {
    test(`shows a heatmap, its words and the finding without a press at ${width} by ${height}`, () =>
      harness.withPage('', { byItself: true, width, height }, async ({ page, requests }) => {
        await reach(page, 'done');
        assert.equal(await shownModel(page), 'tiny');
        const ofDemo = requests.filter((url) => url.includes('/data/tiny/'));
        assert.ok(ofDemo.length <= 6, `the demo takes ${ofDemo.length} requests`);
        assert.match(String(await page.locator('#shown-model').textContent()), /demo model/);
        const { high, wide } = await inView(page, '#pattern');
        assert.ok(high >= 200 && wide >= 200, `${wide} by ${high} pixels of it are in view`);
        assert.match(String(await page.locator('#attends').textContent()), /attends to .*%/);
        if (width > 1000) {
          const words = await inView(page, '.shown-prompt');
          assert.ok(words.high > 80, 'the words and the sentence are above the heatmap');
        }
        assert.ok((await page.locator('#arcs path').count()) > 0, 'arcs are drawn');
        assert.match(String(await verdict(page, 'rank')), /^1 of 6$/);
        assert.match(String(await verdict(page, 'chance')), /^3\.\d×$/);
        assert.notEqual(await verdict(page, 'depends'), '–');
        assert.equal((await sidewaysScroll(page)).pixels, 0);
        // The link, the controls and Start are of GPT-2 small all the same.
        assert.equal(new URL(page.url()).hash, '');
        assert.equal(await page.locator('[name="head"]').first().inputValue(), 'L1H5');
        assert.match(String(await button(page, 'Start').textContent()), /GPT-2 small \(\d+ MB\)/);
        const foreign = requests.filter((url) => !url.startsWith(harness.site.url));
        assert.deepEqual(
          foreign.filter((url) => !/^(blob|data):/.test(url)),
          [],
        );
        assert.deepEqual(await complaints(page), []);
        const { bytes } = await exportedJson(page);
        assert.ok(bytes.network > 0 && bytes.network <= 300_000, `and ${bytes.network} bytes`);
      }));
  }

  for (const [width, height] of /** @type {const} */ ([
    [1280, 800],
    [390, 844],
    [1680, 1000],
  ])) {
    test(`moves nothing that is on show at ${width} by ${height}`, async () => {
      const options = { byItself: true, width, height };
      await harness.withPage('', options, async ({ page }) => {
        await page.addInitScript(() => {
          const seen = /** @type {any} */ (globalThis);
          seen.shifts = [];
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) {
              const { value, sources } = /** @type {any} */ (entry);
              const what = sources.map(
                (/** @type {any} */ { node }) => node?.id || node?.className,
              );
              seen.shifts.push({ value, what });
            }
          }).observe({ type: 'layout-shift', buffered: true });
        });
        await page.reload();
        await reach(page, 'done');
        await page.locator('#verdict-seeds [data-value]').filter({ hasText: /\d/ }).waitFor();
        await page.waitForTimeout(500);
        const shifts = await page.evaluate(() => /** @type {any} */ (globalThis).shifts);
        const sum = shifts.reduce(
          (/** @type {number} */ total, /** @type {any} */ { value }) => total + value,
          0,
        );
        assert.ok(sum < 0.02, `${sum}: ${JSON.stringify(shifts)}`);
      });
    });
  }

  test('exports the demo as what it is', () =>
    harness.withPage('v=1&seed=7&n=8', { byItself: true }, async ({ page }) => {
      await reach(page, 'done');
      const { model, settings, link, head_scores, ablations } = await exportedJson(page);
      assert.equal(model.id, 'tiny');
      assert.equal(settings.model, 'tiny');
      assert.equal(settings.seed, 7);
      assert.match(link, /model=tiny/);
      assert.equal(head_scores.mean.length, 3);
      assert.ok(ablations.length > 0);
      assert.doesNotMatch(page.url(), /tiny/);
    }));

  test('waits for a press where the browser saves data, or the visitor chose so', async () => {
    const saves = () =>
      Object.defineProperty(Navigator.prototype, 'connection', { value: { saveData: true } });
    for (const byItself of [true, false]) {
      await harness.withPage('v=1&model=tiny', { byItself }, async ({ page }) => {
        if (byItself) {
          await page.addInitScript(saves);
          await page.reload();
        }
        await button(page, 'Start').and(page.locator(':not([aria-disabled])')).waitFor();
        await page.waitForTimeout(700);
        assert.equal(await stateOf(page), 'start');
        assert.equal(await shownModel(page), '');
        await page.locator('#model-menu > summary').click();
        assert.equal(await page.locator('#by-itself').isChecked(), false);
        await page.locator('#by-itself').check();
        await reach(page, 'done');
      });
    }
  });
});

describe('a link', () => {
  test('to a local model runs to its end, and so does every change', () =>
    harness.withPage('v=1&model=tiny&n=8&seed=3', { byItself: true }, async ({ page }) => {
      await reach(page, 'done');
      const before = await verdict(page, 'chance');
      await page.locator('[name="seed"]').fill('4');
      await page.waitForURL(/seed=4/);
      await reach(page, 'done');
      const { settings, head_scores } = await exportedJson(page);
      assert.deepEqual([settings.model, settings.seed], ['tiny', 4]);
      assert.notEqual(await verdict(page, 'chance'), before);
      assert.match(String(await verdict(page, 'rank')), /of 6$/);
      assert.ok(head_scores.chance > 0);
    }));

  test('keeps its words and text for the model that it names', () =>
    harness.withPage('v=1&text=A%20cat%20sat.', { byItself: true }, async ({ page }) => {
      await reach(page, 'done');
      assert.match(String(await page.locator('#pattern-heading').textContent()), /on prompt 1/);
      assert.equal(await page.locator('#text').inputValue(), 'A cat sat.');
      assert.match(page.url(), /text=A/);
    }));

  test('to a model elsewhere shows the demo until Start, and then that model', () => {
    const address = `${harness.models.origin}/${GOOD_MODEL}`;
    const link = `v=1&model=${encodeURIComponent(address)}&n=8&head=L1H1`;
    return harness.withPage(link, { byItself: true }, async ({ page, requests }) => {
      await reach(page, 'done');
      assert.equal(await shownModel(page), 'tiny');
      assert.ok(!requests.some((url) => url.startsWith(address)), 'its host is not asked');
      await button(page, 'Start').click();
      await page.locator(`html[data-model="${address}"]`).waitFor({ state: 'attached' });
      // The other layers would have to be fetched, so the scores wait for their button.
      await reach(page, 'ready');
      const { model, settings } = await exportedJson(page);
      assert.deepEqual([model.id, settings.model], [address, address]);
    });
  });

  test('to a model that does not come keeps the demo on show', () => {
    const address = `${harness.models.origin}/nowhere`;
    const link = `v=1&model=${encodeURIComponent(address)}&n=8`;
    const options = { byItself: true, expected: /404|Failed to load/ };
    return harness.withPage(link, options, async ({ page }) => {
      await reach(page, 'done');
      await button(page, 'Start').click();
      await page.locator('html[data-state="error"]').waitFor({ state: 'attached' });
      assert.equal(await shownModel(page), 'tiny');
      assert.ok(await page.locator('#pattern').isVisible());
      assert.ok((await complaints(page)).length > 0);
      const { model, head_scores, ablations } = await exportedJson(page);
      assert.equal(model.id, 'tiny');
      assert.ok(head_scores.mean.length === 3 && ablations.length > 0);
    });
  });
});

describe('what follows a change', () => {
  test('follows it all the same where a file that is opened right after is refused', () =>
    harness.withPage('v=1&model=tiny&n=8&seed=3', { byItself: true }, async ({ page }) => {
      await reach(page, 'done');
      const { settings, patterns } = await exportedJson(page);
      await page.evaluate(
        (damaged) => {
          const seed = /** @type {HTMLInputElement} */ (document.querySelector('#seed'));
          seed.value = '4';
          for (const kind of ['input', 'change']) seed.dispatchEvent(new Event(kind));
          const field = /** @type {HTMLInputElement} */ (document.querySelector('#open-file'));
          const given = new DataTransfer();
          given.items.add(new File([damaged], 'damaged.json'));
          field.files = given.files;
          field.dispatchEvent(new Event('change', { bubbles: true }));
        },
        JSON.stringify({ schema: 'headscope-results/1', settings }).slice(0, -9),
      );
      await page.locator('#open-problem').getByText('not JSON').waitFor();
      await page.waitForURL(/seed=4/);
      await page.waitForFunction(
        () => !['running', 'loading'].includes(document.documentElement.dataset.state ?? ''),
      );
      const after = await exportedJson(page);
      assert.equal(after.settings.seed, 4);
      assert.notDeepEqual(after.patterns.rows, patterns.rows);
      assert.notEqual(after.head_scores, null, 'and the scores, too');
    }));

  test('leaves the old results on show, pale, until the new ones are there', () =>
    harness.withPage('v=1&model=tiny', { byItself: true }, async ({ page }) => {
      await reach(page, 'done');
      await page.evaluate(() => {
        const seen = /** @type {any} */ (globalThis);
        seen.blank = [];
        const watched = ['#headmap', '#ablations-table', '#pattern'];
        const look = () => {
          for (const selector of watched) {
            const element = document.querySelector(selector);
            if (element instanceof HTMLElement && element.hidden) seen.blank.push(selector);
          }
        };
        new MutationObserver(look).observe(document.body, { attributes: true, subtree: true });
      });
      await page.locator('[name="seed"]').fill('6');
      await page.waitForURL(/seed=6/);
      await reach(page, 'done');
      await page.locator('#metric').selectOption({ index: 1 });
      await page.waitForURL(/metric=/);
      await reach(page, 'done');
      const blank = await page.evaluate(() => /** @type {any} */ (globalThis).blank);
      assert.deepEqual(blank, []);
    }));

  test('ranks a head among those that are loaded, until all of them are', () =>
    harness.withPage(
      `v=1&model=${encodeURIComponent(`${harness.models.url}${GOOD_MODEL}`)}&head=L1H1&n=12`,
      { byItself: true },
      async ({ page }) => {
        await page.locator('html[data-model="tiny"]').waitFor({ state: 'attached' });
        await button(page, 'Start').click();
        const note = page.locator('#verdict-rank [data-note]');
        await note.filter({ hasText: 'of the 8 heads loaded' }).waitFor();
        const among = String(await verdict(page, 'rank'));
        assert.match(among, /^\d of 8$/);
        assert.equal(await stateOf(page), 'ready', 'nothing more is fetched unasked');
        await page.locator('[data-action="score-heads"]').click();
        await note.filter({ hasNotText: 'loaded' }).waitFor();
        assert.match(String(await verdict(page, 'rank')), /^\d+ of 12$/);
        const { head_scores } = await exportedJson(page);
        const means = head_scores.mean.slice(0, 2).flat();
        const above = means.filter((/** @type {number} */ mean) => mean > means[5]).length;
        assert.equal(among, `${above + 1} of 8`);
      },
    ));

  test('ends with Cancel, and begins again with the next change alone', () =>
    harness.withPage('v=1&model=tiny&n=300&len=20', { byItself: true }, async ({ page }) => {
      await page.locator('#bar-cancel:not([hidden])').click();
      await page.waitForTimeout(600);
      assert.ok(['start', 'ready'].includes(String(await stateOf(page))));
      await page.locator('[name="n"]').fill('8');
      await page.waitForURL(/n=8/);
      await reach(page, 'done');
    }));

  test('a picked file runs by itself', () =>
    harness.withPage('v=1&n=8', { byItself: true }, async ({ page }) => {
      await reach(page, 'done');
      const folder = path.join(fixtures, GOOD_MODEL);
      await page
        .locator('#model-files')
        .setInputFiles(['model.safetensors', 'config.json'].map((file) => path.join(folder, file)));
      await page.locator('html[data-model="file"]').waitFor({ state: 'attached' });
      await reach(page, 'done');
    }));
});

describe('a frame', () => {
  for (const [part, selector] of /** @type {const} */ ([
    ['heatmap', '#pattern'],
    ['heads', '#headmap'],
    ['ablations', '#ablations-sentence'],
    ['verdict', '#verdict-rank'],
  ])) {
    test(`shows ${part} alone, with a caption and a way to the whole`, () =>
      harness.withPage(
        `v=1&model=tiny&n=8&embed=${part}`,
        { byItself: true, width: 700, height: 600 },
        async ({ page }) => {
          await reach(page, 'done');
          const { high } = await inView(page, selector);
          assert.ok(high > 50, `${high} pixels of it are in view`);
          for (const hidden of ['.masthead', '#title', '#fed', '.settings', '#export-title']) {
            assert.equal(await page.locator(hidden).first().isVisible(), false, hidden);
          }
          const text = String(await page.locator('#embed-text').textContent());
          assert.match(text, /Head L1H\d on prompt 1 \(demo model, not GPT-2\)/);
          const whole = await page.locator('#embed-link').getAttribute('href');
          assert.match(String(whole), /model=tiny/);
          assert.doesNotMatch(String(whole), /embed/);
        },
      ));
  }
});

test('Start while the demo still runs means the link’s model', () =>
  harness.withPage('v=1&model=tiny&n=6', { byItself: true }, async ({ page }) => {
    await start(page, 'done').catch(() => reach(page, 'done'));
    assert.equal(await shownModel(page), 'tiny');
  }));
