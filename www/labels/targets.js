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
 * What stands where scores would be, if no prompt has what heads are scored for; nothing
 * otherwise.
 * @param {import('../study/study-state.js').StudyState} state
 */
export function nothingToScore(state) {
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
