// The computing thread: owns the one Engine, runs the page's calls one after
// another, and reports progress and problems.

import init, { Engine } from './pkg/headscope.js';
import { BUILD } from './build.js';
import { Crew } from './crew.js';
import { asProblem, isCancelled } from './problem.js';

/** @type {Promise<Engine> | undefined} */
let engine;

/** Resolves when the calls so far are finished: the engine does one thing at a time. */
let idle = Promise.resolve();

/** @type {Map<number, AbortController>} */
const controllers = new Map();

/** @param {FromWorker} message */
function reply(message) {
  self.postMessage(message);
}

/** @param {EngineOptions} options */
async function start({ module, base, threads }) {
  await init({ module_or_path: module });
  return new Engine(base, BUILD, new Crew(module, threads - 1));
}

/**
 * @param {number} id
 * @param {string} method
 * @param {object} args
 */
async function run(id, method, args) {
  const signal = controllers.get(id)?.signal;
  try {
    if (!engine || !signal) throw new Error('the worker was called before it was started');
    const ready = await engine;
    signal.throwIfAborted();
    const compute = ready[method];
    if (!compute) throw new Error(`the engine has no method ${method}`);
    const onProgress = (/** @type {Progress} */ progress) => reply({ id, progress });
    reply({ id, result: await compute.call(ready, args, onProgress, signal) });
  } catch (thrown) {
    const cancelled = isCancelled(thrown) || (signal?.aborted && isAbort(thrown));
    reply({ id, problem: cancelled ? { cancelled: true } : asProblem(thrown) });
  } finally {
    controllers.delete(id);
  }
}

/** @param {unknown} thrown */
function isAbort(thrown) {
  return thrown instanceof DOMException && thrown.name === 'AbortError';
}

self.addEventListener('message', (/** @type {MessageEvent<ToWorker>} */ { data }) => {
  if ('init' in data) {
    engine = start(data.init);
    // Each call reports a failed start itself; unhandled, it would be logged twice.
    engine.catch(() => {});
  } else if ('cancel' in data) {
    controllers.get(data.cancel)?.abort();
  } else {
    const { id, method, args } = data;
    controllers.set(id, new AbortController());
    idle = idle.then(() => run(id, method, args));
  }
});
