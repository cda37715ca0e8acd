// What leaves the page and comes back: links, results files, tables, citations,
// and what a reload keeps.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, describe, test } from 'node:test';
import {
  accessibilityViolations,
  button,
  compareCategories,
  complaints,
  exported,
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
 * Opens a results file by the page's own button.
 * @param {Page} page
 * @param {string | Buffer} contents
 * @param {string} [name]
 */
async function openFile(page, contents, name = 'results.json') {
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    button(page, 'Open…').click(),
  ]);
  const buffer = Buffer.from(contents);
  await chooser.setFiles({ name, mimeType: 'application/json', buffer });
}

/** A table of words that no link can hold: 5000 that have little in common. */
function endlessTable() {
  let seed = 1;
  const word = () => {
    seed = (seed * 48271) % 2147483647;
    return seed.toString(36);
  };
  return Array.from({ length: 500 }, () => Array.from({ length: 10 }, word).join(',')).join('\n');
}

describe('links', () => {
  test('an edited table is packed, and restores the same prompts elsewhere', async () => {
    const table = Array.from({ length: 8 }, (_, i) =>
      ['river', 'lake', 'ocean', 'sea', 'pond', 'stream'].map((word) => `${word}${i}`).join(','),
    ).join('\n');
    const plain = `${SMALL}&words=${encodeURIComponent(table)}`;
    /** @param {string} hash */
    const study = (hash) =>
      harness.withPage(hash, {}, async ({ page }) => {
        await start(page, 'ready');
        await page.locator('#seed').fill('8');
        await page.waitForURL(/seed=8/);
        await reach(page, 'ready');
        const results = await exportedJson(page);
        await button(page, 'Copy link').click();
        await page.locator('#share-note').filter({ hasText: 'Link copied.' }).waitFor();
        return { results, link: await page.evaluate(() => navigator.clipboard.readText()) };
      });
    const first = await study(plain);
    assert.match(first.link, /&words-z=[\w-]+/);
    assert.ok(first.link.length < plain.length, `${first.link.length} of ${plain.length}`);
    const again = await study(first.link.split('#')[1] ?? '');
    for (const part of ['settings', 'prompts', 'patterns', 'breakdown', 'link']) {
      assert.deepEqual(again.results[part], first.results[part], part);
    }
  });

  test('a damaged packed table is reported by name, and the page works', () =>
    harness.withPage(`${SMALL}&words-z=AAAAdamaged`, {}, async ({ page }) => {
      await startable(page);
      assert.match((await complaints(page)).join(' | '), /word table is damaged in this link/);
      await start(page, 'ready');
    }));

  test('one too long to share is not copied, and a settings file takes its place', () =>
    harness.withPage(SMALL, {}, async ({ page }) => {
      await startable(page);
      await page.evaluate(() => navigator.clipboard.writeText('untouched'));
      await page.locator('#words').evaluate((editor, csv) => {
        /** @type {any} */ (editor).value = csv;
        editor.dispatchEvent(new Event('input'));
      }, endlessTable());
      await page.waitForURL(/words-z=/);
      await button(page, 'Copy link').click();
      await page
        .locator('#share-note')
        .filter({ hasText: /Not copied.*\d+ characters/ })
        .waitFor();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'untouched');
      await startable(page);
      const settings = await exported(page, 'Download settings');
      const { words } = JSON.parse(settings.bytes.toString()).settings;
      assert.equal(words.trimEnd(), endlessTable());

      await page.goto(`${harness.site.url}#v=1&model=tiny&seed=3`);
      await page.reload();
      await startable(page);
      await openFile(page, settings.bytes, settings.name);
      await page
        .locator('#open-note')
        .filter({ hasText: /are in force/ })
        .waitFor();
      assert.equal(await page.locator('#words').inputValue(), words);
      assert.equal(await page.locator('#n').inputValue(), '6');
    }));
});

describe('the menu in the header', () => {
  const menu = '#share-menu';

  test('copies the link and saves files by keyboard, from anywhere on the page', () =>
    harness.withPage(SMALL, {}, async ({ page }) => {
      await start(page, 'ready');
      await page.evaluate(() => scrollTo(0, 1500));
      await page.locator(`${menu} > summary`).focus();
      await page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      const note = page.locator('#share-menu-note');
      await note.filter({ hasText: 'Link copied.' }).waitFor();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), page.url());
      for (const ending of ['json', 'png']) {
        await page.keyboard.press('Tab');
        const [download] = await Promise.all([
          page.waitForEvent('download'),
          page.keyboard.press('Enter'),
        ]);
        assert.match(download.suggestedFilename(), new RegExp(`\\.${ending}$`));
        await note.filter({ hasText: download.suggestedFilename() }).waitFor();
      }
      assert.deepEqual(await accessibilityViolations(page), []);
      await page.keyboard.press('Escape');
      assert.equal(await page.locator(menu).getAttribute('open'), null);
      const focused = page.evaluate(() => document.activeElement?.matches('#share-menu > summary'));
      assert.ok(await focused);
    }));

  test('fits a phone, waits for something to save, and closes at a tap elsewhere', () =>
    harness.withPage(
      SMALL,
      { width: 360, height: 740, context: { hasTouch: true, isMobile: true } },
      async ({ page }) => {
        await startable(page);
        await page.locator(`${menu} > summary`).tap();
        const entries = page.locator(`${menu} button`);
        assert.deepEqual(await entries.evaluateAll((all) => all.map((each) => each.ariaDisabled)), [
          null,
          'true',
          'true',
        ]);
        await page
          .locator('#share-menu-note')
          .filter({ hasText: /once a head is shown/ })
          .waitFor();
        const { pixels, wide } = await sidewaysScroll(page);
        assert.equal(pixels, 0, wide.join(', '));
        const box = await page.locator(`${menu} .menu-body`).boundingBox();
        assert.ok(box && box.x >= 0 && box.x + box.width <= 360, JSON.stringify(box));
        assert.deepEqual(await accessibilityViolations(page), []);
        await page.touchscreen.tap(30, 600);
        assert.equal(await page.locator(menu).getAttribute('open'), null);
      },
    ));
});

describe('a results file', () => {
  /** @type {any} */
  let results;
  before(async () => {
    results = await harness.withPage(`${SMALL}&run=all`, {}, async ({ page }) => {
      await start(page, 'done');
      await compareCategories(page);
      await page.locator('#categories-table table').waitFor();
      return exportedJson(page);
    });
    assert.ok(results.further.categories && results.ablations.length > 0);
  });

  test('shows everything without a model, and exports as the same file', () =>
    harness.withPage('v=1&model=tiny&seed=1', {}, async ({ page, requests }) => {
      await startable(page);
      await openFile(page, JSON.stringify(results));
      const notice = page.locator('#import-notice');
      await notice.filter({ hasText: /results from results\.json/ }).waitFor();
      assert.match(String(await notice.textContent()), /nothing was computed here/);
      assert.ok(String(await notice.textContent()).includes(results.build));
      assert.equal(await page.locator('#pattern').isVisible(), true);
      assert.equal(await page.locator('#headmap').isVisible(), true);
      const lines = page.locator('#ablations-table tbody tr');
      await lines.first().waitFor({ state: 'attached' });
      const rows = await lines.count();
      assert.equal(rows, results.ablations.length);
      await page.locator('#categories').scrollIntoViewIfNeeded();
      await page.locator('#categories-table table').waitFor();
      assert.deepEqual(await exportedJson(page), results);
      assert.deepEqual(
        requests.filter((url) => url.includes('safetensors')),
        [],
      );
      assert.match(page.url(), /n=6/);
      assert.deepEqual(await accessibilityViolations(page), []);
    }));

  test('gives way to what was there before, and to a new run', () =>
    harness.withPage('v=1&model=tiny&seed=1&n=5', {}, async ({ page }) => {
      await start(page, 'ready');
      const own = await exportedJson(page);
      await openFile(page, JSON.stringify(results));
      await page.locator('#import-notice').filter({ hasText: 'Results from' }).waitFor();
      await button(page, 'Close').click();
      await page.waitForURL(/seed=1/);
      await page
        .locator('#pattern-heading')
        .filter({ hasText: `Head ${own.patterns.head}` })
        .waitFor();
      assert.deepEqual(await exportedJson(page), own);

      await openFile(page, JSON.stringify(results));
      await page.waitForURL(/n=6/);
      await button(page, 'Recompute').click();
      // The link of the file says to go on to everything.
      await reach(page, 'done');
      assert.equal(await page.locator('#import-notice').isHidden(), true);
      const again = await exportedJson(page);
      for (const part of ['prompts', 'head_scores', 'patterns', 'breakdown', 'ablations']) {
        assert.deepEqual(again[part], results[part], part);
      }
    }));

  test('that is dropped on the page opens', () =>
    harness.withPage('v=1&model=tiny', {}, async ({ page }) => {
      await startable(page);
      const data = await page.evaluateHandle((text) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([text], 'dropped.json', { type: 'application/json' }));
        return transfer;
      }, JSON.stringify(results));
      await page.dispatchEvent('body', 'drop', { dataTransfer: data });
      await page.locator('#import-notice').filter({ hasText: 'dropped.json' }).waitFor();
    }));

  /** @type {[what: string, contents: (good: any) => string, says: RegExp][]} */
  const BAD = [
    ['no JSON', () => 'PK\u0003\u0004', /not JSON/],
    ['another JSON', () => '{"schema":"something-else"}', /no Headscope results file/],
    [
      'a pattern of another size',
      (good) => JSON.stringify({ ...good, patterns: { ...good.patterns, rows: [[1]] } }),
      /The file’s patterns/,
    ],
    [
      'markup for a number',
      (good) => JSON.stringify({ ...good, settings: { ...good.settings, seed: '<img src=x>' } }),
      /The file’s settings cannot be used: seed is "<img src=x>"/,
    ],
    [
      'other prompts',
      (good) => JSON.stringify({ ...good, settings: { ...good.settings, seed: 4 } }),
      /The file’s prompts/,
    ],
  ];
  for (const [what, contents, says] of BAD) {
    test(`with ${what} is refused in words, and what is shown stays`, () =>
      harness.withPage(SMALL, {}, async ({ page }) => {
        await start(page, 'ready');
        const before = await exportedJson(page);
        await openFile(page, contents(results));
        const problem = page.locator('#open-problem .problem');
        await problem.filter({ hasText: says }).waitFor();
        assert.match(String(await problem.textContent()), /kept/);
        assert.equal(await page.locator('#open-problem img').count(), 0);
        assert.deepEqual(await exportedJson(page), before);
      }));
  }
});

test('any table is saved as CSV, with whole numbers behind the rounded ones', () =>
  harness.withPage(`${SMALL}&run=all`, {}, async ({ page }) => {
    await start(page, 'done');
    const results = await exportedJson(page);
    for (const id of ['pattern-table-fold', 'scores-table-fold']) {
      await page.locator(`#${id} > summary`).click();
    }
    await compareCategories(page);
    await page.locator('#categories-table table').waitFor();
    const tables = page.locator('table:visible');
    const count = await tables.count();
    assert.ok(count >= 3, `${count} tables`);
    /** @type {Record<string, string[]>} */
    const files = {};
    for (let index = 0; index < count; index++) {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        tables.nth(index).getByRole('button', { name: 'Save as CSV' }).click(),
      ]);
      const name = download.suggestedFilename();
      assert.match(name, /^headscope-L\dH\d-seed5-tiny-[\w-]+\.csv$/);
      const text = await readFile(await download.path(), 'utf8');
      files[name] = text.trimEnd().split(/\r?\n/);
    }
    const [, heads] =
      Object.entries(files).find(([name]) => /every-head/.test(name)) ??
      assert.fail('no head table');
    assert.match(String(heads[0]), /^Head.*,Rank.*,Mean/);
    const best = String(heads[1]).split(',');
    const [layer, head] = String(best[0]).slice(1).split('H').map(Number);
    assert.equal(Number(best[2]), results.head_scores.mean[layer ?? 0][head ?? 0]);
  }));

test('the citation names the head, the seed, the build and the link', () =>
  harness.withPage(`${SMALL}&seed=7`, {}, async ({ page }) => {
    await start(page, 'ready');
    const { build } = await exportedJson(page);
    await page.locator('#cite-fold > summary').click();
    await page.locator('#cite-text').filter({ hasText: '@misc' }).waitFor();
    const text = String(await page.locator('#cite-text').textContent());
    assert.match(text, /^@misc\{headscope-L\dH\d-seed7,/);
    assert.ok(text.includes(`url     = {${page.url()}}`), text);
    assert.ok(text.includes(`Build ${build.replaceAll('_', '\\_')}`), text);
    assert.match(text, /urldate = \{\d{4}-\d\d-\d\d\}/);
    assert.match(text, /Migliarini.*Gott/);
    await button(page, 'Copy BibTeX').click();
    await page.locator('#share-note').filter({ hasText: 'Citation copied.' }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), text);
  }));

test('a reload comes back to the same results, the same folds and the same place', () =>
  harness.withPage(SMALL, {}, async ({ page }) => {
    await start(page, 'ready');
    await button(page, 'Score all heads').click();
    await page.locator('#top-heads button').first().waitFor();
    await page.locator('#scores-table-fold > summary').click();
    await page.locator('#scores-table-fold').scrollIntoViewIfNeeded();
    const before = await exportedJson(page);
    await page.waitForFunction(() => {
      const kept = JSON.parse(sessionStorage.getItem('headscope-results') ?? 'null');
      return kept && JSON.parse(kept.text).head_scores !== null;
    });
    const scroll = await page.evaluate(() => scrollY);
    assert.ok(scroll > 200);
    await page.reload();
    await page.locator('#import-notice').filter({ hasText: 'Results from before' }).waitFor();
    await page.locator('#scores-table-fold[open] table').waitFor();
    await page.waitForFunction((was) => Math.abs(scrollY - was) < 150, scroll);
    assert.deepEqual(await exportedJson(page), before);
    // Another link is another study.
    await page.goto(`${harness.site.url}#v=1&model=tiny&seed=99`);
    await page.reload();
    await startable(page);
    assert.equal(await page.locator('#import-notice').isHidden(), true);
  }));
