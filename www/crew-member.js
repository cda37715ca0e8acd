// A thread beside the computing one: holds what it is given, and does jobs with it.

import init, { CrewMember } from './pkg/headscope.js';

/** @type {Promise<CrewMember>} */
let member;

/** @param {FromMember} message */
function reply(message, /** @type {Transferable[]} */ transfer = []) {
  self.postMessage(message, { transfer });
}

/** @param {WebAssembly.Module} module */
async function start(module) {
  await init({ module_or_path: module });
  reply({ ready: true });
  return new CrewMember();
}

self.addEventListener('message', async (/** @type {MessageEvent<ToMember>} */ { data }) => {
  if ('init' in data) {
    member = start(data.init);
    return;
  }
  const ready = await member;
  if ('give' in data) {
    const { name, rows, columns, numbers } = data.give;
    ready.keep(name, rows, columns, numbers);
    return;
  }
  const { id, names, numbers, x } = data.ask;
  try {
    const results = /** @type {Float32Array<ArrayBuffer>} */ (ready.work(names, numbers, x));
    reply({ id, numbers: results }, [results.buffer]);
  } catch (thrown) {
    reply({ id, error: String(thrown) });
  }
});
