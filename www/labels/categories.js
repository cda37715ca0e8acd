// How categories and relations look and read, the same everywhere: a colour
// that colour-blind readers can tell apart, and always a cue without colour
// (a letter for a category, a texture and a label for a relation).

import { el } from '../kit/dom.js';

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
