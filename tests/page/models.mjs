// Models to be served: broken ones, made from the fixture by breaking one thing
// each, and one with many heads.

import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fixtures } from './harness.mjs';

export const GOOD_MODEL = 'random-3x4x32';
export const MANY_HEADS = 'many-heads';
const TENSOR = 'h.0.attn.c_attn.weight';

/** @typedef {{ header: Record<string, any>, data: Buffer }} Safetensors */

/** @returns {Promise<Safetensors>} */
async function readFixture() {
  const bytes = await readFile(path.join(fixtures, GOOD_MODEL, 'model.safetensors'));
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString('utf8'));
  return { header, data: bytes.subarray(8 + length) };
}

/** @param {Safetensors} parts */
function encode({ header, data }) {
  const text = Buffer.from(JSON.stringify(header), 'utf8');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, data]);
}

/**
 * @param {Safetensors} file
 * @returns {string} the tensor's name as the fixture writes it, prefix or none
 */
function tensorName({ header }) {
  const name = Object.keys(header).find((each) => each.endsWith(TENSOR));
  if (!name) throw new Error(`the fixture has no ${TENSOR}`);
  return name;
}

/**
 * The file as if it had never had this tensor.
 * @param {Safetensors} file
 * @param {string} name
 * @returns {Safetensors}
 */
function without({ header, data }, name) {
  const { [name]: dropped, ...others } = header;
  const [begin, end] = dropped.data_offsets;
  return withoutGap({ header: others, data }, begin, end, Buffer.alloc(0));
}

/**
 * The file without these bytes, and with some at its end.
 * @param {Safetensors} file
 * @param {number} begin
 * @param {number} end
 * @param {Buffer} added
 * @returns {Safetensors}
 */
function withoutGap({ header, data }, begin, end, added) {
  for (const tensor of Object.values(header)) {
    if (tensor.data_offsets?.[0] < end) continue;
    tensor.data_offsets = tensor.data_offsets?.map(
      (/** @type {number} */ at) => at - (end - begin),
    );
  }
  return { header, data: Buffer.concat([data.subarray(0, begin), data.subarray(end), added]) };
}

/**
 * Each broken model: what is done to the good one, and what the page's message
 * must name.
 *
 * @type {Record<string, { names: RegExp, break: (folder: string, config: any, file: Safetensors) => Promise<void> }>}
 */
export const BROKEN = {
  'not-a-model': {
    names: /config\.json/,
    async break(folder) {
      await writeFile(path.join(folder, 'config.json'), '<!doctype html><p>Welcome.');
    },
  },
  'no-weights': {
    names: /model\.safetensors/,
    async break(folder) {
      await rm(path.join(folder, 'model.safetensors'));
    },
  },
  'another-architecture': {
    names: /model_type|llama/i,
    async break(folder, config) {
      const other = { ...config, model_type: 'llama', architectures: ['LlamaForCausalLM'] };
      await writeFile(path.join(folder, 'config.json'), JSON.stringify(other));
    },
  },
  'wrong-shape': {
    names: /h\.0\.attn\.c_attn\.weight/,
    async break(folder, _config, file) {
      file.header[tensorName(file)].shape.reverse();
      await writeFile(path.join(folder, 'model.safetensors'), encode(file));
    },
  },
  'wrong-dtype': {
    names: /h\.0\.attn\.c_attn\.weight/,
    async break(folder, _config, file) {
      file.header[tensorName(file)].dtype = 'I32';
      await writeFile(path.join(folder, 'model.safetensors'), encode(file));
    },
  },
  'missing-tensor': {
    names: /h\.0\.attn\.c_attn\.weight/,
    async break(folder, _config, file) {
      await writeFile(
        path.join(folder, 'model.safetensors'),
        encode(without(file, tensorName(file))),
      );
    },
  },
  truncated: {
    names: /model\.safetensors|h\.\d+\.|wte|wpe|ln_f/,
    async break(folder, _config, file) {
      const whole = encode(file);
      await writeFile(
        path.join(folder, 'model.safetensors'),
        whole.subarray(0, whole.length - (file.data.length >> 1)),
      );
    },
  },
  'not-safetensors': {
    names: /model\.safetensors/,
    async break(folder) {
      await writeFile(path.join(folder, 'model.safetensors'), Buffer.alloc(4096, 'not weights '));
    },
  },
};

/**
 * Writes a model with random weights and all of GPT-2's tokens: unless told otherwise,
 * with as many layers and heads as GPT-2 small and little else, 12 by 12 heads of width 2.
 * @param {string} folder
 * @param {{ width?: number, layers?: number, heads?: number }} [sizes]
 */
export async function makeManyHeads(folder, { width = 24, layers = 12, heads = 12 } = {}) {
  const config = JSON.parse(await readFile(path.join(fixtures, GOOD_MODEL, 'config.json'), 'utf8'));
  const layer = {
    'ln_1.weight': [width],
    'ln_1.bias': [width],
    'attn.c_attn.weight': [width, 3 * width],
    'attn.c_attn.bias': [3 * width],
    'attn.c_proj.weight': [width, width],
    'attn.c_proj.bias': [width],
    'ln_2.weight': [width],
    'ln_2.bias': [width],
    'mlp.c_fc.weight': [width, 4 * width],
    'mlp.c_fc.bias': [4 * width],
    'mlp.c_proj.weight': [4 * width, width],
    'mlp.c_proj.bias': [width],
  };
  /** @type {[name: string, shape: number[]][]} */
  const tensors = [
    ['wte.weight', [config.vocab_size, width]],
    ['wpe.weight', [64, width]],
    ['ln_f.weight', [width]],
    ['ln_f.bias', [width]],
  ];
  for (let l = 0; l < layers; l++) {
    for (const [name, shape] of Object.entries(layer)) tensors.push([`h.${l}.${name}`, shape]);
  }
  let end = 0;
  /** @type {Safetensors['header']} */
  const header = {};
  for (const [name, shape] of tensors) {
    const begin = end;
    end += 4 * shape.reduce((product, size) => product * size, 1);
    header[name] = { dtype: 'F32', shape, data_offsets: [begin, end] };
  }
  const values = new Float32Array(end / 4);
  // A small generator with a fixed seed: the same model every time.
  let state = 1;
  for (let i = 0; i < values.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = state / 2 ** 32 - 0.5;
  }
  await mkdir(folder);
  await writeFile(
    path.join(folder, 'config.json'),
    JSON.stringify({
      ...config,
      n_layer: layers,
      n_head: heads,
      n_embd: width,
      n_ctx: 64,
      n_positions: 64,
      n_inner: null,
    }),
  );
  await writeFile(
    path.join(folder, 'model.safetensors'),
    encode({ header, data: Buffer.from(values.buffer) }),
  );
}

/**
 * Makes a folder with the good model, the one with many heads and every broken one.
 * @returns {Promise<{ folder: string, remove: () => Promise<void> }>}
 */
export async function makeModels() {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'headscope-models-'));
  const good = path.join(fixtures, GOOD_MODEL);
  await cp(good, path.join(folder, GOOD_MODEL), { recursive: true });
  await makeManyHeads(path.join(folder, MANY_HEADS));
  for (const [name, { break: breakIt }] of Object.entries(BROKEN)) {
    const broken = path.join(folder, name);
    await mkdir(broken);
    for (const file of ['config.json', 'model.safetensors']) {
      await cp(path.join(good, file), path.join(broken, file));
    }
    const config = JSON.parse(await readFile(path.join(good, 'config.json'), 'utf8'));
    await breakIt(broken, config, await readFixture());
  }
  return { folder, remove: () => rm(folder, { recursive: true }) };
}

/**
 * The good model with the first rows of its words alone, and files of a tokenizer.
 * @param {string} folder where to put it
 * @param {number} rows
 * @param {Record<string, string | Buffer>} files by name
 * @param {object} [changes] of its config.json
 */
export async function makeModelWithTokenizer(folder, rows, files, changes = {}) {
  const config = JSON.parse(await readFile(path.join(fixtures, GOOD_MODEL, 'config.json'), 'utf8'));
  const file = await readFixture();
  const name = Object.keys(file.header).find((each) => each.endsWith('wte.weight')) ?? '';
  const [begin, end] = file.header[name].data_offsets;
  const words = file.data.subarray(begin, begin + (rows * (end - begin)) / config.vocab_size);
  file.header[name].shape[0] = rows;
  file.header[name].data_offsets = [file.data.length, file.data.length + words.length];
  const { header, data } = withoutGap(file, begin, end, words);
  await mkdir(folder, { recursive: true });
  const sizes = { ...config, vocab_size: rows, ...changes };
  await writeFile(path.join(folder, 'config.json'), JSON.stringify(sizes));
  await writeFile(path.join(folder, 'model.safetensors'), encode({ header, data }));
  for (const [each, content] of Object.entries(files)) {
    await writeFile(path.join(folder, each), content);
  }
}

/**
 * The good model with a longer context: its positions over and over.
 * @param {string} folder where to put it
 * @param {number} n_ctx
 */
export async function makeLongModel(folder, n_ctx) {
  const good = path.join(fixtures, GOOD_MODEL);
  const config = JSON.parse(await readFile(path.join(good, 'config.json'), 'utf8'));
  const file = await readFixture();
  const name = Object.keys(file.header).find((each) => each.endsWith('wpe.weight')) ?? '';
  const [begin, end] = file.header[name].data_offsets;
  const positions = file.data.subarray(begin, end);
  const wanted = (positions.length / config.n_ctx) * n_ctx;
  const longer = Buffer.concat(Array(Math.ceil(n_ctx / config.n_ctx)).fill(positions));
  file.header[name].shape[0] = n_ctx;
  file.header[name].data_offsets = [file.data.length, file.data.length + wanted];
  const { header, data } = withoutGap(file, begin, end, longer.subarray(0, wanted));
  await mkdir(folder, { recursive: true });
  const sizes = { ...config, n_ctx, n_positions: n_ctx };
  await writeFile(path.join(folder, 'config.json'), JSON.stringify(sizes));
  await writeFile(path.join(folder, 'model.safetensors'), encode({ header, data }));
}

/**
 * The good model divided into several files, every tensor in another than the one
 * before, and a config as Python writes it.
 * @param {string} folder where to put it
 * @param {number} count
 */
export async function makeDividedModel(folder, count) {
  const { header, data } = await readFixture();
  delete header.__metadata__;
  const name = (/** @type {number} */ i) =>
    `model-${String(i + 1).padStart(5, '0')}-of-${String(count).padStart(5, '0')}.safetensors`;
  const shards = Array.from({ length: count }, () => ({
    header: /** @type {Safetensors['header']} */ ({ __metadata__: { epoch: 3 } }),
    data: /** @type {Buffer[]} */ ([]),
    length: 0,
  }));
  /** @type {Record<string, string>} */
  const weight_map = {};
  Object.entries(header).forEach(([tensor, entry], i) => {
    const shard = shards[i % count];
    if (!shard) throw new Error('there is a file for every tensor');
    const [begin, end] = entry.data_offsets;
    const at = shard.length;
    shard.length += end - begin;
    shard.data.push(data.subarray(begin, end));
    shard.header[tensor] = { ...entry, data_offsets: [at, shard.length] };
    weight_map[tensor] = name(i % count);
  });
  await mkdir(folder, { recursive: true });
  for (const [i, { header, data }] of shards.entries()) {
    await writeFile(path.join(folder, name(i)), encode({ header, data: Buffer.concat(data) }));
  }
  const list = { metadata: { total_size: 1 }, weight_map };
  await writeFile(path.join(folder, 'model.safetensors.index.json'), JSON.stringify(list));
  const config = await readFile(path.join(fixtures, GOOD_MODEL, 'config.json'), 'utf8');
  const python = config.replace('{', '\uFEFF{"dropout": NaN, "limits": [-Infinity, Infinity],');
  await writeFile(
    path.join(folder, 'config.json'),
    python.replace(/"n_layer": 3/, '"n_layer": 3.0'),
  );
}
