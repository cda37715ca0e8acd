// What the page knows at a moment, and who is told when that changes.

import { asProblem } from '../kit/problem.js';
import { NOTHING, firstState, hasResults } from './study-state.js';

/** @typedef {import('./study-state.js').StudyState} StudyState */
/** @typedef {(state: StudyState) => void} Listener */

export class Store {
  /** @type {StudyState} */
  #state;
  /** @type {Listener[]} */
  #listeners = [];

  /**
   * @param {Pick<StudyState, 'settings' | 'link'>} inForce
   * @param {SettingProblem[]} settingProblems
   */
  constructor(inForce, settingProblems) {
    this.#state = firstState(inForce, settingProblems);
  }

  get state() {
    return this.#state;
  }

  /** @param {Listener} listener */
  subscribe(listener) {
    this.#listeners.push(listener);
    listener(this.#state);
  }

  /**
   * Calls back with what is selected of the state whenever it is not what it was: a
   * value, or an array of which an element differs. The first time is at once.
   * @template const T
   * @param {(state: StudyState) => T} select
   * @param {(selected: T, state: StudyState) => void} effect
   * @param {T} [known] what needs no call at first
   */
  watch(select, effect, known) {
    let last = known;
    this.subscribe((state) => {
      const selected = select(state);
      if (same(selected, last)) return;
      last = selected;
      effect(selected, state);
    });
  }

  /**
   * A view that fails stops neither the other views nor the study.
   * @param {Partial<StudyState>} patch
   */
  set(patch) {
    this.#state = { ...this.#state, ...patch };
    if (this.#state.imported && !hasResults(this.#state)) this.#state.imported = null;
    for (const listener of this.#listeners) {
      try {
        listener(this.#state);
      } catch (thrown) {
        reportError(thrown);
      }
    }
  }

  /**
   * @param {import('./study-state.js').Place} place
   * @param {unknown} thrown
   */
  fail(place, thrown) {
    const problem = asProblem(thrown);
    if (problem.changed) {
      // Nothing of the old file may stand beside what comes of the new one.
      this.set({ ...NOTHING, model: null, problems: { head: problem } });
      return;
    }
    this.set({ problems: { ...this.#state.problems, [place]: problem } });
  }
}

/**
 * @param {unknown} a
 * @param {unknown} b
 */
function same(a, b) {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((element, index) => element === b[index]);
}
