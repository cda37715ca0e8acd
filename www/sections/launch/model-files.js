// Which of the files that a visitor picked are a model's: its weights, in one file or
// in all that they are divided into, its config and its tokenizer. Comes when something
// is picked.

import { plural } from '../../kit/format.js';

/**
 * @typedef {object} ModelFiles
 * @property {File[]} weights one, or all that the model is divided into, in their order
 * @property {File | null} config
 * @property {File[]} tokenizer its files, if there are any
 * @property {string} note what was picked and not taken, where that is no matter of course
 */

/** @typedef {'weights' | 'config' | 'tokenizer' | 'json' | 'elsewhere' | 'other'} Kind */

/** Files of a tokenizer. */
export const TOKENIZER = ['tokenizer.json', 'vocab.json', 'merges.txt'];
/** Endings of files that hold weights in a form that is not read here. */
export const OTHER_WEIGHTS = /\.(bin|pt|pth|ckpt|h5|msgpack|onnx|gguf|ot|npz|tflite)$/i;
/** One of several files: its number, and how many there are. */
const SHARD = /^(.*)-(\d+)-of-(\d+)\.safetensors$/i;
/** What browsers call a file that is downloaded again. */
const CONFIG = /^config( ?\(\d+\))?\.json$/i;
const WHOLE = /^model( ?\(\d+\))?\.safetensors$/i;
/** Fields by which a config is told from other JSON. */
export const SIZES =
  /"(model_type|architectures|n_layer|n_embd|n_head|hidden_size|num_hidden_layers)"\s*:/;

/** Bytes at the beginning of a file that tell what it is. */
const HEAD = 65_536;

/** What to do with weights in such a form. */
export const CONVERT =
  'Save the model as safetensors, as save_pretrained of transformers does, or convert it at https://huggingface.co/spaces/safetensors/convert.';

/**
 * Sorts what was picked. What holds no model is thrown as a Problem.
 * @param {File[]} files at least one
 * @returns {Promise<ModelFiles>}
 */
export async function sortModelFiles(files) {
  const kinds = await Promise.all(files.map(kindOf));
  /** @param {Kind} kind */
  const of = (kind) => files.filter((_, i) => kinds[i] === kind);
  const configs = of('config').sort((a, b) => byName(CONFIG, a, b));
  const config = configs[0] ?? null;
  if (of('weights').length === 0) throw noWeights(files, of('elsewhere'), config);
  const { weights, left } = choose(of('weights'));
  const notes = [];
  if (left.length > 0) {
    const models = plural(1 + left.length, 'model');
    notes.push(`${models} were picked. Taken: ${names(weights)}. Not taken: ${names(left)}.`);
  }
  if (configs.length > 1) notes.push(`Of the configs, ${config?.name} was taken.`);
  const json = of('json');
  if (!config && json.length > 0) {
    notes.push(`${names(json)} tells no sizes of a model, so it was not taken for config.json.`);
  }
  return { weights, config, tokenizer: of('tokenizer'), note: notes.join(' ') };
}

/**
 * @param {File} file
 * @returns {Promise<Kind>}
 */
async function kindOf(file) {
  const { name } = file;
  if (/\.safetensors$/i.test(name)) return 'weights';
  if (OTHER_WEIGHTS.test(name)) return 'elsewhere';
  if (TOKENIZER.includes(name)) return 'tokenizer';
  // The files that it lists say the same of themselves.
  if (/\.index\.json$/i.test(name)) return 'other';
  if (/\.json$/i.test(name)) {
    const text = await file.slice(0, HEAD).text();
    // What is wrong with one of that name the engine says.
    return SIZES.test(text) || CONFIG.test(name) ? 'config' : 'json';
  }
  // The length of a header in eight bytes, then the header.
  const bytes = new Uint8Array(await file.slice(0, 9).arrayBuffer());
  return bytes[8] === '{'.charCodeAt(0) ? 'weights' : 'other';
}

/**
 * The files of one model. A file for the whole is preferred to several.
 * @param {File[]} files
 * @returns {{ weights: File[], left: File[] }} `left` has one file of each other model
 */
function choose(files) {
  const whole = files.filter(({ name }) => !SHARD.test(name));
  whole.sort((a, b) => byName(WHOLE, a, b));
  /** @type {Map<string, Map<number, File>>} */
  const divided = new Map();
  for (const file of files) {
    const [, stem, number, of] = SHARD.exec(file.name) ?? [];
    if (stem === undefined) continue;
    const key = `${stem} ${Number(of)}`;
    divided.set(key, (divided.get(key) ?? new Map()).set(Number(number), file));
  }
  const models = [
    ...whole.map((file) => [file]),
    ...[...divided].flatMap(([key, parts]) => {
      const all = inOrder(parts, Number(key.split(' ').at(-1)));
      return all ? [all] : [];
    }),
  ];
  const [weights, ...others] = models;
  if (!weights) throw incomplete(divided);
  return { weights, left: others.flatMap((model) => model.slice(0, 1)) };
}

/**
 * All parts of a model, or nothing if one is missing.
 * @param {Map<number, File>} parts
 * @param {number} count
 */
function inOrder(parts, count) {
  const all = [...parts].sort(([a], [b]) => a - b);
  const whole = all.length === count && all.every(([number], i) => number === i + 1);
  return whole ? all.map(([, file]) => file) : null;
}

/**
 * Puts names of this form first.
 * @param {RegExp} form
 * @param {File} a
 * @param {File} b
 */
function byName(form, a, b) {
  return Number(form.test(b.name)) - Number(form.test(a.name));
}

/** @param {File[]} files */
function names(files) {
  const shown = files.slice(0, 3).map(({ name }) => name);
  const more = files.length - shown.length;
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

/**
 * @param {File[]} files
 * @param {File[]} elsewhere
 * @param {File | null} config
 */
function noWeights(files, elsewhere, config) {
  const [foreign] = elsewhere;
  if (foreign)
    return refused(`${foreign.name} holds weights in a form that is not read here.`, CONVERT);
  if (config)
    return refused(
      `${config.name} came without weights.`,
      'Pick it together with model.safetensors.',
    );
  const next = 'Pick a model.safetensors, with its config.json if you have it.';
  return refused(`${names(files)}: no model is in ${files.length === 1 ? 'it' : 'them'}.`, next);
}

/** @param {Map<string, Map<number, File>>} divided models of which parts are missing */
function incomplete(divided) {
  const [[key, parts] = ['', new Map()]] = divided;
  const count = Number(key.split(' ').at(-1));
  return refused(
    `The model is divided into ${count} files, and ${parts.size} of them ${parts.size === 1 ? 'was' : 'were'} picked: ${names([...parts.values()])}.`,
    `Pick all ${count} together.`,
  );
}

/**
 * @param {string} what
 * @param {string} next
 * @returns {Problem}
 */
function refused(what, next) {
  return { what, kept: 'Nothing was taken.', next, offers: [], key: 'model' };
}
