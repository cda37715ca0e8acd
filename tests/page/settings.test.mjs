// What controls and reports say, and when they stop saying it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { button, exportedJson, SMALL, start, startable, useHarness } from './harness.mjs';

const harness = useHarness();

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
      .filter({ hasText: /10 categories\. Until then 3 stays in force\.$/ })
      .waitFor();
    await page.locator('#n').fill('7');
    await page.waitForURL(/n=7/);
    assert.equal(await error.textContent(), '');
    // A link's value is another matter: there something was used instead.
    await page.evaluate(() => (location.hash = 'v=1&model=tiny&n=0'));
    await error.filter({ hasText: /from 1 to 500\. Instead, 30 is used\.$/ }).waitFor();
    assert.equal(await page.locator('#n').inputValue(), '30');
  }));

test('with a text of one’s own, the number of the prompt rests', () =>
  harness.withPage(`${SMALL}&prompt=2&text=${TEXT}`, {}, async ({ page }) => {
    await startable(page);
    const prompt = page.locator('#prompt');
    assert.equal(await prompt.inputValue(), '');
    assert.equal(await prompt.isDisabled(), true);
    assert.match(String(await page.locator('#fed-title').textContent()), /^Your text/);
    await page.locator('#text').evaluate((field) => {
      /** @type {any} */ (field).value = '';
      field.dispatchEvent(new Event('input'));
    });
    await page
      .locator('#fed-title')
      .filter({ hasText: /^Prompt 2/ })
      .waitFor();
    assert.equal(await prompt.inputValue(), '2');
    assert.equal(await prompt.isDisabled(), false);
  }));

test('of a single prompt, no spread and no interval is claimed', () =>
  harness.withPage(`${SMALL}&text=${TEXT}&run=all`, {}, async ({ page }) => {
    await start(page, 'done');
    const sentence = String(await page.locator('#ablations-sentence').textContent());
    assert.match(sentence, /1 prompt\)/);
    assert.doesNotMatch(sentence, /interval/);
    const cells = await page.locator('#ablations-table tbody tr').first().locator('td').all();
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
      for (const name of ['Start', 'Score heads', 'Run ablations', 'Export JSON', 'Export PNG']) {
        assert.equal(await button(page, name).getAttribute('aria-disabled'), 'true', name);
      }
    }));
});
