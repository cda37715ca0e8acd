// The editor of words, as a visitor uses it.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import {
  button,
  complaints,
  exportedJson,
  root,
  start,
  startable,
  useHarness,
} from './harness.mjs';

/** @typedef {import('playwright-core').Page} Page */

const harness = useHarness();

const SMALL = 'v=1&model=tiny&n=6&len=8&cats=2';

/** @param {Page} page */
async function openEditor(page) {
  await startable(page);
  if (!(await page.locator('#settings[open]').count()))
    await page.locator('#settings > summary').click();
  // A reload keeps what was open.
  if (!(await page.locator('#words-fold[open]').count()))
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

/**
 * Places of two different words of the same category, the earlier one first.
 * @param {{ words: string[], categories: number[] }} prompt
 */
function pairOf({ words, categories }) {
  for (let q = 1; q < words.length; q++) {
    const k = words.findIndex(
      (word, at) => at < q && word !== words[q] && categories[at] === categories[q],
    );
    if (k >= 0) return [k, q];
  }
  throw new Error('every category stands there once');
}

/**
 * Loads a file into the editor.
 * @param {Page} page
 * @param {string | Buffer} contents
 * @param {string} [name]
 */
async function load(page, contents, name = 'own.csv') {
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    button(page, 'Load CSV…').click(),
  ]);
  await chooser.setFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(contents) });
}

test('which words are single tokens is shown as they are typed', () =>
  harness.withPage(SMALL, {}, async ({ page }) => {
    await openEditor(page);
    await says(page, 'F', /^6 words, each a single token\./);
    await row(page, 'F').fill('dog,cat,horse,bird,fish,axolotl');
    await says(page, 'F', /axolotl splits into \d tokens/);
    const split = page.locator('.word-row .chip.split').filter({ hasText: /ol/ });
    assert.match(String(await split.first().textContent()), /·.* \d×$/);
    // "shelf" is one token after a space and two at the start of a prompt.
    await says(page, 'I', /At the start of a prompt, without a space: .*shelf/);
  }));

test('words and categories are edited in place, and what cannot be is said', () =>
  harness.withPage(SMALL, {}, async ({ page }) => {
    await openEditor(page);
    await row(page, 'B').fill('red, blue ,green,silver,white,black');
    await page.waitForURL(/words-z?=/);
    assert.equal((await saved(page))[1], 'Colours:,red,blue,green,silver,white,black');

    await row(page, 'B').fill('red,,blue');
    await page
      .locator('#words-error')
      .filter({ hasText: /row 2, word 2 is empty/i })
      .waitFor();
    assert.match((await complaints(page)).join(' '), /stays in force/);
    assert.equal(
      (await saved(page))[1],
      'Colours:,red,blue,green,silver,white,black',
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
    assert.equal(left[0], 'Colours:,red,blue,green,silver,white,black');
    assert.equal(left[9], 'one,two,three,four,five,six');
  }));

test('a word goes with its chip, and a pasted column becomes words', () =>
  harness.withPage(SMALL, {}, async ({ page }) => {
    await openEditor(page);
    const item = page.locator('.word-row').filter({ has: row(page, 'F') });
    await item.locator('.chip').filter({ hasText: 'horse' }).locator('button').click();
    await page.waitForURL(/words-z?=/);
    assert.equal((await saved(page))[5], 'Animals:,dog,cat,bird,fish,lizard');
    /**
     * @param {string} letter
     * @param {string} text
     */
    const paste = (letter, text) =>
      row(page, letter).evaluate((input, pasted) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData('text', pasted);
        input.focus();
        const options = { clipboardData, bubbles: true, cancelable: true };
        input.dispatchEvent(new ClipboardEvent('paste', options));
      }, text);
    await row(page, 'F').fill('dog');
    await paste('F', 'wolf\nfox\r\n');
    await page.waitForTimeout(600);
    assert.equal((await saved(page))[5], 'Animals:,dog,wolf,fox');
    // Lines of several words are categories of their own.
    await row(page, 'J').fill('');
    await paste('J', 'Water:,sea,lake\nFruit:\tapple\tpeach');
    await page.waitForTimeout(600);
    assert.deepEqual((await saved(page)).slice(9), ['Water:,sea,lake', 'Fruit:,apple,peach']);
    assert.deepEqual(await complaints(page), []);
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
    await page.waitForURL(/words/);
    assert.doesNotMatch(page.url(), /metric|kind/, 'lists of words change no measure');
    assert.equal(await row(page, 'E').inputValue(), 'rain,snow,wind,storm,sun');
    assert.match(
      String(await page.locator('#words-preset-hint').textContent()),
      /Eight categories/,
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
    await load(page, csv);
    await page.waitForURL(/words-z?=/);
    assert.deepEqual(await saved(page), csv.split('\n'));
    assert.equal(await row(page, 'E').inputValue(), '"a ""b""",c,d,e,f,g');
    await load(page, 'a,b\nc,,d');
    await page
      .locator('#words-error')
      .filter({ hasText: /row 2, word 2 is empty/i })
      .waitFor();
    assert.deepEqual(await saved(page), csv.split('\n'), 'the table before stays in force');
    await start(page, 'ready');
  });
});

test('tables are read by any usual separator and in any usual encoding', () =>
  harness.withPage(SMALL, {}, async ({ page }) => {
    await openEditor(page);
    /** @param {string} comma */
    const rows = (comma) => [
      ['Drinks:', 'café', 'tea', 'maté'].join(comma),
      ['red', 'blue'].join(comma),
    ];
    /** @param {string} text */
    const utf16be = (text) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16();
    const files = [
      { what: 'semicolons', bytes: Buffer.from(rows(';').join('\r\n')) },
      { what: 'tabs', bytes: Buffer.from(rows('\t').join('\n')) },
      { what: 'bars', bytes: Buffer.from(rows('|').join('\n')) },
      { what: 'a mark of UTF-8', bytes: Buffer.from(`\ufeff${rows(',').join('\n')}`) },
      { what: 'UTF-16', bytes: Buffer.from(`\ufeff${rows('\t').join('\n')}`, 'utf16le') },
      { what: 'UTF-16, the other way round', bytes: utf16be(rows(',').join('\n')) },
      { what: 'UTF-16 without a mark', bytes: Buffer.from(rows(';').join('\n'), 'utf16le') },
      { what: 'Windows-1252', bytes: Buffer.from(rows(';').join('\r\n'), 'latin1'), notice: true },
    ];
    const error = page.locator('#words-error');
    for (const { what, bytes, notice = false } of files) {
      await load(page, 'a,b\nc,d', 'other.csv');
      await page.waitForFunction(() => document.querySelectorAll('.word-row').length === 2);
      assert.deepEqual(await saved(page), ['a,b', 'c,d']);
      await load(page, bytes);
      await page.locator('.word-chips').filter({ hasText: 'tea' }).waitFor();
      assert.deepEqual(await saved(page), rows(','), what);
      assert.equal(await error.textContent(), '', what);
      await page.waitForTimeout(100);
      const said = String(await page.locator('#words-notice').textContent());
      assert.equal(/Windows-1252/.test(said), notice, `${what}: ${said}`);
    }
  }));

test('what is no table is refused by its kind, and the table stays', () =>
  harness.withPage(SMALL, {}, async ({ page }) => {
    await openEditor(page);
    const original = await saved(page);
    const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
    /** @type {[string | Buffer, RegExp][]} */
    const files = [
      [png, /is a picture, not CSV/],
      [Buffer.from('ffd8ffe000104a464946', 'hex'), /is a picture, not CSV/],
      [Buffer.from('504b030414000600', 'hex'), /is a packed file such as a spreadsheet, not CSV/],
      ['%PDF-1.7 1,2', /is a PDF, not CSV/],
      [Buffer.from('a,b\n\0\x01\x02', 'latin1'), /is no text/],
      ['<!doctype html><title>a,b</title>', /not CSV but a web page/i],
      ['{"schema": "headscope-results/1"}', /not CSV but JSON/i],
      ['a,b\n"c,d\n', /a quote that opens in row 2 is never closed/],
      ['caf\ufffd,tea\na,b', /row 1, word 1 holds � where letters could not be read/i],
      ['', /the word table is empty/i],
    ];
    for (const [contents, wanted] of files) {
      await load(page, contents);
      await page.locator('#words-error').filter({ hasText: wanted }).waitFor();
      assert.match(String(await page.locator('#words-error').textContent()), /stays in force/);
      assert.deepEqual(await saved(page), original);
    }
  }));

test('what is hardly meant gets a notice, and is taken all the same', () =>
  harness.withPage(SMALL, {}, async ({ page }) => {
    await openEditor(page);
    /** @type {[string, RegExp][]} */
    const tables = [
      ['category,word1,word2\na,b,c', /Row 1 \(category, word1, word2\) looks like a heading/],
      ['Name,Words\na,b', /looks like a heading/],
      ['w1;w2;w3\na;b;c', /looks like a heading/],
      ['caf\u00e9,tea\nred,cafe\u0301', /“café” in two spellings of the same letters/],
      ['u\u0308ber,\u00fcber\nred,blue', /Row 1 has “über” in two spellings/],
      ['red blue green\ndog cat horse', /Every category has a single word/],
      ['a,b,c\nred;blue;green', /Row 2 has a semicolon within “red;blue;green”/],
      ['Colours: red,blue\na,b', /A comma after the colon makes a name/],
      ['a,b\nc,d', /^$/],
      ['one,two\nword,name', /^$/],
    ];
    for (const [table, wanted] of tables) {
      await load(page, table);
      const notice = page.locator('#words-notice').filter({ hasText: wanted });
      await notice.waitFor({ state: 'attached' });
      assert.equal(await page.locator('#words-error').textContent(), '', table);
      assert.equal((await saved(page)).length, 2, table);
    }
  }));

test('rows have names, which every legend and file shows', () =>
  harness.withPage(SMALL, {}, async ({ page }) => {
    await openEditor(page);
    /** @param {string} letter */
    const name = (letter) => page.getByRole('textbox', { name: `Name of category ${letter}` });
    const original =
      'Weekdays Colours Years Pronouns Countries Animals Numbers Vehicles Furniture Water';
    for (const [index, called] of original.split(' ').entries())
      assert.equal(await name(String.fromCharCode(65 + index)).inputValue(), called);
    const legend = page.locator('#category-legend');
    assert.match(
      String(await legend.textContent()),
      /^([A-J] (Weekdays|Colours|Years|Pronouns|Countries|Animals|Numbers|Vehicles|Furniture|Water))+$/,
    );
    // A table with names, and one row without.
    await load(page, 'Drinks: ,tea,milk\nred,blue\n"Odd, even:",one,two,three');
    await page.waitForURL(/words/);
    await page.locator('#category-legend').filter({ hasText: 'Drinks' }).waitFor();
    assert.deepEqual(await saved(page), [
      'Drinks:,tea,milk',
      'red,blue',
      '"Odd, even:",one,two,three',
    ]);
    await name('B').fill('Colours:');
    await page.locator('#category-legend').filter({ hasText: 'Colours' }).waitFor();
    await name('C').fill('');
    await page.locator('#category-legend').filter({ hasText: 'one …' }).waitFor();
    await start(page, 'ready');
    const { categories, settings, prompts } = await exportedJson(page);
    assert.deepEqual(categories, ['Drinks', 'Colours', 'one …']);
    assert.equal(settings.words, 'Drinks:,tea,milk\nColours:,red,blue\none,two,three\n');
    assert.ok(prompts.every((/** @type {any} */ { words }) => !words.includes('Drinks:')));
    await page
      .locator('#pattern-legend')
      .filter({ hasText: /Drinks|Colours|one …/ })
      .waitFor();
    // A cell of two words of a category says which it is.
    const shown = prompts.find((/** @type {any} */ { kept }) => kept);
    const [k, q] = pairOf(shown);
    const view = `&prompt=${shown.sequence}&view=q${q + 1}k${k + 1}`;
    await page.evaluate((added) => (location.hash += added), view);
    await page
      .locator('#pattern-readout')
      .filter({ hasText: `same category (${categories[shown.categories[q]]})` })
      .waitFor();
    // The link brings them back.
    await page.reload();
    await startable(page);
    await openEditor(page);
    assert.equal(await name('A').inputValue(), 'Drinks');
    assert.equal(await name('C').inputValue(), '');
  }));

test('the list of the post, whose rows differ in length, is typed and drawn', async () => {
  const { cases } = JSON.parse(
    await readFile(path.join(root, 'tests/fixtures/ragged.json'), 'utf8'),
  );
  const { table, seed, sequences, length, categories, words } = cases[0];
  const link = `v=1&model=tiny&seed=${seed}&n=${sequences}&len=${length}&cats=${categories}`;
  await harness.withPage(link, {}, async ({ page }) => {
    await openEditor(page);
    for (const letter of ['J', 'I']) await button(page, `Remove category ${letter}`).click();
    for (const [index, row_] of table.entries())
      await row(page, String.fromCharCode(65 + index)).fill(row_.join(', '));
    // The built-in table has no storm.
    await page.locator('#fed').filter({ hasText: 'storm' }).waitFor();
    await start(page, 'ready');
    const results = await exportedJson(page);
    assert.deepEqual(
      results.prompts.map((/** @type {any} */ { words: drawn }) => drawn),
      words,
    );
    assert.deepEqual(await complaints(page), []);
  });
});
