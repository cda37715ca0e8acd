// A word table's file, in whatever encoding and of whatever bytes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pageModule } from './page-module.mjs';

const { textOf } = await pageModule('sections/words/table-file.js');

/** @param {Uint8Array} bytes */
const bufferOf = (bytes) => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);

/** Characters that no table has. */
const CONTROL = /[\0-\x08\x0b\x0e-\x1f]/;
/** A text that is one whatever its encoding: no control characters, no mark at its start. */
const text = fc
  .string({ unit: 'grapheme', minLength: 1 })
  .filter((each) => !CONTROL.test(each) && !each.startsWith('\ufeff'))
  // Otherwise it may begin as a file of another kind does.
  .map((each) => `w${each}`);

/** @param {string} each */
const swapped = (each) => Buffer.from(each, 'utf16le').swap16();
/** @type {Record<string, (text: string) => Buffer>} */
const ENCODINGS = {
  'UTF-8': (each) => Buffer.from(each),
  'UTF-8 with its mark': (each) => Buffer.from(`\ufeff${each}`),
  'UTF-16 with its mark': (each) => Buffer.from(`\ufeff${each}`, 'utf16le'),
  'UTF-16, the other way round, with its mark': (each) => swapped(`\ufeff${each}`),
};
for (const [name, encode] of Object.entries(ENCODINGS)) {
  test(`a table in ${name} is read as it was written`, () => {
    fc.assert(
      fc.property(text, (written) => {
        assert.deepEqual(textOf(bufferOf(encode(written))), { text: written, notice: '' });
      }),
    );
  });
}

test('any bytes are a text, or are refused in words that name what they are', () => {
  const start = fc.constantFrom([0xff, 0xfe], [0xfe, 0xff], [0x50, 0x4b, 3, 4], [0], [0, 0x41], []);
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc
      .tuple(start, fc.uint8Array({ maxLength: 20 }))
      .map(([a, b]) => Uint8Array.from([...a, ...b])),
  );
  fc.assert(
    fc.property(bytes, (given) => {
      try {
        const read = textOf(bufferOf(given));
        assert.equal(typeof read.text, 'string');
      } catch (thrown) {
        assert.match(
          String(/** @type {Error} */ (thrown).message),
          /^(is|begins like) .*, (not|so no) CSV\.$/,
        );
      }
    }),
    { numRuns: 1000 },
  );
});
