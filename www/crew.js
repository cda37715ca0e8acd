// The threads beside the computing one: workers that each hold some heads and
// hidden units of every layer, and compute what those add. The computing worker
// owns them, the Rust side (src/web/crew.rs) says what they get and are asked.

/** Bytes of a buffer that is worth keeping between two jobs. */
const MOST_SPARE = 16e6;

/**
 * @typedef {object} Member
 * @property {Worker} worker
 * @property {Promise<void>} ready
 * @property {ArrayBuffer} [spare] goes back and forth with the numbers
 * @property {Map<number, { resolve: (numbers: Float32Array) => void, reject: (reason: Error) => void }>} jobs
 */

export class Crew {
  #module;
  #size;
  /** @type {Member[]} */
  #members = [];
  #lastJob = 0;
  /** Why the crew cannot go on, once a member is gone. @type {Error | null} */
  #lost = null;

  /**
   * @param {WebAssembly.Module} module
   * @param {number} size how many members to have, once they are wanted
   */
  constructor(module, size) {
    this.#module = module;
    this.#size = size;
  }

  /** How many members there are. */
  get members() {
    return this.#members.length;
  }

  /** Whether a member is gone, and the weights that it held. */
  get lost() {
    return this.#lost !== null;
  }

  /** Readies the members. A browser that gives none leaves the work to one thread. */
  async gather() {
    if (this.#members.length === 0 && this.#size > 0) {
      try {
        while (this.#members.length < this.#size) this.#members.push(this.#hire());
        await Promise.all(this.#members.map(({ ready }) => ready));
      } catch {
        this.dismiss(0);
      }
    }
    return this.#members.length;
  }

  /**
   * Ends all members, and what they hold. Later there are to be so many.
   * @param {number} size
   */
  dismiss(size) {
    this.#lose(new Error('the thread was dismissed'));
    for (const { worker } of this.#members) worker.terminate();
    this.#members = [];
    this.#lost = null;
    this.#size = size;
  }

  /**
   * Gives a member numbers to hold: a packed matrix, or a bias if `rows` is 0.
   * @param {number} member
   * @param {string} name
   * @param {number} rows
   * @param {number} columns
   * @param {Float32Array<ArrayBuffer>} numbers
   */
  give(member, name, rows, columns, numbers) {
    this.#send(member, { give: { name, rows, columns, numbers } }, [numbers.buffer]);
  }

  /**
   * @param {number} member
   * @param {string[]} names
   * @param {Uint32Array} numbers with the names, what src/web/crew.rs makes of a job
   * @param {Float32Array<ArrayBuffer>} x
   * @returns {Promise<Float32Array>}
   */
  ask(member, names, numbers, x) {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastJob;
      this.#send(member, { ask: { id, names, numbers, x } }, [x.buffer]);
      this.#members[member]?.jobs.set(id, { resolve, reject });
    });
  }

  /**
   * The buffer of the last job, if it is kept.
   * @param {number} member
   */
  take(member) {
    const receiver = this.#members[member];
    const spare = receiver?.spare;
    if (receiver) receiver.spare = undefined;
    return spare;
  }

  /**
   * Keeps a buffer for the next job.
   * @param {number} member
   * @param {ArrayBuffer} buffer
   */
  keep(member, buffer) {
    const receiver = this.#members[member];
    if (receiver && buffer.byteLength <= MOST_SPARE) receiver.spare = buffer;
  }

  /**
   * @param {number} member
   * @param {ToMember} message
   * @param {Transferable[]} transfer
   */
  #send(member, message, transfer) {
    const receiver = this.#members[member];
    if (this.#lost || !receiver) throw this.#lost ?? new Error('there is no such thread');
    receiver.worker.postMessage(message, transfer);
  }

  /** @returns {Member} */
  #hire() {
    const worker = new Worker(new URL('./crew-member.js', import.meta.url), { type: 'module' });
    /** @type {Member['jobs']} */
    const jobs = new Map();
    const ready = new Promise((resolve, reject) => {
      worker.addEventListener('message', (/** @type {MessageEvent<FromMember>} */ { data }) => {
        if ('ready' in data) {
          resolve(undefined);
          return;
        }
        const waiting = jobs.get(data.id);
        jobs.delete(data.id);
        if ('error' in data) waiting?.reject(new Error(data.error));
        else waiting?.resolve(data.numbers);
      });
      worker.addEventListener('error', (event) => {
        // Otherwise it would be an error of the computing worker too.
        event.preventDefault();
        const reason = new Error(event.message || 'it gave no reason');
        reject(reason);
        this.#lose(reason);
      });
    });
    worker.postMessage({ init: this.#module });
    return { worker, ready, jobs };
  }

  /** @param {Error} reason */
  #lose(reason) {
    this.#lost = reason;
    for (const { jobs } of this.#members) {
      for (const { reject } of jobs.values()) reject(reason);
      jobs.clear();
    }
  }
}
