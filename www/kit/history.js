// What can be undone and redone.

/** @template T */
export class History {
  /** @type {T[]} */
  #values;
  #at = 0;

  /** @param {T} first */
  constructor(first) {
    this.#values = [first];
  }

  get current() {
    return /** @type {T} */ (this.#values[this.#at]);
  }

  get canUndo() {
    return this.#at > 0;
  }

  get canRedo() {
    return this.#at < this.#values.length - 1;
  }

  /**
   * A new value ends what could be redone.
   * @param {T} value
   */
  push(value) {
    this.#values.splice(++this.#at, Infinity, value);
  }

  /** @param {-1 | 1} by */
  step(by) {
    this.#at = Math.max(0, Math.min(this.#values.length - 1, this.#at + by));
    return this.current;
  }
}
