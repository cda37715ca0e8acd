// node tools/pack-merges.mjs MERGES.TXT MERGES.BIN: GPT-2's merges as the page
// fetches them. Each merge is a pair of token ids, which take two bytes each and
// compress better than their text. Tokens::from_packed in src/tokens.rs reads them.

import { readFileSync, writeFileSync } from 'node:fs';

const [from = '', to = ''] = process.argv.slice(2);

/** The characters that stand for bytes, in the order of their ids (OpenAI's encoder.py). */
function byteSymbols() {
  const printable = (/** @type {number} */ b) =>
    (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || (b >= 174 && b <= 255);
  const bytes = Array.from({ length: 256 }, (_, b) => b);
  const hidden = bytes.filter((b) => !printable(b)).map((_, i) => 256 + i);
  return [...bytes.filter(printable), ...hidden].map((code) => String.fromCharCode(code));
}

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
