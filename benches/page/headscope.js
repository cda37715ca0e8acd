// Everything that comes out of the benchmark's wasm: our model and its studies,
// candle's plain layers, single linear layers, and the machine's limits.

import { answer, readWeights, timed } from './contender.js';

/** @typedef {{ batch: number, tokens: number, ids: number[] }} Prompts */
/** @typedef {{ seconds?: number, least?: number }} Box */

/** What wasm-bindgen made; its types come with the build. @type {any} */
let wasm;
/** `Ours` or `Plain`, whichever was asked for. @type {any} */
let model;

/** The threads beside this one. @type {any} */
let pool;

/**
 * @param {{ build: string, site: string, threads?: number, kind: string }} options the
 *   folders of a build of the benchmark and of the site, whose pool of workers it takes
 */
async function start({ build, site, threads = 1, kind }) {
  wasm = await import(`${build}/headscope_bench.js`);
  await wasm.default();
  if (threads === 1) return;
  const { WorkerPool } = await import(`${site}/engine/pool.js`);
  const module = await WebAssembly.compileStreaming(fetch(`${site}/pkg/${kind}.wasm`));
  pool = new WorkerPool(module, threads - 1, console.warn);
  await pool.gather();
  if (pool.workers !== threads - 1) throw new Error('there are too few threads');
}

/** @param {string} address */
async function text(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} answered ${response.status}`);
  return response.text();
}

/** @param {{ folder: string, merges: string }} options */
async function loadOurs({ folder, merges }) {
  model = new wasm.Ours(await text(`${folder}/config.json`), await text(merges), pool);
  await load(folder);
}

/** @param {{ folder: string }} options */
async function loadPlain({ folder }) {
  model = new wasm.Plain();
  await load(folder);
}

/** @param {string} folder */
const load = (folder) =>
  readWeights(folder, (name, rows, numbers) => model.insert(name, rows, numbers));

/** @param {Prompts} prompts */
const run = ({ ids, batch }) => model.forward(Uint32Array.from(ids), batch);

/** @param {Prompts} prompts */
async function outputs(prompts) {
  const [patterns, resid] = await run(prompts);
  return { patterns, resid };
}

/**
 * Sweeps of everything upstream of one head, from a baseline that is there.
 * @param {number} layer
 * @param {number} head
 * @param {Box} box
 */
async function sweep(layer, head, box) {
  const baseline = await model.baseline(layer, head);
  const times = await timed(() => model.sweep(baseline), box);
  baseline.free();
  return times;
}

/**
 * The notebook's four ablations of L1H5, from a baseline that is there.
 * @param {Box} box
 */
async function four(box) {
  const baseline = await model.baseline(1, 5);
  const times = await timed(() => model.four(baseline), box);
  baseline.free();
  return times;
}

/**
 * One of the circuits' steps that needs nothing but the model.
 * @param {'form' | 'words'} step
 * @param {Box} box
 */
const circuits = (step, box) => timed(() => model[step](), box);

/**
 * A step of the slider with the head taken apart: of the shown prompt, and of everything.
 * @param {Box} box
 */
async function slide(box) {
  const apart = await model.take_apart();
  let step = 0;
  const alpha = () => (step++ % 30) / 10;
  const shown = await timed(() => model.slide_shown(apart, alpha()), box);
  const all = await timed(() => model.slide(apart, alpha()), box);
  apart.free();
  return { shown, all };
}

/**
 * @param {number[]} ids
 * @param {Box} box
 */
const lens = (ids, box) => timed(() => model.lens(Uint32Array.from(ids)), box);

/**
 * @param {number[]} ids
 * @param {number} most
 * @param {Box} box
 */
const goOn = (ids, most, box) => timed(() => model.go_on(Uint32Array.from(ids), most), box);

/**
 * GFLOP/s of a linear layer, ours and candle's, in turn.
 * @param {number} rows
 * @param {number} nIn
 * @param {number} nOut
 * @param {Box} box
 */
async function linear(rows, nIn, nOut, box) {
  const pair = new wasm.LinearPair(rows, nIn, nOut);
  const difference = pair.difference();
  const ours = await timed(() => pair.ours(), box);
  const candle = await timed(() => pair.candle(), box);
  pair.free();
  return { difference, ours, candle };
}

/** Pairs that are on trial, by their sizes. @type {Map<string, any>} */
const onTrial = new Map();

/**
 * One product of ours, on a matrix that is not in the caches any more.
 * @param {number} rows
 * @param {number} nIn
 * @param {number} nOut
 */
function tryOut(rows, nIn, nOut) {
  const key = `${rows} ${nIn} ${nOut}`;
  const pair = onTrial.get(key) ?? new wasm.LinearPair(rows, nIn, nOut);
  onTrial.set(key, pair);
  pair.ours();
}

/** The tilings that this worker chose, for few rows and for many. */
const tilings = () => wasm.tilings();

/**
 * The most floating-point operations a second that registers alone allow.
 * @param {number} chains
 * @param {Box} box
 */
async function multiplyAdds(chains, box) {
  // Short calls at first: the browser compiles a function well only once it has
  // been called often, and never while it runs.
  for (let i = 0; i < 2000; i++) wasm.multiply_adds(chains, 100);
  let flop = 0;
  const times = await timed(() => (flop = wasm.multiply_adds(chains, 1_000_000)), box);
  return { flop, times };
}

/**
 * @param {number} megabytes more than any cache holds
 * @param {Box} box
 */
async function read(megabytes, box) {
  const memory = new wasm.Memory(megabytes);
  for (let i = 0; i < 3; i++) memory.read();
  const times = await timed(() => memory.read(), box);
  memory.free();
  return times;
}

answer({
  start,
  loadOurs,
  loadPlain,
  outputs,
  forward: (/** @type {Prompts} */ prompts, /** @type {Box} */ box) =>
    timed(() => run(prompts), box),
  notebook: (/** @type {Box} */ box) => timed(() => model.notebook(), box),
  notebookScores: () => model.notebook(),
  scores: (/** @type {Box} */ box) => timed(() => model.scores(), box),
  four,
  layers: (/** @type {number} */ layers, /** @type {Box} */ box) =>
    timed(() => model.layers(layers), box),
  sweep,
  circuits,
  slide,
  lens,
  goOn,
  linear,
  tilings,
  tryOut,
  multiplyAdds,
  read,
});
