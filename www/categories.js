// How categories and relations look and read, the same everywhere: a colour
// that colour-blind readers can tell apart, and always a cue without colour
// (a letter for a category, a texture and a label for a relation).

import { el } from './dom.js';

/** There are as many colours as rows in the table the site comes with. */
const COLORS = 10;

/** @param {number} category */
export function categoryLetter(category) {
  const letter = String.fromCharCode(65 + (category % 26));
  // Past Z an edited table goes on with A2, B2, ...
  return category < 26 ? letter : `${letter}${Math.floor(category / 26) + 1}`;
}

/** @param {number} category */
export function categoryClass(category) {
  return category < 0 ? 'cat-none' : `cat-${category % COLORS}`;
}

/**
 * The badge of a category: its letter on its colour.
 * @param {number} category
 */
export function categoryBadge(category) {
  return el('span', {
    class: `badge ${categoryClass(category)}`,
    text: categoryLetter(category),
    'aria-hidden': 'true',
  });
}

/**
 * The categories that occur among these, each by its badge and name, in order.
 * @param {number[]} categories -1 for none
 * @param {string[]} names
 */
export function legendItems(categories, names) {
  return [...new Set(categories)]
    .filter((category) => category >= 0)
    .sort((a, b) => a - b)
    .map((category) =>
      el('li', {}, categoryBadge(category), ` ${names[category] ?? `row ${category}`}`),
    );
}

/** The relations of a pattern's cells, in the order of their codes. */
export const RELATIONS = [
  'not seen: it comes later',
  'beginning of text',
  'itself',
  'the same word earlier',
  'same category',
  'other',
];

/** Codes of relations that are asked for by name. */
export const RELATION = /** @type {const} */ ({ bos: 1, self: 2, sameCategory: 4 });

/** The shares of attention, in the order they are stacked. */
export const SHARES = /** @type {const} */ ([
  { key: 'same_category', label: 'Same category' },
  { key: 'same_word', label: 'Same word' },
  { key: 'self', label: 'Self' },
  { key: 'bos', label: 'Beginning of text' },
  { key: 'other', label: 'Other' },
]);
