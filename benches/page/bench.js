// The page of the benchmark: starts contenders, each in a worker of its own,
// passes the runner's calls on to them and compares what they computed.

/** @typedef {{ resolve: (result: any) => void, reject: (error: Error) => void }} Pending */
/** @typedef {{ patterns: Float32Array, resid: Float32Array }} Outputs */

class Contender {
  /** @type {Map<number, Pending>} */
  #pending = new Map();
  #calls = 0;
  #worker;

  /** @param {string} script */
  constructor(script) {
    this.#worker = new Worker(new URL(script, import.meta.url), { type: 'module' });
    this.#worker.addEventListener('message', ({ data: { call, result, error } }) => {
      const { resolve, reject } = /** @type {Pending} */ (this.#pending.get(call));
      this.#pending.delete(call);
      if (error === undefined) resolve(result);
      else reject(new Error(`${script}: ${error}`));
    });
    this.#worker.addEventListener('error', ({ message }) => {
      for (const { reject } of this.#pending.values()) reject(new Error(`${script}: ${message}`));
    });
  }

  /**
   * @param {string} method
   * @param {unknown[]} args
   * @returns {Promise<any>}
   */
  call(method, args) {
    const call = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#pending.set(call, { resolve, reject });
      this.#worker.postMessage({ call, method, args });
    });
  }

  stop() {
    this.#worker.terminate();
  }
}

/** @type {Map<string, Contender>} */
const contenders = new Map();

/** @param {string} name */
function contender(name) {
  const found = contenders.get(name);
  if (!found) throw new Error(`no contender is called ${name}`);
  return found;
}

/**
 * The largest difference of two lists of numbers, and the largest number.
 * @param {Float32Array} ours
 * @param {Float32Array} theirs
 */
function difference(ours, theirs) {
  if (ours.length !== theirs.length) {
    throw new Error(`${ours.length} numbers against ${theirs.length}`);
  }
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < ours.length; i++) {
    const [a, b] = [ours[i] ?? NaN, theirs[i] ?? NaN];
    // Not by `>`, which a number that is none would pass unseen.
    if (!(Math.abs(a - b) <= difference)) difference = Math.abs(a - b);
    if (!(Math.abs(b) <= largest)) largest = Math.abs(b);
  }
  return { difference, largest };
}

/** What the runner calls. */
const bench = {
  /** @param {string} name @param {string} script @param {object} options */
  async open(name, script, options) {
    contenders.set(name, new Contender(script));
    await contender(name).call('start', [options]);
  },

  /** @param {string} name @param {string} method @param {unknown[]} args */
  call: (name, method, ...args) => contender(name).call(method, args),

  /**
   * Runs the same prompts through two contenders, and compares their patterns
   * and the residual streams after their last layers.
   * @param {string} ours
   * @param {string} theirs
   * @param {object} prompts
   */
  async compare(ours, theirs, prompts) {
    const a = /** @type {Outputs} */ (await contender(ours).call('outputs', [prompts]));
    const b = /** @type {Outputs} */ (await contender(theirs).call('outputs', [prompts]));
    return {
      patterns: difference(a.patterns, b.patterns),
      resid: difference(a.resid, b.resid),
    };
  },

  closeAll() {
    for (const each of contenders.values()) each.stop();
    contenders.clear();
  },
};

/** @typedef {typeof bench} Bench */

Object.assign(globalThis, { bench });
