// The editor of words, whatever stands in it: the text's rows, edited without a change,
// give the same table again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { startable, useHarness } from './harness.mjs';

const harness = useHarness();

/** Letters, and what means something to CSV, to the editor or to a spreadsheet. */
const character = fc.constantFrom(...'abcé猫 ",;:\t\n\r\'=-|\\#\u00a0');
const cell = fc.oneof(
  fc.string({ unit: character, maxLength: 6 }),
  fc.string({ unit: 'grapheme', maxLength: 4 }),
  fc.constantFrom('red', 'blue', 'dog', 'Colours:', ':', '""', '"', '=1+1'),
);
const table = fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 4,
});

test('a table’s rows give the table again, and the table its rows', () =>
  harness.withPage('v=1&model=tiny&n=1&len=2&cats=1', {}, async ({ page }) => {
    await startable(page);
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(table, async (rows) => {
        const found = await page.evaluate(async (rows) => {
          const { format_csv, parse_words } = await import(
            /** @type {any} */ ('./pkg/headscope.js')
          );
          const text = /** @type {HTMLTextAreaElement} */ (document.getElementById('words'));
          // A press has every edit taken that waits for a pause.
          const take = (/** @type {HTMLElement} */ field) => {
            field.dispatchEvent(new Event('input'));
            document.documentElement.click();
            return document.getElementById('words-error')?.textContent ?? '';
          };
          const read = (/** @type {string} */ csv) => {
            const { rows, names } = parse_words(csv);
            return { rows, names };
          };
          text.value = format_csv(rows);
          const error = take(text);
          if (error !== '') return { error };
          const before = read(text.value);
          const fields = document.querySelectorAll('#words-rows input:not(.word-name)');
          const wrong = take(/** @type {HTMLInputElement} */ (fields[0]));
          return { error, wrong, fields: fields.length, before, after: read(text.value) };
        }, rows);
        if (found.error !== '') {
          // What is refused is refused in words.
          assert.match(found.error, /stays in force\.$/);
          return;
        }
        taken += 1;
        assert.equal(found.wrong, '');
        assert.equal(found.fields, found.before?.rows.length);
        assert.deepEqual(found.after, found.before);
      }),
      { numRuns: 200 },
    );
    assert.ok(taken > 40, `${taken} tables were taken`);
  }));

test('a line of CSV is split into the cells that it was made of', () =>
  harness.withPage('v=1&model=tiny', {}, async ({ page }) => {
    await startable(page);
    const cells = fc.array(
      cell.map((each) => each.trim()),
      { minLength: 1, maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(cells, async (row) => {
        const split = await page.evaluate(async (row) => {
          const { format_csv, split_csv_line } = await import(
            /** @type {any} */ ('./pkg/headscope.js')
          );
          return split_csv_line(format_csv([row]));
        }, row);
        assert.deepEqual(split, row);
      }),
      { numRuns: 200 },
    );
  }));
