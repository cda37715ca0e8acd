// node tools/pack-merges.mjs MERGES.TXT MERGES.BIN WORDS.CSV WORDS.BIN: GPT-2's merges as
// the page fetches them. Each merge is a pair of token ids, which take two bytes each and
// compress better than their text. Tokens::from_packed in src/tokens.rs reads them. Those
// that can apply to a word of the table stand in a second file too, which is part of the
// module: Tokens::of_notebook_words.

import { readFileSync, writeFileSync } from 'node:fs';
import { byteSymbols } from './byte-symbols.mjs';

const [from = '', to = '', table = '', few = ''] = process.argv.slice(2);

const ids = new Map(byteSymbols().map((symbol, id) => [symbol, id]));
const lines = readFileSync(from, 'utf8').split('\n').slice(1);
const pairs = lines.filter(Boolean).map((line) => {
  const [left = '', right = ''] = line.split(' ');
  const pair = [ids.get(left) ?? NaN, ids.get(right) ?? NaN];
  if (pair.some(Number.isNaN)) throw new Error(`${from}: "${line}" joins what is not there yet`);
  ids.set(left + right, ids.size);
  return pair;
});

/** One byte of one id of every pair. */
const plane = (/** @type {number} */ side, /** @type {number} */ shift) =>
  pairs.map((pair) => ((pair[side] ?? 0) >> shift) & 255);

writeFileSync(to, Buffer.from([plane(0, 0), plane(0, 8), plane(1, 0), plane(1, 8)].flat()));

/** The table's words as they stand after a space, of which those at the start are a part. */
const words = readFileSync(table, 'utf8')
  .split(/[,\n]/)
  .filter((word) => word && !word.endsWith(':'))
  .map((word) => `Ġ${word}`);
const first = ids.size - pairs.length;
const merged = [...ids.keys()].slice(first);
const triples = pairs.flatMap((pair, i) =>
  words.some((word) => word.includes(merged[i] ?? '')) ? [first + i, ...pair] : [],
);
writeFileSync(few, Buffer.from(Uint16Array.from(triples).buffer));
