// What scripts may rely on: the link and the page's attributes. Nothing else is used
// here to find the way; visible names and ids may change without a word.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { FAILED_REQUEST, SMALL, useHarness } from './harness.mjs';
import { GOOD_MODEL, makeModels } from './models.mjs';

/** @typedef {import('playwright-core').Page} Page */

const harness = useHarness(async () => {
  const { folder, remove } = await makeModels();
  return { models: folder, remove };
});

/** @param {Page} page @param {string} name */
const action = (page, name) => page.locator(`[data-action="${name}"]`);

/** @param {Page} page @param {string} key */
const setting = (page, key) => page.locator(`[name="${key}"]`);

/** @param {Page} page */
const problem = (page) => page.locator('[data-role="problem"]');

/** @param {Page} page @param {string} what */
const finding = (page, what) => page.locator(`[data-finding="${what}"]`);

/** @param {Page} page @param {string} state @param {string} [model] */
async function reached(page, state, model) {
  const shown = model === undefined ? '' : `[data-model="${model}"]`;
  await page
    .locator(`html[data-state="${state}"]${shown}`)
    .waitFor({ state: 'attached', timeout: 60_000 });
}

/** @param {Page} page */
const html = (page) =>
  page.locator('html').evaluate(({ dataset: { state, model } }) => ({ state, model }));

/**
 * Opens whatever a control is folded away in.
 * @param {Page} page
 * @param {string} key
 */
async function unfolded(page, key) {
  const control = setting(page, key).first();
  await control.evaluate((element) => {
    for (let at = element.parentElement; at; at = at.parentElement) {
      if (at instanceof HTMLDetailsElement) at.open = true;
    }
  });
  return control;
}

/** @param {Page} page @param {string} name */
async function saved(page, name) {
  const [download] = await Promise.all([page.waitForEvent('download'), action(page, name).click()]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

const ACTIONS = [
  'start',
  'cancel',
  'score-heads',
  'run-ablations',
  'copy-link',
  'export-json',
  'export-csv',
  'export-png',
  'export-svg',
  'export-notebook',
  'export-npz',
  'copy-python',
  'clear-cache',
];

describe('a script finds', () => {
  test('every action once, before anything runs, while it runs and after', () =>
    harness.withPage(SMALL, {}, async ({ page }) => {
      const counts = () =>
        page.evaluate(
          (names) => names.map((name) => document.querySelectorAll(`[data-action=${name}]`).length),
          ACTIONS,
        );
      const once = ACTIONS.map(() => 1);
      assert.deepEqual(await counts(), once);
      assert.deepEqual(await html(page), { state: 'start', model: '' });
      await action(page, 'start').click();
      assert.deepEqual(await counts(), once);
      await reached(page, 'ready', 'tiny');
      await action(page, 'run-ablations').click();
      await reached(page, 'ready');
      assert.deepEqual(await counts(), once);
      assert.equal(await problem(page).count(), 1);
      assert.equal(await problem(page).textContent(), '');
    }));

  test('every setting under the name it has in the link', () =>
    harness.withPage(SMALL, {}, async ({ page }) => {
      await action(page, 'start').click();
      await reached(page, 'ready', 'tiny');
      /** @type {[key: string, value: string, written?: RegExp][]} */
      const values = [
        ['seed', '7'],
        ['n', '8'],
        ['len', '9'],
        ['cats', '2'],
        ['prompt', '3'],
        ['head', 'L0H1'],
        ['pins', 'L2H0', /pins=L2H0/],
        ['text', 'The cat saw a horse', /text=The\+cat/],
      ];
      for (const [key, value, written] of values) {
        const control = await unfolded(page, key);
        await control.fill(value);
        await control.press(key === 'text' ? 'Tab' : 'Enter');
        await page.waitForURL(written ?? new RegExp(`[#&]${key}=${value}(&|$)`));
      }
      const text = await unfolded(page, 'text');
      await text.fill('');
      await page.waitForURL((url) => !url.hash.includes('text='));
      const ablate = await unfolded(page, 'ablate');
      await ablate.fill('L0.mlp');
      await ablate.press('Tab');
      await page.waitForURL(/ablate=L0.mlp/);
      const last = setting(page, 'seeds').last();
      await unfolded(page, 'seeds');
      await last.fill('25');
      await page.waitForURL(/seeds=0-25/);
      const words = await unfolded(page, 'words');
      await words.fill('red,blue,green\ncat,dog,horse\n');
      await page.waitForURL(/words=red/);
      for (const [key, value] of [
        ['metric', 'row-mass'],
        ['target', 'self'],
        ['kind', 'zero'],
        ['against', 'position-mean'],
        ['over', 'prompt'],
      ]) {
        await setting(page, key ?? '').selectOption(value ?? '');
        await page.waitForURL(new RegExp(`[#&]${key}=${value}(&|$)`));
      }
      await unfolded(page, 'view');
      await page.locator('[name="view"]:has([value="log"])').selectOption('log');
      await page.waitForURL(/view=log/);
      await reached(page, 'ready', 'tiny');
    }));
});

describe('a script', () => {
  test('starts, scores, ablates, reads the findings, saves every file and copies the link', () =>
    harness.withPage(SMALL, {}, async ({ page }) => {
      await action(page, 'start').click();
      await reached(page, 'ready', 'tiny');
      await action(page, 'score-heads').click();
      await finding(page, 'heads')
        .filter({ hasText: /L\dH\d/ })
        .waitFor();
      await reached(page, 'ready', 'tiny');
      await action(page, 'run-ablations').click();
      await reached(page, 'done', 'tiny');
      assert.match(String(await finding(page, 'ablations').textContent()), /L\dH\d/);

      const json = await saved(page, 'export-json');
      const results = JSON.parse(json.bytes.toString());
      assert.equal(results.schema, 'headscope-results/1');
      assert.equal(results.model.id, 'tiny');
      assert.match((await saved(page, 'export-csv')).bytes.toString(), /,/);
      assert.equal((await saved(page, 'export-png')).bytes.subarray(1, 4).toString(), 'PNG');
      assert.match((await saved(page, 'export-svg')).bytes.toString(), /^<svg/);
      assert.match((await saved(page, 'export-notebook')).bytes.toString(), /"nbformat": 4/);
      assert.match((await saved(page, 'export-npz')).bytes.toString('latin1'), /^PK/);

      await action(page, 'copy-link').click();
      await page.waitForFunction(async () => (await navigator.clipboard.readText()).includes('#'));
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), page.url());

      // What is up to date may be asked for again.
      for (const name of ['start', 'score-heads', 'run-ablations']) {
        await action(page, name).click();
        await reached(page, 'done', 'tiny');
      }
      assert.equal(await problem(page).textContent(), '');
    }));

  test('goes through to the end by one press where the link says so', () =>
    harness.withPage(`${SMALL}&run=all`, {}, async ({ page }) => {
      await action(page, 'start').click();
      await reached(page, 'done', 'tiny');
      assert.notEqual(await finding(page, 'heads').textContent(), '');
      assert.notEqual(await finding(page, 'ablations').textContent(), '');
    }));

  test('sees in the same task that a change is not through', () =>
    harness.withPage(SMALL, {}, async ({ page }) => {
      await action(page, 'start').click();
      await reached(page, 'ready', 'tiny');
      const changed = await setting(page, 'metric').evaluate((select) => {
        /** @type {HTMLSelectElement} */ (select).value = 'row-mass';
        select.dispatchEvent(new Event('change', { bubbles: true }));
        return document.documentElement.dataset.state;
      });
      assert.equal(changed, 'running');
      await reached(page, 'ready', 'tiny');
    }));

  test('sees the new model’s name with its heatmap, and the old one’s until then', () =>
    harness.withPage(SMALL, {}, async ({ page }) => {
      await action(page, 'start').click();
      await reached(page, 'ready', 'tiny');
      const other = `${harness.models.url}${GOOD_MODEL}`;
      // What was on the canvas each time that the model's name changed.
      await page.evaluate(() => {
        const seen = /** @type {any[]} */ ([]);
        Object.assign(globalThis, { seen });
        new MutationObserver(() => {
          const canvas = document.querySelector('canvas[aria-label^="Attention of head"]');
          const { data } = /** @type {any} */ (canvas)
            .getContext('2d')
            .getImageData(0, 0, 900, 400);
          let sum = 0;
          for (let i = 0; i < data.length; i += 4) sum = (sum * 31 + data[i]) % 1_000_003;
          seen.push([document.documentElement.dataset.model, sum]);
        }).observe(document.documentElement, { attributeFilter: ['data-model'] });
      });
      await page.evaluate((model) => {
        location.hash = `v=1&model=${encodeURIComponent(model)}&n=6&len=8&cats=3`;
      }, other);
      await reached(page, 'start', '');
      await action(page, 'start').click();
      await reached(page, 'ready', other);
      await page.waitForTimeout(300);
      const seen = await page.evaluate(() => {
        const canvas = document.querySelector('canvas[aria-label^="Attention of head"]');
        const { data } = /** @type {any} */ (canvas).getContext('2d').getImageData(0, 0, 900, 400);
        let sum = 0;
        for (let i = 0; i < data.length; i += 4) sum = (sum * 31 + data[i]) % 1_000_003;
        return { then: /** @type {any} */ (globalThis).seen, now: sum };
      });
      assert.deepEqual(seen.then.at(-1), [other, seen.now]);
    }));

  test('cancels whatever runs: a load, a scoring, a tool', () =>
    harness.withPage('v=1&model=tiny&n=400&len=40&cats=4', {}, async ({ page }) => {
      let held = true;
      await page.context().route(/model\.safetensors/, async (route) => {
        while (held) await new Promise((resolve) => setTimeout(resolve, 50));
        await route.continue().catch(() => {});
      });
      await action(page, 'start').click();
      await reached(page, 'loading', '');
      await action(page, 'cancel').click();
      await reached(page, 'start', '');
      held = false;
      await action(page, 'start').click();
      await reached(page, 'ready', 'tiny');
      for (const name of ['score-heads', 'run-ablations']) {
        // In one task, before anything can have ended.
        const between = await page.evaluate((pressed) => {
          const press = (/** @type {string} */ action) =>
            /** @type {any} */ (document.querySelector(`[data-action=${action}]`)).click();
          press(pressed);
          const { state } = document.documentElement.dataset;
          press('cancel');
          return state;
        }, name);
        assert.equal(between, 'running');
        await reached(page, 'ready', 'tiny');
      }
      assert.equal(await finding(page, 'ablations').textContent(), '');
      assert.equal(await finding(page, 'heads').textContent(), '');
      assert.equal(await problem(page).textContent(), '');
    }));

  test('clears the cache of what was downloaded', () => {
    const model = `${harness.models.url}${GOOD_MODEL}`;
    const link = `v=1&model=${encodeURIComponent(model)}&n=6&len=8&cats=3`;
    return harness.withPage(link, {}, async ({ page }) => {
      const stored = () =>
        page.evaluate(async (part) => {
          const names = await caches.keys();
          const kept = await Promise.all(
            names.map(async (name) => (await caches.open(name)).keys()),
          );
          return kept.flat().filter(({ url }) => url.includes(part)).length;
        }, GOOD_MODEL);
      await action(page, 'start').click();
      await reached(page, 'ready', model);
      assert.ok((await stored()) > 0);
      await action(page, 'clear-cache').click();
      while ((await stored()) > 0) await page.waitForTimeout(50);
      // What is shown stays, and what is wanted again comes again.
      await action(page, 'score-heads').click();
      await finding(page, 'heads')
        .filter({ hasText: /L\dH\d/ })
        .waitFor();
      await reached(page, 'ready', model);
    });
  });
});

describe('what went wrong is told in one place', () => {
  /** @type {[what: string, model: () => string][]} */
  const UNREACHABLE = [
    ['nothing is there', () => `${harness.models.url}nowhere`],
    ['nobody answers', () => 'http://127.0.0.1:9/model'],
    ['it is no model', () => `${harness.models.url}another-architecture`],
  ];
  for (const [what, model] of UNREACHABLE) {
    test(`where ${what}, and is gone once another model runs`, () =>
      harness.withPage(
        `v=1&model=${encodeURIComponent(model())}`,
        { expected: FAILED_REQUEST },
        async ({ page }) => {
          assert.equal(await problem(page).textContent(), '');
          await action(page, 'start').click();
          await reached(page, 'error', '');
          assert.equal(await problem(page).count(), 1);
          assert.ok(String(await problem(page).textContent()).length > 20);
          assert.equal(await problem(page).isVisible(), true);
          await page.evaluate(() => {
            location.hash = 'v=1&model=tiny&n=6&len=8&cats=3';
          });
          await reached(page, 'start', '');
          await action(page, 'start').click();
          await reached(page, 'ready', 'tiny');
          assert.equal(await problem(page).count(), 1);
          assert.equal(await problem(page).textContent(), '');
        },
      ));
  }

  test('also where a step after the first fails', () =>
    harness.withPage(
      `${SMALL}&text=${Array(12).fill('cat').join('+')}&target=pair-0-1`,
      {},
      async ({ page }) => {
        await action(page, 'start').click();
        await reached(page, 'ready', 'tiny');
        await action(page, 'run-ablations').click();
        await reached(page, 'error', 'tiny');
        assert.equal(await problem(page).count(), 1);
        assert.ok(String(await problem(page).textContent()).length > 20);
        await (await unfolded(page, 'text')).fill('The cat saw a horse and a cow');
        await setting(page, 'target').selectOption('same-category');
        await reached(page, 'ready', 'tiny');
        assert.equal(await problem(page).textContent(), '');
        await action(page, 'run-ablations').click();
        await reached(page, 'ready', 'tiny');
      },
    ));

  test('and what a link asked for in vain in another, by name', () =>
    harness.withPage(`${SMALL}&metric=best&kind=none`, {}, async ({ page }) => {
      const notice = page.locator('[data-role="link-notice"]');
      assert.equal(await notice.count(), 1);
      await notice.filter({ hasText: /metric.*kind/s }).waitFor();
      assert.equal(await problem(page).textContent(), '');
      await action(page, 'start').click();
      await reached(page, 'ready', 'tiny');
      assert.equal(await setting(page, 'metric').inputValue(), 'cell-mean');
    }));

  test('or nothing, for a good link', () =>
    harness.withPage(SMALL, {}, async ({ page }) => {
      await action(page, 'start').click();
      await reached(page, 'ready', 'tiny');
      const notice = page.locator('[data-role="link-notice"]');
      assert.equal(await notice.textContent(), '');
      assert.equal(await notice.isVisible(), false);
    }));
});
