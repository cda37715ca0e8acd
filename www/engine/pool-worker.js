// A thread beside the computing one: holds what it is given, and does jobs with it.
// Whatever fails is told, and ends its use.

import init, { PoolWorker } from '../pkg/headscope.js';
import { stayAlive } from './alive.js';

/** @type {Promise<PoolWorker>} */
let held;

/** @param {FromPoolWorker} message */
function reply(message, /** @type {Transferable[]} */ transfer = []) {
  self.postMessage(message, { transfer });
}

/** @param {{ module: WebAssembly.Module, life: string }} options */
async function start({ module, life }) {
  await Promise.all([init({ module_or_path: module }), stayAlive(life)]);
  reply({ ready: true });
  return new PoolWorker();
}

/** @param {ToPoolWorker} message */
async function take(message) {
  if ('init' in message) {
    held = start(message.init);
    await held;
    return;
  }
  const ready = await held;
  if ('give' in message) {
    const { name, shape, numbers } = message.give;
    ready.keep(name, shape, numbers);
    return;
  }
  const { id, job, x } = message.ask;
  const results = /** @type {Float32Array<ArrayBuffer>} */ (ready.work(job, x));
  reply({ id, numbers: results }, [results.buffer]);
}

self.addEventListener('message', (/** @type {MessageEvent<ToPoolWorker>} */ { data }) => {
  take(data).catch((thrown) => reply({ failed: String(thrown) }));
});
