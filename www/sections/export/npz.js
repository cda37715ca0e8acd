// All loaded heads' patterns as a file of numpy's: a zip of arrays, nothing compressed.

import { Zip, ZipPassThrough } from 'fflate';

/** Most bytes of a file: it is put together in memory. */
const MOST = 256e6;

/**
 * @typedef {object} Prompt
 * @property {number} sequence its number
 * @property {number[]} ids of its tokens
 */

/**
 * The size of the file's patterns.
 * @param {Prompt[]} prompts
 * @param {number} layers
 * @param {number} heads
 */
export function patternBytes(prompts, layers, heads) {
  return 4 * prompts.length * layers * heads * longestOf(prompts) ** 2;
}

/**
 * Why there is no such file, if it would be too large.
 * @param {number} size in bytes
 * @returns {Problem | null}
 */
export function tooLarge(size) {
  if (size <= MOST) return null;
  return {
    what: `All heads’ patterns on the kept prompts take ${Math.ceil(size / 1e6)} MB, and such a file may have ${MOST / 1e6} MB.`,
    kept: 'The settings and the results on show are unchanged.',
    next: 'Draw fewer or shorter sequences, or shorten the text.',
    offers: [],
    key: null,
  };
}

/** @param {Prompt[]} prompts */
function longestOf(prompts) {
  return Math.max(...prompts.map(({ ids }) => ids.length));
}

/** Puts the file together, prompt by prompt. */
export class PatternFile {
  /** @type {BlobPart[]} */
  #parts = [];
  #zip = new Zip((error, bytes) => {
    if (error) throw error;
    this.#parts.push(/** @type {Uint8Array<ArrayBuffer>} */ (bytes));
  });
  #patterns = new ZipPassThrough('pattern.npy');
  #prompts;
  #layers;
  #heads;
  #longest;

  /**
   * @param {Prompt[]} prompts in the order in which they are added
   * @param {number} layers how many are loaded, from the first
   * @param {number} heads of each
   */
  constructor(prompts, layers, heads) {
    this.#prompts = prompts;
    this.#layers = layers;
    this.#heads = heads;
    this.#longest = longestOf(prompts);
    const shape = [prompts.length, layers, heads, this.#longest, this.#longest];
    this.#zip.add(this.#patterns);
    this.#patterns.push(header('<f4', shape));
  }

  /**
   * Adds the patterns of the next prompt.
   * @param {Float32Array} cells (layer, head, destination, source)
   * @param {number} n its tokens
   */
  add(cells, n) {
    const longest = this.#longest;
    const heads = this.#layers * this.#heads;
    if (cells.length !== heads * n * n)
      throw new Error('the patterns of a prompt are not all there');
    if (n === longest) {
      this.#patterns.push(littleEndian(cells));
      return;
    }
    const filled = new Float32Array(heads * longest * longest).fill(NaN);
    for (let row = 0; row < heads * n; row++) {
      const [head, q] = [Math.floor(row / n), row % n];
      filled.set(cells.subarray(row * n, (row + 1) * n), (head * longest + q) * longest);
    }
    this.#patterns.push(littleEndian(filled));
  }

  /** Ends the file, once all prompts were added. */
  blob() {
    this.#patterns.push(new Uint8Array(0), true);
    const prompts = this.#prompts;
    const ids = prompts.flatMap(({ ids }) =>
      Array.from({ length: this.#longest }, (_, i) => ids[i] ?? -1),
    );
    this.#entry(
      'prompt.npy',
      [prompts.length],
      Int32Array.from(prompts, (each) => each.sequence),
    );
    this.#entry(
      'layer.npy',
      [this.#layers],
      Int32Array.from({ length: this.#layers }, (_, l) => l),
    );
    this.#entry('token_ids.npy', [prompts.length, this.#longest], Int32Array.from(ids));
    this.#zip.end();
    return new Blob(this.#parts, { type: 'application/zip' });
  }

  /**
   * @param {string} name
   * @param {number[]} shape
   * @param {Int32Array} numbers
   */
  #entry(name, shape, numbers) {
    const entry = new ZipPassThrough(name);
    this.#zip.add(entry);
    entry.push(header('<i4', shape));
    entry.push(littleEndian(numbers), true);
  }
}

/**
 * What an .npy file begins with (version 1.0 of numpy's format): a Python dictionary,
 * filled up with spaces so that the numbers begin at a multiple of 64.
 * @param {string} type
 * @param {number[]} shape
 */
function header(type, shape) {
  const sizes = shape.map((size) => `${size},`).join(' ');
  const about = `{'descr': '${type}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const length = Math.ceil((10 + about.length + 1) / 64) * 64 - 10;
  const text = `${about.padEnd(length - 1)}\n`;
  const start = [0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, length & 0xff, length >> 8];
  return Uint8Array.from([...start, ...new TextEncoder().encode(text)]);
}

/**
 * The bytes of numbers, the least significant first, as every browser's machine has them.
 * @param {Float32Array | Int32Array} numbers
 */
function littleEndian({ buffer, byteOffset, byteLength }) {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
