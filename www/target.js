// What heads are scored for: one of the named targets, or a pair of categories
// that the visitor picks.

import { byId, el } from './dom.js';
import { categoryLetter } from './categories.js';
import { settingText } from './problem.js';

/** The named targets, as the end of "attention to …". */
const WORDS = new Map([
  ['same-category', 'earlier words of the same category'],
  ['same-word', 'earlier copies of the word'],
  ['self', 'the word itself'],
  ['bos', 'beginning of text'],
  ['previous', 'the word just before'],
]);

/**
 * @param {string} target
 * @returns {[number, number] | null} rows of the word table, from and to
 */
function pairOf(target) {
  const match = /^pair-(\d+)-(\d+)$/.exec(target);
  return match ? [Number(match[1]), Number(match[2])] : null;
}

/**
 * A target in words.
 * @param {string} target
 * @param {PromptSet | null} promptSet
 */
export function targetWords(target, promptSet) {
  const pair = pairOf(target);
  if (!pair) return WORDS.get(target) ?? target;
  const [from, to] = pair.map((row) => promptSet?.categories[row] ?? `row ${row}`);
  return `words of “${to}” from words of “${from}”`;
}

/** @param {import('./study.js').Study} study */
export function setUpTarget(study) {
  const select = byId('target', HTMLSelectElement);
  const pairFields = byId('target-pair', HTMLDivElement);
  const from = byId('target-from', HTMLSelectElement);
  const to = byId('target-to', HTMLSelectElement);
  const error = byId('target-error', HTMLParagraphElement);

  select.addEventListener('change', () => {
    study.change({ target: select.value === 'pair' ? 'pair-0-0' : select.value });
  });
  for (const each of [from, to]) {
    each.addEventListener('change', () =>
      study.change({ target: `pair-${from.value}-${to.value}` }),
    );
  }

  /** @type {string[] | undefined} */
  let named;
  study.subscribe(({ settings, settingProblems, promptSet }) => {
    const pair = pairOf(settings.target);
    select.value = pair ? 'pair' : settings.target;
    pairFields.hidden = pair === null;
    const categories = promptSet?.categories;
    if (categories && categories !== named) {
      named = categories;
      for (const each of [from, to]) each.replaceChildren(...categories.map(option));
    }
    if (pair) [from.value, to.value] = [String(pair[0]), String(pair[1])];
    error.textContent = settingText(settingProblems.find(({ key }) => key === 'target'));
  });
}

/**
 * @param {string} name
 * @param {number} row
 */
function option(name, row) {
  return el('option', { value: String(row), text: `${categoryLetter(row)} ${name}` });
}
