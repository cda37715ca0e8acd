// The view of a link, whatever it holds: what the page writes it reads as it was, and what
// a stranger wrote it reads as some view.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pageModule } from './page-module.mjs';

const { LOOK_OPTIONS, formatLook, lockedCell, parseLook, unknownWords, withoutLock } =
  await pageModule('study/look.js');

/** A position in a prompt, or none. */
const position = fc.integer({ min: -1, max: 9999 });

/** An object with the prototype that the page's own have. */
const ordinary = { noNullPrototype: true };

/** A view as it can be chosen on the page. */
const look = fc.record(
  {
    ...Object.fromEntries(
      LOOK_OPTIONS.map((/** @type {any} */ { key, choices }) => [
        key,
        fc.constantFrom(...choices.map((/** @type {string[]} */ [value]) => value)),
      ]),
    ),
    locked: fc.option(
      fc.record({ q: position, k: position }, ordinary).filter(({ q, k }) => q >= 0 || k >= 0),
    ),
  },
  ordinary,
);

/** Words that a link's view may have, right ones among them. */
const word = fc.oneof(
  fc.constantFrom('sqrt', 'magma', 'row', 'hidden', 'q3k1', 'q3', 'k1', 'q', 'k', 'q10000', ''),
  fc.constantFrom('constructor', '__proto__', 'toString', 'linear'),
  fc.string(),
);
const text = fc.option(fc.array(word, { maxLength: 8 }).map((words) => words.join('.')));

test('a view is read as it was written', () => {
  fc.assert(
    fc.property(look, (chosen) => {
      const written = formatLook(chosen);
      assert.deepEqual(parseLook(written), chosen);
      assert.deepEqual(unknownWords(written), []);
      const { q = -1, k = -1 } = chosen.locked ?? {};
      assert.deepEqual(lockedCell(written), q >= 0 && k >= 0 ? [q, k] : null);
    }),
  );
});

test('whatever a link’s view holds, what is kept of it stays as it is', () => {
  fc.assert(
    fc.property(text, (written) => {
      const read = parseLook(written);
      const kept = formatLook(read);
      assert.deepEqual(parseLook(kept), read);
      assert.equal(formatLook(parseLook(kept)), kept);
      assert.deepEqual(unknownWords(kept), []);
      assert.deepEqual(parseLook(withoutLock(written)), { ...read, locked: null });
      for (const { key, choices } of LOOK_OPTIONS) {
        assert.ok(choices.some((/** @type {string[]} */ [value]) => value === read[key]));
      }
    }),
  );
});
