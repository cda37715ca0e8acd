// How targets of attention are called.

import { catalogue } from '../study/catalogue.js';
import { shownSettings } from '../study/study-state.js';

/**
 * @param {string} target
 * @returns {[number, number] | null} rows of the word table, from and to
 */
export function pairOf(target) {
  const [name, from, to] = target.split('-');
  return name === catalogue().pair.name ? [Number(from), Number(to)] : null;
}

/**
 * @param {number | string} from row of the word table
 * @param {number | string} to
 */
export function pairTarget(from, to) {
  return `${catalogue().pair.name}-${from}-${to}`;
}

/**
 * Whether a target is cells painted on the shown prompt.
 * @param {string} target
 */
export function isPainted(target) {
  return target.startsWith(`${catalogue().cells.name}-`);
}

/**
 * Says in an empty place why no scores will be there, if no prompt has what heads are scored
 * for, and what it says already otherwise.
 * @param {import('../study/study.js').Study} study
 * @param {HTMLElement} empty
 */
export function explainNoScores(study, empty) {
  const usual = empty.textContent;
  study.watch(nothingToScore, (nothing) => {
    empty.textContent = nothing || usual;
  });
}

/** @param {import('../study/study-state.js').StudyState} state */
function nothingToScore(state) {
  if (!state.pattern || state.pattern.scorable) return '';
  const what = targetWords(shownSettings(state).target, state.promptSet);
  return `No prompt has ${what}, so there is nothing to score. Choose another target, or put more words of one category into a prompt.`;
}

/**
 * A target in words.
 * @param {string} target
 * @param {PromptSet | null} promptSet
 */
export function targetWords(target, promptSet) {
  if (isPainted(target)) return catalogue().cells.words;
  const pair = pairOf(target);
  if (!pair) return catalogue().targets.find(({ name }) => name === target)?.words ?? target;
  const [from, to] = pair.map((row) => promptSet?.categories[row] ?? `row ${row}`);
  return `words of “${to}” from words of “${from}”`;
}
