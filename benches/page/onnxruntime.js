// The peer: the same layers in onnxruntime-web, on its wasm back end.

import { answer, timed } from './contender.js';

/** @typedef {typeof import('onnxruntime-web')} Runtime */
/** @typedef {{ batch: number, tokens: number, ids: number[] }} Prompts */

/** @type {Runtime} */
let ort;
/** @type {import('onnxruntime-web').InferenceSession} */
let session;

/** @param {{ runtime: string, graph: string, folder: string, threads: number }} options */
async function start({ runtime, graph, folder, threads }) {
  ort = await import(runtime);
  ort.env.wasm.numThreads = threads;
  const weights = await fetch(`${folder}/model.safetensors`);
  session = await ort.InferenceSession.create(graph, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'all',
    externalData: [
      { path: 'model.safetensors', data: new Uint8Array(await weights.arrayBuffer()) },
    ],
  });
}

/** @param {Prompts} prompts */
function run({ batch, tokens, ids }) {
  const numbers = BigInt64Array.from(ids, BigInt);
  return session.run({ ids: new ort.Tensor('int64', numbers, [batch, tokens]) });
}

/** @param {Prompts} prompts */
async function outputs(prompts) {
  const { resid_post, ...patterns } = await run(prompts);
  const layers = Object.keys(patterns).length;
  const each = Array.from({ length: layers }, (_, l) => patterns[`pattern_${l}`]?.data);
  const lists = /** @type {Float32Array[]} */ (each);
  const all = new Float32Array(lists.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return { patterns: all, resid: resid_post?.data };
}

answer({
  start,
  outputs,
  forward: (/** @type {Prompts} */ prompts, /** @type {object} */ box) =>
    timed(() => run(prompts), box),
});
