// The editor of words, as a visitor uses it.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { button, complaints, root, start, startable, useHarness } from './harness.mjs';

/** @typedef {import('playwright-core').Page} Page */

const harness = useHarness();

const SMALL = 'v=1&model=tiny&n=6&len=8&cats=2';

/** @param {Page} page */
async function openEditor(page) {
  await startable(page);
  if (!(await page.locator('#settings[open]').count()))
    await page.locator('#settings > summary').click();
  await page.locator('#words-fold > summary').click();
}

/**
 * @param {Page} page
 * @param {string} letter
 */
const row = (page, letter) =>
  page.getByRole('textbox', { name: `Words of category ${letter}`, exact: true });

/**
 * What the editor says of a row's words, once the tokenizer has answered.
 * @param {Page} page
 * @param {string} letter
 * @param {RegExp} wanted
 */
async function says(page, letter, wanted) {
  const item = page.locator('.word-row').filter({ has: row(page, letter) });
  await item.locator('.hint').filter({ hasText: wanted }).waitFor();
}

/**
 * The words in force, row by row, out of the file that the editor saves.
 * @param {Page} page
 */
async function saved(page) {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    button(page, 'Save CSV').click(),
  ]);
  return (await readFile(await download.path(), 'utf8')).trimEnd().split('\n');
}

test('which words are single tokens is shown as they are typed', () =>
  harness.withPage(SMALL, {}, async ({ page }) => {
    await openEditor(page);
    await says(page, 'F', /^6 words, each a single token\./);
    await row(page, 'F').fill('dog,cat,horse,bird,fish,axolotl');
    await says(page, 'F', /axolotl splits into \d tokens/);
    const split = page.locator('.word-row .chip.split').filter({ hasText: /ol/ });
    assert.match(String(await split.first().textContent()), /·.* \d$/);
    // "shelf" is one token after a space and two at the start of a prompt.
    await says(page, 'I', /At the start of a prompt, without a space: .*shelf/);
  }));

test('words and categories are edited in place, and what cannot be is said', () =>
  harness.withPage(SMALL, {}, async ({ page }) => {
    await openEditor(page);
    await row(page, 'B').fill('red, blue ,green,silver,white,black');
    await page.waitForURL(/words-z?=/);
    assert.equal((await saved(page))[1], 'red,blue,green,silver,white,black');

    await row(page, 'B').fill('red,blue');
    await page
      .locator('#words-error')
      .filter({ hasText: /row 2 has 2 words/i })
      .waitFor();
    assert.match((await complaints(page)).join(' '), /stays in force/);
    assert.equal(
      (await saved(page))[1],
      'red,blue,green,silver,white,black',
      'the draft is not in force',
    );

    await button(page, 'Undo').click();
    assert.equal(await row(page, 'B').inputValue(), 'red,blue,green,silver,white,black');
    assert.deepEqual(await complaints(page), []);

    // A new row, by keyboard alone: Enter in the last one adds it.
    await row(page, 'J').press('Enter');
    await page.keyboard.type('one,two,three,four,five,six');
    await page.waitForFunction(() => {
      const text = /** @type {HTMLTextAreaElement} */ (document.querySelector('#words'));
      return text.value.includes('one,two');
    });
    assert.equal((await saved(page)).length, 11);

    await button(page, 'Remove category A').click();
    await page.waitForTimeout(600);
    const left = await saved(page);
    assert.equal(left.length, 10);
    assert.equal(left[0], 'red,blue,green,silver,white,black');
    assert.equal(left[9], 'one,two,three,four,five,six');
  }));

test('undo and redo go through the tables in force, by key outside of fields', () =>
  harness.withPage(SMALL, {}, async ({ page }) => {
    await openEditor(page);
    const original = await saved(page);
    await button(page, 'Remove category J').click();
    await page.waitForURL(/words-z?=/);
    await page.locator('#words-preset').selectOption('case');
    await page.waitForFunction(() => document.querySelectorAll('.word-row').length === 10);
    assert.equal((await saved(page))[0], 'red,Red,RED');

    await page.locator('#words-fold > summary').focus();
    await page.keyboard.press('Control+z');
    assert.deepEqual(await saved(page), original.slice(0, 9));
    await page.locator('#words-fold > summary').focus();
    await page.keyboard.press('Control+z');
    assert.deepEqual(await saved(page), original);
    assert.doesNotMatch(page.url(), /words/);
    assert.equal(await button(page, 'Undo').getAttribute('aria-disabled'), 'true');
    await page.locator('#words-fold > summary').focus();
    await page.keyboard.press('Control+Shift+z');
    assert.deepEqual(await saved(page), original.slice(0, 9));
  }));

test('presets say what they are, and the link restores them', () =>
  harness.withPage(SMALL, {}, async ({ page }) => {
    await openEditor(page);
    const preset = page.locator('#words-preset');
    assert.equal(await preset.inputValue(), 'notebook');
    await preset.selectOption('post');
    await page.waitForURL(/metric=surprisal&kind=global-mean/);
    assert.match(
      String(await page.locator('#words-preset-hint').textContent()),
      /not part of this page/,
    );
    await preset.selectOption('case');
    await page.waitForURL(/words/);
    await page.reload();
    await startable(page);
    assert.equal(await preset.inputValue(), 'case');
  }));

test('a table goes out as CSV and comes back from it', async () => {
  const table = await readFile(path.join(root, 'data/semantic_words.csv'), 'utf8');
  const csv = table.trimEnd().split('\n').slice(0, 4).concat('"a ""b""",c,d,e,f,g').join('\n');
  await harness.withPage(SMALL, {}, async ({ page }) => {
    await openEditor(page);
    /** @param {string} text */
    const load = async (text) => {
      const [chooser] = await Promise.all([
        page.waitForEvent('filechooser'),
        button(page, 'Load CSV…').click(),
      ]);
      await chooser.setFiles({ name: 'own.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
    };
    await load(csv);
    await page.waitForURL(/words-z?=/);
    assert.deepEqual(await saved(page), csv.split('\n'));
    assert.equal(await row(page, 'E').inputValue(), '"a ""b""",c,d,e,f,g');
    await load('a,b\nc');
    await page
      .locator('#words-error')
      .filter({ hasText: /row 2 has 1 words/i })
      .waitFor();
    assert.deepEqual(await saved(page), csv.split('\n'), 'the table before stays in force');
    await start(page, 'ready');
  });
});
