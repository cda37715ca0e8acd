// The page's side of the worker: calls that can report progress and be
// cancelled, as promises. A worker that fails in any way is ended, and the next
// call starts another.

import { lifeName, whenGone } from './alive.js';
import { BUILD } from '../build.js';
import { siteUrl } from '../kit/site.js';

/** Milliseconds that a worker has to start in. */
const TO_START = 30_000;

/** Milliseconds that a call has to end in after a Cancel, and after a later choice. */
const TO_CANCEL = 3_000;
const TO_GIVE_WAY = 10_000;

/** A worker that computes may be deaf for seconds, but not for so many pings. */
const PING_EVERY = 5_000;
const MOST_PINGS = 24;

/** A worker whose script is fetched while the module is. @type {Worker | null} */
let early = null;

/** Begins to fetch the worker's script, which an {@link EngineClient} then takes over. */
export function prepareWorker() {
  try {
    early ??= newWorker();
    // Nobody is told yet: the client starts one of its own, and says why that fails.
    early.addEventListener('error', () => (early = null), { once: true });
  } catch {
    // The same.
  }
}

const newWorker = () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });

/**
 * Bytes of a worker's memory that are worth a new worker when its model is closed: memory
 * of WebAssembly never shrinks, and the threads of its pool hold what they were given.
 */
const MUCH = 32e6;

/** Why a call is aborted, where the visitor asked for it. */
export const CANCEL = 'cancel';

/**
 * A request, and the visitor's files beside it.
 * @typedef {object} Asked
 * @property {EngineRequest} request
 * @property {File[]} files
 */

/**
 * @typedef {object} Call
 * @property {EngineRequest} request
 * @property {File[]} files
 * @property {(result: any) => void} resolve
 * @property {(problem: Problem | Cancelled) => void} reject
 * @property {((progress: Progress) => void) | undefined} onProgress
 * @property {AbortSignal | undefined} signal
 * @property {AbortController | undefined} givesWay aborted when something else is asked for
 */

export class EngineClient {
  /** In the order in which the worker does them. @type {Map<number, Call>} */
  #calls = new Map();
  #lastId = 0;
  /** @type {Worker | null} */
  #worker = null;
  #module;
  #threads;
  /** The model from the visitor's disk, which a new worker needs again. @type {Asked | null} */
  #picked = null;
  /** Whether the worker has started. */
  #ready = false;
  /** The model that the worker was last asked to load. */
  #model = '';
  /** Bytes that the worker had when it last answered. */
  #memory = 0;
  /** When a worker last took the place of another. */
  #restarted = -Infinity;
  /** Pings that were not answered yet. */
  #unheard = 0;
  #pings = 0;

  /** Called when a worker is there in the place of one that was lost with what it held. */
  onRestart = () => {};
  /** Called with what the visitor should know of the threads. */
  onNote = (/** @type {string} */ _note) => {};

  /**
   * @param {WebAssembly.Module} module
   * @param {number} threads how many share the work at a model
   */
  constructor(module, threads) {
    this.#module = module;
    this.#threads = threads;
    this.#start();
  }

  /**
   * Asks something of the engine. Rejects with a Problem, or with `{ cancelled: true }`
   * after an abort.
   * @template {RequestName} R
   * @param {R} name
   * @param {RequestOf<R>} args
   * @param {{ files?: File[], onProgress?: (progress: Progress) => void, signal?: AbortSignal, givesWay?: AbortController }} [options]
   * @returns {Promise<AnswerTo<R>>}
   */
  call(name, args, { files = [], onProgress, givesWay, signal = givesWay?.signal } = {}) {
    for (const call of this.#calls.values()) call.givesWay?.abort();
    const request = /** @type {EngineRequest} */ (/** @type {unknown} */ ({ [name]: args }));
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject({ cancelled: true });
        return;
      }
      if ('load' in request) this.#closeOthers(request.load.settings.model);
      if (!this.#worker) this.#restart();
      this.#remember({ request, files });
      const id = ++this.#lastId;
      this.#calls.set(id, { request, files, resolve, reject, onProgress, signal, givesWay });
      this.#post({ id, request, files });
      this.#listen();
      signal?.addEventListener('abort', () => this.#cancel(id, signal.reason), { once: true });
    });
  }

  /**
   * What a new worker has to be told as well.
   * @param {Asked} asked
   */
  #remember(asked) {
    if ('pick_file' in asked.request) {
      this.#picked = asked;
      // Another file under the same name is another model.
      if (this.#model === 'file') this.#model = '';
    }
    if ('use_threads' in asked.request) this.#threads = asked.request.use_threads;
  }

  /**
   * @param {number} id
   * @param {unknown} why
   */
  #cancel(id, why) {
    const call = this.#calls.get(id);
    if (!call) return;
    this.#post({ cancel: id });
    const [first] = this.#calls.keys();
    if (id !== first) {
      // Its turn has not come, and need not.
      this.#calls.delete(id);
      call.reject({ cancelled: true });
      return;
    }
    setTimeout(
      () => {
        if (this.#calls.get(id) !== call) return;
        this.#calls.delete(id);
        this.#end();
        this.#restart();
        this.#askAgain();
        call.reject({ cancelled: true });
      },
      why === CANCEL ? TO_CANCEL : TO_GIVE_WAY,
    );
  }

  /**
   * Before a model is loaded: ends a worker that needed much memory for another one.
   * @param {string} model
   */
  #closeOthers(model) {
    const closes = this.#model !== model && this.#memory > MUCH && this.#ready;
    this.#model = model;
    if (!closes) return;
    this.#end();
    this.#start();
    this.#givePicked();
    this.#askAgain();
  }

  /** Asks a new worker for what was asked of the one before and is still wanted. */
  #askAgain() {
    for (const [id, { request, files }] of this.#calls) this.#post({ id, request, files });
    this.#listen();
  }

  #givePicked() {
    if (this.#picked) this.#post({ id: ++this.#lastId, ...this.#picked });
  }

  #start() {
    /** @type {Worker} */
    let worker;
    try {
      worker = early ?? newWorker();
      early = null;
    } catch (thrown) {
      // Told to the call, which is about to be there.
      queueMicrotask(() => this.#lose(this.#worker, String(thrown)));
      return;
    }
    this.#worker = worker;
    this.#ready = false;
    const life = lifeName();
    const late = setTimeout(() => this.#lose(worker, 'it did not start'), TO_START);
    worker.addEventListener('message', ({ data }) => {
      if (worker !== this.#worker) return;
      if ('ready' in data) {
        clearTimeout(late);
        this.#ready = true;
        whenGone(life, () => this.#lose(worker, 'the browser ended it'));
      }
      this.#receive(worker, data);
    });
    worker.addEventListener('error', (event) => {
      clearTimeout(late);
      this.#lose(worker, event.message || 'its script did not come');
    });
    worker.addEventListener('messageerror', () => this.#lose(worker, 'it was not understood'));
    const base = siteUrl('./').href;
    const [module, threads] = [this.#module, this.#threads];
    this.#post({ init: { module, base, build: BUILD, threads, life } });
  }

  #restart() {
    this.#restarted = performance.now();
    this.#start();
    if (!this.#worker) return;
    this.#givePicked();
    this.onRestart();
  }

  #end() {
    this.#worker?.terminate();
    this.#worker = null;
    this.#memory = 0;
    clearInterval(this.#pings);
    this.#pings = 0;
  }

  /** @param {ToWorker} message */
  #post(message) {
    this.#worker?.postMessage(message);
  }

  /** Asks the worker for a sign of life while it has something to do. */
  #listen() {
    if (this.#pings !== 0) return;
    this.#unheard = 0;
    this.#pings = window.setInterval(() => {
      if (this.#calls.size === 0) {
        clearInterval(this.#pings);
        this.#pings = 0;
        return;
      }
      this.#unheard += 1;
      if (this.#unheard > MOST_PINGS) this.#lose(this.#worker, 'it gave no sign of life');
      else this.#post({ ping: true });
    }, PING_EVERY);
  }

  /**
   * @param {Worker} worker
   * @param {FromWorker} message
   */
  #receive(worker, message) {
    this.#unheard = 0;
    if ('broken' in message) this.#lose(worker, message.broken);
    if ('note' in message) this.onNote(message.note);
    if (!('id' in message)) return;
    const call = this.#calls.get(message.id);
    if (!call) return;
    if ('progress' in message) {
      call.onProgress?.(message.progress);
      return;
    }
    this.#calls.delete(message.id);
    this.#memory = message.memory;
    // A result that crossed with the cancel is no longer wanted.
    if (call.signal?.aborted) call.reject({ cancelled: true });
    else if ('problem' in message) call.reject(message.problem);
    else call.resolve(message.result);
  }

  /**
   * A worker that stopped (out of memory, most often) answers no call again.
   * @param {Worker | null} worker
   * @param {string} why
   */
  #lose(worker, why) {
    if (worker !== this.#worker) return;
    this.#end();
    /** @type {Problem} */
    const problem = {
      what: `The computing thread of this page stopped (${why}).`,
      kept: 'The settings and the results on show are kept, and so is what was downloaded.',
      next: 'Retry starts a new one, which reads the model again. If memory is short, close other tabs or choose the bundled model.',
      offers: ['retry', 'tiny'],
      key: null,
    };
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const { signal, reject } of calls) reject(signal?.aborted ? { cancelled: true } : problem);
    // One that does not even start would be started for ever; the next call may try.
    if (!this.#ready || performance.now() - this.#restarted < TO_GIVE_WAY) return;
    this.onNote(`The computing thread stopped (${why}) and was started anew.`);
    this.#restart();
  }
}
