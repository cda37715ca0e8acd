// The page's side of the worker: calls that can report progress and be
// cancelled, as promises.

/**
 * @typedef {object} Call
 * @property {(result: any) => void} resolve
 * @property {(problem: Problem | Cancelled) => void} reject
 * @property {((progress: Progress) => void) | undefined} onProgress
 * @property {AbortSignal | undefined} signal
 */

export class EngineClient {
  /** @type {Map<number, Call>} */
  #calls = new Map();
  #lastId = 0;
  /** Why the worker answers no more, once it does not. @type {Problem | null} */
  #lost = null;
  #worker;

  /**
   * @param {WebAssembly.Module} module
   * @param {number} threads how many share the work at a model
   */
  constructor(module, threads) {
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    this.#worker.addEventListener('message', ({ data }) => this.#receive(data));
    this.#worker.addEventListener('error', (event) => this.#lose(event.message));
    this.#post({ init: { module, base: new URL('./', import.meta.url).href, threads } });
  }

  /**
   * Runs a method of the engine. Rejects with a Problem, or with
   * `{ cancelled: true }` once the worker has stopped after an abort.
   * @template {keyof EngineMethods} M
   * @param {M} method
   * @param {EngineMethods[M]['args']} args
   * @param {{ onProgress?: (progress: Progress) => void, signal?: AbortSignal }} [options]
   * @returns {Promise<EngineMethods[M]['result']>}
   */
  call(method, args, { onProgress, signal } = {}) {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (signal?.aborted || this.#lost) {
        reject(this.#lost ?? { cancelled: true });
        return;
      }
      this.#calls.set(id, { resolve, reject, onProgress, signal });
      this.#post({ id, method, args });
      signal?.addEventListener('abort', () => this.#post({ cancel: id }), { once: true });
    });
  }

  /** @param {ToWorker} message */
  #post(message) {
    this.#worker.postMessage(message);
  }

  /** @param {FromWorker} message */
  #receive(message) {
    const call = this.#calls.get(message.id);
    if (!call) return;
    if ('progress' in message) {
      call.onProgress?.(message.progress);
      return;
    }
    this.#calls.delete(message.id);
    // A result that crossed with the cancel is no longer wanted.
    if (call.signal?.aborted) call.reject({ cancelled: true });
    else if ('problem' in message) call.reject(message.problem);
    else call.resolve(message.result);
  }

  /**
   * A worker that dies (out of memory, most often) answers no call again.
   * @param {string} [text]
   */
  #lose(text) {
    this.#lost = {
      what: `The computing thread of this page stopped${text ? ` (${text})` : ''}.`,
      kept: 'The link keeps your settings, and the browser keeps what it has downloaded.',
      next: 'Reload the page and press Start; if memory is short, close other tabs or choose the bundled model.',
      offers: [],
      key: null,
    };
    for (const call of this.#calls.values()) call.reject(this.#lost);
    this.#calls.clear();
  }
}
