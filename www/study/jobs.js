// Steps take turns: one runs, and those that are pressed meanwhile wait behind it.

import { CANCEL } from '../engine/client.js';
import { isCancelled } from '../kit/problem.js';

/**
 * A step that runs, or waits for its turn.
 * @typedef {object} Job
 * @property {Task} step
 * @property {AbortController} controller
 * @property {Promise<boolean>} ended whether in a result
 */

/**
 * @callback Work
 * @param {{ signal: AbortSignal, onProgress: (progress: Progress) => void }} options
 * @returns {Promise<void>}
 */

export class Jobs {
  #store;
  #on;
  /** What runs, and behind it what waits for its turn. @type {Job[]} */
  #jobs = [];

  /**
   * @param {import('./store.js').Store} store
   * @param {object} on
   * @param {() => void} on.begin a step runs, or waits from here on
   * @param {() => void} on.fetch bytes arrived
   * @param {() => void} on.idle nothing runs any more
   */
  constructor(store, on) {
    this.#store = store;
    this.#on = on;
  }

  /** What runs and what waits. */
  get steps() {
    return this.#jobs.map(({ step }) => step);
  }

  /** Waits for all that runs and waits; more may have come meanwhile. */
  async whenIdle() {
    for (let last = this.#jobs.at(-1); last; last = this.#jobs.at(-1)) await last.ended;
  }

  /**
   * Ends what runs and what waits; `why` is told where the visitor did not ask for
   * it, and a clause.
   * @param {string | null} why
   * @param {(step: Task) => boolean} [concerns]
   */
  stop(why, concerns = () => true) {
    const ended = this.#jobs.filter(
      ({ step, controller }) => !controller.signal.aborted && concerns(step),
    );
    const told = why ? ended.map(({ step }) => [step, `Stopped, because ${why}.`]) : [];
    if (told.length > 0) {
      const { stopped } = this.#store.state;
      this.#store.set({ stopped: { ...stopped, ...Object.fromEntries(told) } });
    }
    for (const { controller } of ended) controller.abort(why ?? CANCEL);
  }

  /**
   * Runs a step once those before it have ended: with progress, ending in a
   * result, a problem, or (cancelled) in the state before. One that is under way
   * already is not run twice.
   * @param {Task} step
   * @param {Work} work
   * @returns {Promise<boolean>} whether it ended in a result
   */
  run(step, work) {
    const under = this.#jobs.find((job) => job.step === step && !job.controller.signal.aborted);
    if (under) return under.ended;
    const before = this.#jobs.at(-1)?.ended;
    /** @type {Job} */
    const job = { step, controller: new AbortController(), ended: Promise.resolve(false) };
    this.#jobs.push(job);
    job.ended = this.#perform(job, work, before);
    return job.ended;
  }

  /**
   * @param {Job} job
   * @param {Work} work
   * @param {Promise<unknown> | undefined} before
   */
  async #perform(job, work, before) {
    const store = this.#store;
    const { step } = job;
    const { signal } = job.controller;
    this.#on.begin();
    const { problems, stopped, waiting } = store.state;
    const clean = {
      problems: { ...problems, [step]: null },
      stopped: { ...stopped, [step]: undefined },
    };
    if (before) {
      store.set({ ...clean, waiting: [...waiting, step] });
      await before;
      store.set({ waiting: store.state.waiting.filter((each) => each !== step) });
    }
    const may = !signal.aborted && (step === 'head' || !store.state.imported);
    if (may) store.set({ ...(before ? {} : clean), task: { step, progress: null } });
    /** @param {Progress} progress */
    const onProgress = (progress) => {
      if (progress.unit === 'bytes') this.#on.fetch();
      store.set({ task: { step, progress } });
    };
    try {
      if (!may) return false;
      await work({ signal, onProgress });
      return true;
    } catch (thrown) {
      if (signal.aborted || isCancelled(thrown)) return false;
      store.fail(step, thrown);
      // Without a model, what waits would fail likewise.
      if (step === 'head') this.stop('the head could not be shown', (each) => each !== step);
      return false;
    } finally {
      this.#jobs = this.#jobs.filter((each) => each !== job);
      // The next one says itself what it does.
      if (this.#jobs.length === 0) {
        store.set({ task: null });
        this.#on.idle();
      }
    }
  }
}
