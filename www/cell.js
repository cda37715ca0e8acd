// What one cell of an attention pattern says, in figures and in words.

import { RELATIONS } from './categories.js';

/**
 * @typedef {object} CellFacts
 * @property {number} weight
 * @property {string} relation
 * @property {string} from the token that looks
 * @property {string} to the token looked at
 * @property {number} rankInRow 1 for the largest
 * @property {number} rowLength
 * @property {number} rank
 * @property {number} cells
 * @property {boolean} seen whether the looked-at token comes no later
 */

/**
 * @param {PatternResult} result
 * @param {number} q
 * @param {number} k
 * @returns {CellFacts}
 */
export function cellFacts({ pattern, relations, tokens, n }, q, k) {
  const weight = pattern[q * n + k] ?? 0;
  let rank = 1;
  let rankInRow = 1;
  for (let row = 0; row < n; row++) {
    for (let column = 0; column <= row; column++) {
      if ((pattern[row * n + column] ?? 0) <= weight) continue;
      rank++;
      if (row === q) rankInRow++;
    }
  }
  return {
    weight,
    relation: RELATIONS[relations[q * n + k] ?? 5] ?? 'other',
    from: tokens[q] ?? '',
    to: tokens[k] ?? '',
    rankInRow,
    rowLength: q + 1,
    rank,
    cells: (n * (n + 1)) / 2,
    seen: k <= q,
  };
}
