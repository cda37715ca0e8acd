// What one cell of an attention pattern says, in figures and in words.

import { RELATION, RELATIONS } from './categories.js';

/** @typedef {typeof RELATION[keyof typeof RELATION]} Relation */

/**
 * @typedef {object} CellFacts
 * @property {number} weight
 * @property {number} ofRest its share of what the row gives to all but beginning-of-text
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
  const rest = pattern.subarray(q * n + 1, q * n + q + 1).reduce((sum, each) => sum + each, 0);
  return {
    weight,
    ofRest: rest > 0 ? weight / rest : 0,
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

/**
 * @typedef {object} LineFacts
 * @property {string} token whose row or column it is
 * @property {{ index: number, token: string, weight: number }[]} most where most of it lies, most first
 * @property {number} sum
 * @property {number} cells
 * @property {number} sameCategory attention on words of the same category
 * @property {number} bos attention on beginning-of-text; of a column, nothing
 * @property {number} self
 */

/**
 * What a row or a column says as a whole.
 * @param {PatternResult} result
 * @param {{ q: number, k: number }} line one of them is -1
 * @returns {LineFacts}
 */
export function lineFacts({ pattern, relations, tokens, n }, { q, k }) {
  const byRow = k < 0;
  const at = byRow ? q : k;
  const length = byRow ? q + 1 : n - k;
  const cells = Array.from({ length }, (_, i) => {
    const index = byRow ? i : k + i;
    const cell = byRow ? q * n + index : index * n + k;
    const weight = pattern[cell] ?? 0;
    return { index, token: tokens[index] ?? '', weight, relation: relations[cell] ?? 0 };
  });
  /** @param {Relation} relation */
  const on = (relation) =>
    cells.reduce((sum, each) => sum + (each.relation === relation ? each.weight : 0), 0);
  return {
    token: tokens[at] ?? '',
    most: [...cells].sort((a, b) => b.weight - a.weight).slice(0, 3),
    sum: cells.reduce((sum, { weight }) => sum + weight, 0),
    cells: length,
    sameCategory: on(RELATION.sameCategory),
    bos: on(RELATION.bos),
    self: on(RELATION.self),
  };
}
