// node tools/stand-in.mjs [FOLDER]: writes a model of GPT-2 small's size with
// random weights (548 MB), to try loading and speed on where the published file
// cannot be had. FOLDER is target/stand-in unless given.
//
// The file is laid out as the published one, byte for byte: its header is
// tests/fixtures/gpt2-small/header.json, 14,283 bytes, so the data begins at
// byte 14,291 and is aligned to nothing. The 160 tensors stand in the published
// order, which is no order at all (an early safetensors wrote them as its hash
// map gave them): a layer's tensors lie all over the file. Two things about the
// header are not known and make no difference here: which of the twelve equal
// mask buffers (h.*.attn.bias) fills which of the twelve 4 MiB gaps between the
// other tensors, and the order of the keys in the JSON.

import { closeSync, existsSync, mkdirSync, openSync, readSync, renameSync } from 'node:fs';
import { readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { byteSymbols } from './byte-symbols.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const headerFile = path.join(root, 'tests/fixtures/gpt2-small/header.json');
export const standIn = path.join(root, 'target/stand-in');

/** The published config.json, less what nothing here reads. */
const CONFIG = {
  activation_function: 'gelu_new',
  architectures: ['GPT2LMHeadModel'],
  bos_token_id: 50256,
  eos_token_id: 50256,
  initializer_range: 0.02,
  layer_norm_epsilon: 1e-5,
  model_type: 'gpt2',
  n_ctx: 1024,
  n_embd: 768,
  n_head: 12,
  n_layer: 12,
  n_positions: 1024,
  vocab_size: 50257,
};

/**
 * Mean and standard deviation of a tensor's values, near those of the published
 * one: attention patterns are neither flat nor all on one token, and no score
 * overflows.
 * @type {[name: RegExp, mean: number, deviation: number][]}
 */
const SCALES = [
  [/^wte/, 0, 0.14],
  [/^wpe/, 0, 0.12],
  [/^ln_f\.weight/, 1.3, 0.2],
  [/ln_[12f]\.weight/, 0.2, 0.05],
  [/ln_[12f]\.bias/, 0, 0.04],
  [/c_attn\.weight/, 0, 0.2],
  [/c_proj\.weight/, 0, 0.14],
  [/c_fc\.weight/, 0, 0.13],
  [/\.bias/, 0, 0.2],
];

/**
 * Random values are drawn once, this many, and every tensor takes them from
 * another place on, round and round. Prime, so that no two rows of a matrix
 * begin at the same place.
 */
const DRAWN = 1_000_003;

/** How much of a tensor is looked at to see whether the file is this one. */
const SAMPLE = 64;

/**
 * @typedef {object} Tensor
 * @property {string} name
 * @property {number[]} shape
 * @property {[from: number, to: number]} offsets in the data, which begins at `dataStart`
 */

/** @returns {{ text: Buffer, dataStart: number, tensors: Tensor[], length: number }} */
export function publishedLayout() {
  const text = readFileSync(headerFile);
  const header = /** @type {Record<string, any>} */ (JSON.parse(text.toString('utf8')));
  const dataStart = 8 + text.length;
  const tensors = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, { shape, data_offsets }]) => ({ name, shape, offsets: data_offsets }));
  const length = dataStart + Math.max(...tensors.map(({ offsets }) => offsets[1]));
  return { text, dataStart, tensors, length };
}

/**
 * The mulberry32 generator: uniform numbers in (0, 1).
 * @param {number} seed
 */
function uniforms(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return (((x ^ (x >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
}

/** Standard normal numbers, by Box and Muller. */
function normals() {
  const next = uniforms(5);
  const values = new Float32Array(DRAWN + 1);
  for (let i = 0; i < DRAWN; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(next()));
    const angle = 2 * Math.PI * next();
    values[i] = radius * Math.cos(angle);
    values[i + 1] = radius * Math.sin(angle);
  }
  return values.subarray(0, DRAWN);
}

/**
 * The first `count` values of a tensor.
 * @param {Tensor} tensor
 * @param {number} index its place in the file, which makes it differ from the others
 * @param {number} count
 * @param {Float32Array} drawn
 */
function valuesOf({ name, shape }, index, count, drawn) {
  const values = new Float32Array(count);
  if (/\.attn\.bias$/.test(name)) {
    // The mask: row q holds ones up to column q.
    const side = shape[3] ?? 0;
    for (let i = 0; i < count; i++) values[i] = i % side <= Math.floor(i / side) ? 1 : 0;
    return values;
  }
  const scale = SCALES.find(([pattern]) => pattern.test(name));
  if (!scale) throw new Error(`no scale is given for ${name}`);
  const [, mean, deviation] = scale;
  let from = (index * 7919 * 104729) % DRAWN;
  for (let i = 0; i < count; i++) {
    values[i] = mean + deviation * (drawn[from] ?? 0);
    if (++from === DRAWN) from = 0;
  }
  return values;
}

/** @param {Float32Array} values */
const bytesOf = ({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength);

/**
 * Whether the folder holds the model as it would be written now.
 * @param {string} folder
 * @param {ReturnType<typeof publishedLayout>} layout
 * @param {Float32Array} drawn
 */
function isComplete(folder, { text, dataStart, tensors, length }, drawn) {
  const file = path.join(folder, 'model.safetensors');
  if (!existsSync(path.join(folder, 'config.json')) || !existsSync(file)) return false;
  if (statSync(file).size !== length) return false;
  const handle = openSync(file, 'r');
  /** @param {number} from @param {Buffer} wanted */
  const holds = (from, wanted) => {
    const found = Buffer.alloc(wanted.length);
    readSync(handle, found, 0, wanted.length, from);
    return found.equals(wanted);
  };
  try {
    return (
      holds(8, text) &&
      tensors.every((tensor, index) =>
        holds(dataStart + tensor.offsets[0], bytesOf(valuesOf(tensor, index, SAMPLE, drawn))),
      )
    );
  } finally {
    closeSync(handle);
  }
}

/** GPT-2's tokenizer, as its folder on the hub has it. */
function tokenizer() {
  const text = readFileSync(path.join(root, 'data/tokenizer/merges.txt'), 'utf8');
  const merges = text.split('\n').slice(1).filter(Boolean);
  const eot = '<|endoftext|>';
  const symbols = [...byteSymbols(), ...merges.map((merge) => merge.replace(' ', '')), eot];
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true };
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [{ id: symbols.length - 1, special: true, content: eot, ...plain }],
    normalizer: null,
    pre_tokenizer: bytes,
    post_processor: { ...bytes, add_prefix_space: true, trim_offsets: false },
    decoder: { ...bytes, add_prefix_space: true },
    model: {
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      vocab: Object.fromEntries(symbols.map((symbol, id) => [symbol, id])),
      merges,
    },
  };
}

/**
 * Writes the model, unless it is there.
 * @param {string} [folder]
 * @returns {{ folder: string, written: boolean }}
 */
export function makeStandIn(folder = standIn) {
  const layout = publishedLayout();
  const drawn = normals();
  mkdirSync(folder, { recursive: true });
  // Each under another name until it is whole: tests that run beside may be reading it.
  const unfinished = path.join(folder, `${process.pid}.tmp`);
  writeFileSync(unfinished, JSON.stringify(tokenizer()));
  renameSync(unfinished, path.join(folder, 'tokenizer.json'));
  if (isComplete(folder, layout, drawn)) return { folder, written: false };

  try {
    const handle = openSync(unfinished, 'w');
    try {
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(layout.text.length));
      writeWhole(handle, length, 0);
      writeWhole(handle, layout.text, 8);
      layout.tensors.forEach((tensor, index) => {
        const count = tensor.shape.reduce((product, n) => product * n, 1);
        const bytes = bytesOf(valuesOf(tensor, index, count, drawn));
        const [from, to] = tensor.offsets;
        if (bytes.length !== to - from) throw new Error(`${tensor.name} has another length`);
        writeWhole(handle, bytes, layout.dataStart + from);
      });
    } finally {
      closeSync(handle);
    }
    writeFileSync(path.join(folder, 'config.json'), `${JSON.stringify(CONFIG, null, 2)}\n`);
    renameSync(unfinished, path.join(folder, 'model.safetensors'));
  } finally {
    rmSync(unfinished, { force: true });
  }
  return { folder, written: true };
}

/**
 * @param {number} handle
 * @param {Buffer} bytes
 * @param {number} position in the file
 */
function writeWhole(handle, bytes, position) {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(handle, bytes, done, bytes.length - done, position + done);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { folder, written } = makeStandIn(process.argv[2]);
  console.log(
    written ? `${folder} holds the stand-in now` : `${folder} holds the stand-in already`,
  );
}
