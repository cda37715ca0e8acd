// The exported notebook holds strangers' texts as data: whatever they are, they come back
// as they were, and none of them ends the string that they stand in.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import { pageModule } from './page-module.mjs';

const { notebookOf } = await pageModule('sections/export/notebook.js');

/** Texts that mean something to Python, to JSON or to the notebook's own code. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom("'''", "\\'''", '\\', '"', '@RESULTS@', '# %%\n', '%pip install x', '\u2028'),
);
const data = fc.record({
  LINK: text,
  SETTINGS: fc.dictionary(text, fc.oneof(text, fc.integer(), fc.constant(null))),
  ROWS: fc.array(fc.array(text)),
  RESULTS: fc.dictionary(text, fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' })),
});

test('whatever a study holds, the notebook’s code holds it as data', async () => {
  const code = await readFile(
    new URL('../../www/sections/export/notebook.py', import.meta.url),
    'utf8',
  );
  const names = [...code.matchAll(/json\.loads\(r'''@([A-Z]+)@'''\)/g)].map(([, name]) => name);
  assert.deepEqual(names.toSorted(), ['LINK', 'RESULTS', 'ROWS', 'SETTINGS']);
  const parts = code.split(/r'''@[A-Z]+@'''/).length;
  fc.assert(
    fc.property(data, (given) => {
      const notebook = JSON.parse(notebookOf(code, given));
      const source = notebook.cells
        .flatMap((/** @type {any} */ cell) => (cell.cell_type === 'code' ? cell.source : []))
        .join('');
      // As Python reads it: a raw string ends at the first three quotes.
      const strings = [...source.matchAll(/json\.loads\(r'''([^]*?)'''\)/g)];
      assert.equal(strings.length, names.length);
      assert.equal(parts, names.length + 1);
      strings.forEach(([, json = ''], i) => {
        assert.match(json, /^[\n -~]*$/);
        const wanted = given[/** @type {keyof typeof given} */ (names[i])];
        assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify(wanted)));
      });
      assert.equal(source.split("'''").length, 2 * names.length + 1 + others(code));
    }),
  );
});

/**
 * How often three quotes stand in the code beside those of the data.
 * @param {string} code
 */
const others = (code) => code.replaceAll(/r'''@[A-Z]+@'''/g, '').split("'''").length - 1;
