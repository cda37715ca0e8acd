// The words of the table against one another, as a picture.

import { categoryLetter } from './categories.js';

/** @typedef {import('../kit/matrix-picture.js').Picture} Picture */
/** @typedef {NonNullable<Circuits['words']>} Words */

/**
 * What can be shown, and how a cell of it is told.
 * @type {{ key: 'qk_steered' | 'qk_symmetric' | 'qk_skew' | 'ov_direct', label: string, cell: (from: string, to: string) => string }[]}
 */
export const VIEWS = [
  { key: 'qk_steered', label: 'Scores q·k/√d', cell: (q, k) => `${q} looks for ${k}` },
  { key: 'qk_symmetric', label: 'S, the symmetric part', cell: (q, k) => `${q} and ${k}` },
  { key: 'qk_skew', label: 'K, the skew part', cell: (q, k) => `${q} looks for ${k}` },
  {
    key: 'ov_direct',
    label: 'What attending adds to logits',
    cell: (q, k) => `attending to ${q} moves ${k}`,
  },
];

/**
 * @param {Words} words
 * @param {string[]} names of the categories
 * @param {string} key
 * @returns {Picture}
 */
export function wordsPicture(words, names, key) {
  const values = matrixOf(words, key);
  const flat = values.flat();
  const centre = flat.reduce((sum, x) => sum + x, 0) / Math.max(flat.length, 1);
  /** @type {Picture['groups']} */
  const groups = [];
  words.categories.forEach((category, index) => {
    const last = groups.at(-1);
    const letter = categoryLetter(category);
    if (last?.letter === letter) last.to = index + 1;
    else groups.push({ name: names[category] ?? '', letter, from: index, to: index + 1 });
  });
  return { values, centre, groups };
}

/**
 * @param {Words} words
 * @param {string} key
 */
export function matrixOf(words, key) {
  const view = VIEWS.find((each) => each.key === key) ?? VIEWS[0];
  return (view && words[view.key]) ?? words.qk_steered;
}

/** Which matrix the page shows, for a picture of it. */
export function shownView() {
  const select = document.getElementById('circuits-view');
  return select instanceof HTMLSelectElement ? select.value : 'qk_steered';
}

/** @param {string} key */
export function viewLabel(key) {
  return VIEWS.find((each) => each.key === key)?.label ?? '';
}
