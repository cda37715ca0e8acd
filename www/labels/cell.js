// What one cell of an attention pattern says, in figures and in words.

import { el } from '../kit/dom.js';
import { percent, score } from '../kit/format.js';
import { partLabel, relationCode, relationLabel } from '../study/catalogue.js';
import { tokenText } from './tokens.js';

/** @typedef {{ title: (Node | string)[], facts: [string, string][], brief: string, words: string }} Told */

/**
 * @typedef {object} CellFacts
 * @property {number} weight
 * @property {number} ofRest its share of what the row gives to all but beginning-of-text
 * @property {string} relation
 * @property {string} from the token that attends
 * @property {string} to the token attended to
 * @property {number} rankInRow 1 for the largest
 * @property {number} rowLength
 * @property {number} rank
 * @property {number} cells
 * @property {boolean} seen whether that token comes no later
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
    relation: relationLabel(relations[q * n + k]),
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
  /** @param {string} name of a relation */
  const on = (name) => {
    const code = relationCode(name);
    return cells.reduce((sum, each) => sum + (each.relation === code ? each.weight : 0), 0);
  };
  return {
    token: tokens[at] ?? '',
    most: [...cells].sort((a, b) => b.weight - a.weight).slice(0, 3),
    sum: cells.reduce((sum, { weight }) => sum + weight, 0),
    cells: length,
    sameCategory: on('same category'),
    bos: on('bos'),
    self: on('self'),
  };
}

/** @type {WeakMap<PatternResult, { q: number, k: number } | null>} */
const strongest = new WeakMap();

/**
 * The strongest cell of the same category; nothing where there is none. Of a long prompt
 * a million are looked through, once.
 * @param {PatternResult} result
 */
export function strongestCell(result) {
  const known = strongest.get(result);
  if (known !== undefined) return known;
  const found = findStrongest(result);
  strongest.set(result, found);
  return found;
}

/**
 * @param {PatternResult} result
 * @returns {{ q: number, k: number } | null}
 */
function findStrongest({ n, relations, pattern }) {
  const same = relationCode('same category');
  let best = -1;
  relations.forEach((relation, cell) => {
    if (relation !== same) return;
    if (best < 0 || Number(pattern[cell]) > Number(pattern[best])) best = cell;
  });
  return best < 0 ? null : { q: Math.floor(best / n), k: best % n };
}

/**
 * What a cell, a row or a column says, in figures and in one sentence.
 * @param {PatternResult} result
 * @param {{ q: number, k: number }} cell
 * @param {PromptSet | null} promptSet names the category that two words share
 * @returns {Told}
 */
export function tell(result, cell, promptSet) {
  if (cell.q < 0 || cell.k < 0) return tellLine(result, cell);
  const facts = cellFacts(result, cell.q, cell.k);
  const { from, to, weight, ofRest, rankInRow, rowLength, rank, cells, seen } = facts;
  const same = facts.relation === relationLabel(relationCode('same category'));
  const shared = same && categoryName(result, cell.q, promptSet);
  const relation = shared ? `${facts.relation} (${shared})` : facts.relation;
  const inRow = seen ? `${rankInRow} of ${rowLength}` : '–';
  const value = seen ? `${score(weight)}, rank ${inRow}` : 'nothing';
  return {
    title: [
      el('b', {}, ...tokenText(from)),
      ` (${cell.q}) attends to `,
      el('b', {}, ...tokenText(to)),
      ` (${cell.k})`,
    ],
    facts: [
      ['Attention', seen ? score(weight) : '–'],
      ['Relation', relation],
      ['Rank in row', inRow],
      ['Rank overall', seen ? `${rank} of ${cells}` : '–'],
      ['Excluding BOS', seen && cell.k > 0 ? score(ofRest) : '–'],
    ],
    brief: `${value} · ${relation}`,
    words: `${from} to ${to}: ${value}, ${relation}`,
  };
}

/**
 * What the category of a token's word is called; nothing while other prompts are drawn.
 * @param {PatternResult} result
 * @param {number} q
 * @param {PromptSet | null} promptSet
 */
function categoryName({ prompt: number, tokens }, q, promptSet) {
  const prompt = promptSet?.prompts[number];
  if (prompt?.tokens[q] !== tokens[q]) return '';
  const category = prompt?.categories[prompt.word_of[q] ?? -1] ?? -1;
  return promptSet?.categories[category] ?? '';
}

/**
 * @param {PatternResult} result
 * @param {{ q: number, k: number }} line
 * @returns {Told}
 */
function tellLine(result, line) {
  const { token, most, sum, cells, sameCategory, bos, self } = lineFacts(result, line);
  const [first, ...others] = most.map(
    (each) => `${each.token.trim()} (${each.index}) ${percent(each.weight)}`,
  );
  const then = others.join(', ') || '–';
  const name = el('b', {}, ...tokenText(token));
  if (line.k < 0) {
    return {
      title: [name, ` (${line.q}) attends to`],
      facts: [
        ['Most', first ?? '–'],
        ['Then', then],
        [partLabel('same_category'), percent(sameCategory)],
        [partLabel('bos'), percent(bos)],
        [partLabel('self'), percent(self)],
      ],
      brief: `most to ${first}`,
      words: `Row of ${token}: most to ${first}, then ${then}; same category ${percent(sameCategory)}`,
    };
  }
  return {
    title: [name, ` (${line.k}) is attended to by`],
    facts: [
      ['Most by', first ?? '–'],
      ['Then by', then],
      ['Mean over its rows', percent(sum / cells)],
      ['By itself', percent(self)],
      ['Rows that come later', String(cells - 1)],
    ],
    brief: `most by ${first}`,
    words: `Column of ${token}: most by ${first}, then ${then}; mean ${percent(sum / cells)}`,
  };
}
