// What controls and reports say, and when they stop saying it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  button,
  complaints,
  exported,
  exportedJson,
  reach,
  SMALL,
  start,
  startable,
  useHarness,
} from './harness.mjs';

const harness = useHarness();

/**
 * Writes into the field of one's own text, which may be folded away.
 * @param {import('playwright-core').Page} page
 * @param {string} text
 */
function setText(page, text) {
  return page.locator('#text').evaluate((field, value) => {
    /** @type {any} */ (field).value = value;
    field.dispatchEvent(new Event('input'));
  }, text);
}

/** A text with two animals and two colours. */
const TEXT = 'The+red+dog+sat+by+a+blue+cat';

test('a value that is refused leaves the last good one in force, and the control says so', () =>
  harness.withPage(SMALL, {}, async ({ page }) => {
    await startable(page);
    const error = page.locator('#n-error');
    await page.locator('#n').fill('0');
    await error.filter({ hasText: /from 1 to 500\. Until then 6 stays in force\.$/ }).waitFor();
    assert.match(page.url(), /n=6/);
    await page.locator('#cats').fill('99');
    await page
      .locator('#cats-error')
      .filter({ hasText: /10 categories, fewer than 99\. Until then 3 stays in force\.$/ })
      .waitFor();
    await page.locator('#n').fill('7');
    await page.waitForURL(/n=7/);
    assert.equal(await error.textContent(), '');
    // A link's value is another matter: there something was used instead.
    await page.evaluate(() => (location.hash = 'v=1&model=tiny&n=0'));
    await error.filter({ hasText: /from 1 to 500\. Instead, 30 is used\.$/ }).waitFor();
    assert.equal(await page.locator('#n').inputValue(), '30');
  }));

test('a reset leaves no draft and no complaint behind', () =>
  harness.withPage(SMALL, {}, async ({ page }) => {
    await start(page, 'ready');
    for (const id of ['words-fold', 'components-fold']) {
      await page.locator(`#${id} > summary`).click();
    }
    await page.locator('#words-add').click();
    await page.locator('#words-rows input').last().fill('apple, banana, apple');
    await page
      .locator('#words-error')
      .filter({ hasText: /stays in force/ })
      .waitFor();
    /** @type {[id: string, value: string][]} */
    const drafts = [
      ['n', '0'],
      ['head', 'first'],
      ['seed', '-1'],
      ['seeds-to', 'x'],
      ['ablate', 'L0.nothing'],
    ];
    for (const [id, value] of drafts) {
      await page.locator(`#${id}`).fill(value);
      await page.keyboard.press('Tab');
      await page
        .locator(`#${id === 'seeds-to' ? 'seeds' : id}-error`)
        .filter({ hasText: /./ })
        .waitFor();
    }
    await page.locator('#pin-head').fill('L9H9');
    await page.locator('#pin-head').press('Enter');
    await page
      .locator('#pin-head-error')
      .filter({ hasText: /has L0 to L2, H0 to H1/ })
      .waitFor();

    await button(page, 'Reset settings').click();
    await page.waitForURL(/#v=1&model=tiny(&head=L\dH\d)?$/);
    assert.deepEqual(await complaints(page), []);
    assert.equal(await page.locator('[aria-invalid="true"]').count(), 0);
    assert.equal(await page.locator('#words-rows li').count(), 10);
    for (const [id, value] of [
      ['n', '30'],
      ['seed', '5'],
      ['seeds-to', '19'],
      ['ablate', ''],
      ['pin-head', ''],
    ]) {
      assert.equal(await page.locator(`#${id}`).inputValue(), value, id);
    }
    // Nor does one come back a moment later.
    await page.waitForTimeout(600);
    assert.deepEqual(await complaints(page), []);
    assert.match(page.url(), /#v=1&model=tiny(&head=L\dH\d)?$/);
  }));

test('with a text of one’s own, what only drawn prompts have rests', () =>
  harness.withPage(`${SMALL}&prompt=2&text=${TEXT}`, {}, async ({ page }) => {
    await startable(page);
    const prompt = page.locator('#prompt');
    for (const key of ['prompt', 'seed', 'n', 'len', 'cats']) {
      assert.equal(await page.locator(`#${key}`).inputValue(), '', key);
      assert.equal(await page.locator(`#${key}`).isDisabled(), true, key);
    }
    assert.equal(await page.locator('#all-prompts').isVisible(), false);
    assert.match(String(await page.locator('#fed-title').textContent()), /^Your text/);
    await setText(page, '');
    await page
      .locator('#fed-title')
      .filter({ hasText: /^Prompt 2/ })
      .waitFor();
    assert.equal(await prompt.inputValue(), '2');
    assert.equal(await prompt.isDisabled(), false);
    assert.equal(await page.locator('#seed').inputValue(), '5');
    assert.equal(await page.locator('#all-prompts').isVisible(), true);
  }));

test('with a text of one’s own, what is drawn rests, and names say text', () =>
  harness.withPage(`${SMALL}&seed=9&head=L2H1&text=${TEXT}`, {}, async ({ page }) => {
    const text = page.locator('#text');
    await start(page, 'ready');
    for (const key of ['seed', 'n', 'len', 'cats']) {
      const field = page.locator(`#${key}`);
      assert.equal(await field.isDisabled(), true, key);
      assert.equal(await field.inputValue(), '', key);
      assert.equal(await field.getAttribute('placeholder'), 'your text', key);
    }
    assert.equal(await page.locator('#pattern-heading').textContent(), 'Head L2H1 on your text');
    assert.match(String(await page.locator('#pattern').getAttribute('aria-label')), /on your text/);
    assert.equal(await page.locator('#all-prompts').isVisible(), false);
    assert.equal(await page.locator('#fed-verdict').textContent(), '');
    for (const [name, ending] of [
      ['Export JSON', 'json'],
      ['Export CSV', 'csv'],
    ]) {
      const file = await exported(page, String(name));
      assert.equal(file.name, `headscope-L2H1-text.${ending}`);
    }
    assert.equal((await exported(page, 'Export SVG')).name, 'headscope-L2H1-text-heatmap.svg');
    await setText(page, '');
    await page.locator('#all-prompts').waitFor();
    await reach(page, 'ready');
    assert.equal(await page.locator('#seed').inputValue(), '9');
    assert.equal(await page.locator('#seed').isDisabled(), false);
    assert.equal((await exported(page, 'Export JSON')).name, 'headscope-L2H1-seed9-prompt1.json');
    assert.equal(await text.inputValue(), '');
  }));

test('a text too long for the model says so where it was written', () =>
  harness.withPage(`${SMALL}&text=${TEXT}`, {}, async ({ page }) => {
    await start(page, 'ready');
    const error = page.locator('#text-error');
    const verdict = page.locator('#fed-verdict');
    for (const [long, said] of [
      ['dog cat '.repeat(40), /Your text has 82 tokens.* takes 64\. Shorten it/],
      ['river '.repeat(70), /Your text has \d+ tokens.* takes 64\. Shorten it/],
      // More than any model takes: rare signs are several tokens each.
      [
        '\u{10FFFD}'.repeat(4500),
        /longer than any model’s context|longer than any model's context/,
      ],
    ]) {
      await setText(page, String(long));
      await error.filter({ hasText: said }).waitFor();
      assert.notEqual(await verdict.textContent(), 'kept');
      assert.equal(await page.locator('#text').getAttribute('aria-invalid'), 'true');
      // Neither the prompt before nor its heatmap stands under it.
      await page.waitForFunction(
        () => !/red/.test(String(document.querySelector('#fed')?.textContent)),
      );
      await page
        .locator('#pattern-empty')
        .filter({ hasText: /Shorten/ })
        .waitFor();
      await setText(page, 'The red dog sat by a blue cat');
      await error.filter({ hasText: /^$/ }).waitFor({ state: 'attached' });
      await page.locator('#fed').filter({ hasText: 'red' }).waitFor();
      await reach(page, 'ready');
      assert.equal(await verdict.textContent(), '');
    }
  }));

test('of a single prompt, no spread and no interval is claimed', () =>
  harness.withPage(`${SMALL}&text=${TEXT}&run=all`, {}, async ({ page }) => {
    await start(page, 'done');
    const sentence = String(await page.locator('#ablations-sentence').textContent());
    assert.match(sentence, /1 prompt\)/);
    assert.doesNotMatch(sentence, /interval/);
    const line = page.locator('#ablations-table tbody tr').first();
    await line.waitFor({ state: 'attached' });
    const cells = await line.locator('td').all();
    assert.equal(await cells[3]?.textContent(), '–');
    await page.locator('#scores-table-fold > summary').click();
    const row = page.locator('#scores-table tbody tr').first();
    await row.waitFor();
    assert.equal(await row.locator('td').nth(2).textContent(), '–');
  }));

test('“Link copied.” goes when the link has changed', () =>
  harness.withPage(SMALL, {}, async ({ page }) => {
    await start(page, 'ready');
    await button(page, 'Copy link').click();
    const note = page.locator('#share-note');
    await note.filter({ hasText: 'Link copied.' }).waitFor();
    await page.locator('#metric').selectOption('row-mass');
    await page.waitForURL(/metric=row-mass/);
    assert.equal(await note.textContent(), '');
    assert.ok((await exportedJson(page)).settings.metric === 'row-mass');
  }));

describe('before its scripts have come', () => {
  test('no button of the page promises what it cannot do', () =>
    harness.withPage('', { context: { javaScriptEnabled: false } }, async ({ page }) => {
      for (const name of [
        'Start',
        'Score all heads',
        'Run ablations',
        'Export JSON',
        'Export PNG',
      ]) {
        assert.equal(await button(page, name).getAttribute('aria-disabled'), 'true', name);
      }
    }));
});
