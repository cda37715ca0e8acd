// The threads beside the computing one: workers that each hold some heads and
// hidden units of every layer, and compute what those add. The computing worker
// owns them, the Rust side (src/web/models/pool.rs) says what they get and are asked.
// One that fails in any way is dropped, with the share of the weights that it held.

import { lifeName, whenGone } from './alive.js';

/** Bytes of a buffer that is worth keeping between two jobs. */
const MOST_SPARE = 16e6;

/** Milliseconds that a thread has to start in. */
const TO_START = 10_000;

/** Milliseconds that a thread has for a job; the longest takes a few seconds. */
const TO_ANSWER = 60_000;

/** @typedef {{ resolve: (numbers: Float32Array) => void, reject: (reason: Error) => void, timer: number }} AskedJob */

/**
 * @typedef {object} PoolWorker
 * @property {Worker} thread
 * @property {ArrayBuffer} [spare] goes back and forth with the numbers
 * @property {Map<number, AskedJob>} jobs
 * @property {boolean} failed
 */

export class WorkerPool {
  #module;
  #size;
  #say;
  /** @type {PoolWorker[]} */
  #workers = [];
  #lastJob = 0;
  /** Why the pool cannot go on as it is, once a worker is gone. @type {Error | null} */
  #lost = null;

  /**
   * @param {WebAssembly.Module} module
   * @param {number} size how many workers to have, once they are wanted
   * @param {(note: string) => void} say tells the visitor what became of the threads
   */
  constructor(module, size, say) {
    this.#module = module;
    this.#size = size;
    this.#say = say;
  }

  /** How many workers there are. */
  get workers() {
    return this.#workers.length;
  }

  /** Whether a worker is gone, and the weights that it held. */
  get lost() {
    return this.#lost !== null;
  }

  /** Readies the workers. Those that do not start are done without. */
  async gather() {
    if (this.#workers.length > 0 || this.#size === 0) return;
    /** @type {string[]} */
    const reasons = [];
    const hired = Array.from({ length: this.#size }, () =>
      this.#hire().catch((/** @type {Error} */ { message }) => {
        reasons.push(message);
        return null;
      }),
    );
    const ready = await Promise.all(hired);
    this.#workers = ready.flatMap((worker) => (worker && !worker.failed ? [worker] : []));
    this.#size = this.#workers.length;
    if (reasons.length === 0) return;
    const count = `${reasons.length} of the ${ready.length} further threads`;
    this.#say(`${count} did not start (${reasons[0]}): the model runs on ${this.#threads()}.`);
  }

  /**
   * Ends all workers, and what they hold. Later there are to be so many.
   * @param {number} size
   */
  dismiss(size) {
    this.#giveUp(new Error('the thread was dismissed'));
    for (const { thread } of this.#workers) thread.terminate();
    this.#workers = [];
    this.#lost = null;
    this.#size = size;
  }

  /**
   * After a loss: those that are left are started anew, since what they hold is a
   * share of a whole that is no more.
   */
  regroup() {
    if (!this.#lost) return;
    const why = this.#lost.message;
    this.dismiss(this.#workers.filter(({ failed }) => !failed).length);
    this.#say(
      `A thread stopped (${why}). The model is read again and runs on ${this.#threads()} from here on.`,
    );
  }

  /** After a second loss: no worker is trusted any more. */
  disband() {
    for (const worker of this.#workers) worker.failed = true;
  }

  /**
   * Gives a worker numbers to hold.
   * @param {number} worker
   * @param {string} name
   * @param {string} shape what they are, in the words of src/web/models/pool.rs
   * @param {Float32Array<ArrayBuffer>} numbers
   */
  give(worker, name, shape, numbers) {
    this.#reach(worker).thread.postMessage({ give: { name, shape, numbers } }, [numbers.buffer]);
  }

  /**
   * @param {number} index
   * @param {string} job as src/web/models/pool.rs writes it
   * @param {Float32Array<ArrayBuffer>} x
   * @returns {Promise<Float32Array>}
   */
  ask(index, job, x) {
    return new Promise((resolve, reject) => {
      const worker = this.#reach(index);
      const id = ++this.#lastJob;
      worker.thread.postMessage({ ask: { id, job, x } }, [x.buffer]);
      const late = new Error(`it gave no answer for ${TO_ANSWER / 1000} seconds`);
      const timer = setTimeout(() => this.#lose(worker, late), TO_ANSWER);
      worker.jobs.set(id, { resolve, reject, timer });
    });
  }

  /**
   * The buffer of the last job, if it is kept.
   * @param {number} worker
   */
  take(worker) {
    const receiver = this.#workers[worker];
    const spare = receiver?.spare;
    if (receiver) receiver.spare = undefined;
    return spare;
  }

  /**
   * Keeps a buffer for the next job.
   * @param {number} worker
   * @param {ArrayBuffer} buffer
   */
  keep(worker, buffer) {
    const receiver = this.#workers[worker];
    if (receiver && buffer.byteLength <= MOST_SPARE) receiver.spare = buffer;
  }

  /** How many threads there are to be, in words. */
  #threads() {
    return this.#size === 0 ? 'one thread' : `${this.#size + 1} threads`;
  }

  /** @param {number} index */
  #reach(index) {
    const worker = this.#workers[index];
    if (this.#lost || !worker) throw this.#lost ?? new Error('there is no such thread');
    return worker;
  }

  /**
   * @returns {Promise<PoolWorker>} once it is ready; rejected if it does not get so
   */
  async #hire() {
    const thread = new Worker(new URL('./pool-worker.js', import.meta.url), { type: 'module' });
    const life = lifeName();
    /** @type {PoolWorker} */
    const worker = { thread, jobs: new Map(), failed: false };
    return new Promise((resolve, reject) => {
      let late = 0;
      const fail = (/** @type {string} */ why) => {
        clearTimeout(late);
        const reason = new Error(why);
        reject(reason);
        thread.terminate();
        this.#lose(worker, reason);
      };
      late = setTimeout(() => fail(`not within ${TO_START / 1000} seconds`), TO_START);
      thread.addEventListener('message', (/** @type {MessageEvent<FromPoolWorker>} */ { data }) => {
        if ('failed' in data) {
          fail(data.failed);
        } else if ('ready' in data) {
          clearTimeout(late);
          whenGone(life, () => fail('the browser ended it'));
          resolve(worker);
        } else {
          const job = worker.jobs.get(data.id);
          worker.jobs.delete(data.id);
          clearTimeout(job?.timer);
          job?.resolve(data.numbers);
        }
      });
      thread.addEventListener('error', (event) => {
        // Otherwise it would be an error of the computing worker too.
        event.preventDefault();
        fail(event.message || 'its script did not come');
      });
      thread.addEventListener('messageerror', () => fail('it could not be understood'));
      thread.postMessage({ init: { module: this.#module, life } });
    });
  }

  /**
   * @param {PoolWorker} worker
   * @param {Error} reason
   */
  #lose(worker, reason) {
    worker.failed = true;
    // One that is not yet in use, or was dismissed, holds nothing.
    if (this.#workers.includes(worker)) this.#giveUp(reason);
  }

  /**
   * A job that one worker cannot do is of no use to the others either.
   * @param {Error} reason
   */
  #giveUp(reason) {
    this.#lost ??= reason;
    for (const { jobs } of this.#workers) {
      for (const { reject, timer } of jobs.values()) {
        clearTimeout(timer);
        reject(reason);
      }
      jobs.clear();
    }
  }
}
