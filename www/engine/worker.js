// The computing thread: owns the one Engine, runs the page's calls one after
// another, and reports progress and problems.

import init, { Engine } from '../pkg/headscope.js';
import { stayAlive } from './alive.js';
import { WorkerPool } from './pool.js';
import { asProblem, isCancelled } from '../kit/problem.js';

/** @type {Promise<{ engine: Engine, pool: WorkerPool }> | undefined} */
let started;

/** The module's memory, once it is there. @type {WebAssembly.Memory | undefined} */
let memory;

/** Resolves when the calls so far are finished: the engine does one thing at a time. */
let idle = Promise.resolve();

/** @type {Map<number, AbortController>} */
const controllers = new Map();

const bytesHeld = () => memory?.buffer.byteLength ?? 0;

/** @param {FromWorker} message */
function reply(message) {
  self.postMessage(message);
}

/** @param {EngineOptions} options */
async function start({ module, base, build, threads, life }) {
  const [exports] = await Promise.all([init({ module_or_path: module }), stayAlive(life)]);
  memory = exports.memory;
  const pool = new WorkerPool(module, threads - 1, (note) => reply({ note }));
  reply({ ready: true });
  return { engine: new Engine(base, build, pool), pool };
}

/**
 * @param {number} id
 * @param {EngineRequest} request
 * @param {File[]} files
 */
async function run(id, request, files) {
  const signal = controllers.get(id)?.signal;
  try {
    if (!started || !signal) throw new Error('the worker was called before it was started');
    const { engine, pool } = await started;
    signal.throwIfAborted();
    const onProgress = (/** @type {Progress} */ progress) => reply({ id, progress });
    const once = () => engine.request(request, files, onProgress, signal);
    reply({ id, result: await withoutTheLost(pool, signal, once), memory: bytesHeld() });
  } catch (thrown) {
    // The page then says so to all who wait.
    if (tellTrap(thrown)) return;
    const cancelled = isCancelled(thrown) || (signal?.aborted && isAbort(thrown));
    const problem = cancelled ? /** @type {const} */ ({ cancelled: true }) : asProblem(thrown);
    reply({ id, problem, memory: bytesHeld() });
  } finally {
    controllers.delete(id);
  }
}

/**
 * What a lost thread was needed for is done again by those left, and if one of
 * them is lost too, by this one alone.
 * @param {WorkerPool} pool
 * @param {AbortSignal} signal
 * @param {() => Promise<unknown>} once
 */
async function withoutTheLost(pool, signal, once) {
  const again = async (/** @type {unknown} */ thrown) => {
    if (!pool.lost || signal.aborted) throw thrown;
    return once();
  };
  return once()
    .catch(again)
    .catch((thrown) => {
      if (pool.lost) pool.disband();
      return again(thrown);
    });
}

/** @param {unknown} thrown */
function isAbort(thrown) {
  return thrown instanceof DOMException && thrown.name === 'AbortError';
}

/**
 * A module that trapped is in no state to go on.
 * @param {unknown} thrown
 * @returns {boolean} whether this is such a trap
 */
function tellTrap(thrown) {
  const trapped = thrown instanceof WebAssembly.RuntimeError;
  if (trapped) reply({ broken: outOfMemory() || String(thrown) });
  return trapped;
}

/** Pages of 64 KiB that a run takes at once: where they cannot be had, that ended it. */
const MUCH = 1024;

/** What to say where the browser gives no more memory; a trap itself does not tell. */
function outOfMemory() {
  try {
    memory?.grow(MUCH);
    return '';
  } catch {
    return `it is out of memory, of which it has ${Math.round(bytesHeld() / 1e6)} MB`;
  }
}

// A trap between two steps of a call is nobody's to catch: the call never ends.
self.addEventListener('unhandledrejection', (event) => {
  if (tellTrap(event.reason)) event.preventDefault();
});

self.addEventListener('message', (/** @type {MessageEvent<ToWorker>} */ { data }) => {
  if ('init' in data) {
    started = start(data.init);
    started.catch((thrown) => reply({ broken: String(thrown) }));
  } else if ('ping' in data) {
    reply({ pong: true });
  } else if ('cancel' in data) {
    controllers.get(data.cancel)?.abort();
  } else {
    const { id, request, files } = data;
    controllers.set(id, new AbortController());
    idle = idle.then(() => run(id, request, files));
  }
});
