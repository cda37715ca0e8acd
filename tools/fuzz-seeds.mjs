// node tools/fuzz-seeds.mjs: fills fuzz/corpus/ with what the fuzz targets begin from, made
// of the tests' fixtures. What a target found before stays there.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const FIXTURES = 'tests/fixtures';
/** Between the parts of one input (fuzz/src/lib.rs). */
const MARK = Buffer.alloc(4, 0xff);

const read = (/** @type {string} */ file) => readFileSync(file);
const compact = (/** @type {string} */ file) =>
  Buffer.from(JSON.stringify(JSON.parse(String(read(file)))));
const parts = (/** @type {(Buffer | string)[]} */ ...all) =>
  Buffer.concat(all.flatMap((part, i) => (i ? [MARK, Buffer.from(part)] : [Buffer.from(part)])));

/** A safetensors file. @param {Record<string, number[]>} shapes @param {number} first */
function safetensors(shapes, first = 0) {
  /** @type {Record<string, object>} */
  const header = {};
  let end = 0;
  for (const [name, shape] of Object.entries(shapes)) {
    const from = end;
    end += 4 * shape.reduce((product, side) => product * side, 1);
    header[name] = { dtype: 'F32', shape, data_offsets: [from, end] };
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const numbers = Float32Array.from({ length: end / 4 }, (_, i) => first + i);
  return Buffer.concat([length, json, Buffer.from(numbers.buffer)]);
}

/** The tensors of the small model of fuzz/src/lib.rs. @type {Record<string, number[]>} */
const SHAPES = {
  'wte.weight': [20, 8],
  'wpe.weight': [4, 8],
  'ln_f.weight': [8],
  'ln_f.bias': [8],
  'h.0.ln_1.weight': [8],
  'h.0.ln_1.bias': [8],
  'h.0.attn.c_attn.weight': [8, 24],
  'h.0.attn.c_attn.bias': [24],
  'h.0.attn.c_proj.weight': [8, 8],
  'h.0.attn.c_proj.bias': [8],
  'h.0.ln_2.weight': [8],
  'h.0.ln_2.bias': [8],
  'h.0.mlp.c_fc.weight': [8, 32],
  'h.0.mlp.c_fc.bias': [32],
  'h.0.mlp.c_proj.weight': [32, 8],
  'h.0.mlp.c_proj.bias': [8],
};
const halves = [0, 1].map((half) =>
  Object.fromEntries(Object.entries(SHAPES).filter((_, i) => i % 2 === half)),
);
const list = JSON.stringify({
  weight_map: Object.fromEntries(
    halves.flatMap((half, i) => Object.keys(half).map((name) => [name, `${i}.safetensors`])),
  ),
});

const links = String(read(`${FIXTURES}/links-0.1.0.txt`))
  .split('\n')
  .filter(Boolean);
const packed = links.flatMap((link) =>
  [...link.matchAll(/-z=([\w-]+)/g)].map(([, value = '']) => value),
);
const table = String(read('data/semantic_words.csv'));
const tables = [',', ';', '\t', '|'].map((separator) => table.replaceAll(',', separator));
const small = `Days:,Monday,Friday\r\n"New York",Rome\r\n`;
const swapped = (/** @type {string} */ text) => Buffer.from(text, 'utf16le').swap16();
/** @type {{ texts: string[] }} */
const { texts } = JSON.parse(String(read(`${FIXTURES}/tokenizers/reference.json`)));
const own = compact(`${FIXTURES}/tokenizers/own.json`);
const vocab = compact(`${FIXTURES}/tokenizers/vocab.json`);
const merges = read(`${FIXTURES}/tokenizers/merges.txt`);

/** @type {Record<string, (Buffer | string)[]>} */
const seeds = {
  link: links,
  packed,
  word_table: [
    ...[...tables, `sep=;\r\n${small.replaceAll(',', ';')}`].map((text) =>
      Buffer.concat([Buffer.of(0), Buffer.from(text)]),
    ),
    Buffer.concat([Buffer.of(1), Buffer.from(`\ufeff${small}`, 'utf16le')]),
    Buffer.concat([Buffer.of(2), swapped(small)]),
    Buffer.concat([Buffer.of(3), Buffer.from('caf\xe9,tea\nniño,niña\n', 'latin1')]),
  ],
  config: [
    compact('data/tiny/config.json'),
    compact(`${FIXTURES}/random-3x4x32/config.json`),
    safetensors(SHAPES).subarray(8, -100),
    JSON.stringify({
      'wte.weight': { shape: [50, 64] },
      'wpe.weight': { shape: [9, 64] },
      'h.0.ln_1.weight': { shape: [64] },
      'h.0.mlp.c_fc.weight': { shape: [64, 256] },
    }),
  ],
  header: [safetensors(SHAPES), safetensors({ a: [2, 3], 'b.c': [] }), safetensors({})],
  shards: [
    parts(list, ...halves.map((half, i) => safetensors(half, 1000 * i))),
    parts('{"weight_map":{"a":"x.safetensors"}}', safetensors({ a: [2] })),
  ],
  tokenizer: [
    parts(own, '', 'el perro rojo'),
    parts(vocab, merges, ' y el gato azul'),
    ...texts.slice(0, 4).map((text) => parts(own, '', text)),
  ],
  merges: [parts('the dog', merges), parts('hello', Buffer.of(104, 0, 0, 1, 101, 108, 0, 0))],
  results: [
    'results-0.1.0-text',
    'results-0.1.0-own-tokenizer',
    'results-0.1.0-drawn',
    'settings-0.1.0',
  ].map((name) => compact(`${FIXTURES}/${name}.json`)),
  ranges: [],
  text: texts,
};

const targets = [...String(read('fuzz/Cargo.toml')).matchAll(/"fuzz_targets\/(\w+)\.rs"/g)].map(
  ([, name = '']) => name,
);
for (const target of targets) {
  const begins = seeds[target];
  if (!begins) throw new Error(`the fuzz target ${target} has no seeds here`);
  mkdirSync(`fuzz/corpus/${target}`, { recursive: true });
  begins.forEach((seed, i) => writeFileSync(`fuzz/corpus/${target}/seed-${i}`, seed));
}
