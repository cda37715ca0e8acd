// The read-out beside the heatmap. Its rows are always there, so nothing moves
// as the pointer does.

import { cellFacts, lineFacts } from './cell.js';
import { el } from './dom.js';
import { percent, score } from './format.js';
import { tokenText } from './tokens.js';

/** @typedef {{ title: (Node | string)[], facts: [string, string][], brief: string, words: string }} Told */

/** What stands there while nothing is pointed at. @type {[string, string][]} */
const NOTHING = [
  ['Attention', '–'],
  ['Relation', '–'],
  ['Rank in its row', '–'],
  ['Rank of all cells', '–'],
  ['Without beginning of text', '–'],
];

export class Readout {
  #title = el('p', { class: 'readout-title' });
  #facts = NOTHING.map(() => ({ name: el('dt'), value: el('dd') }));

  /** @param {HTMLElement} root */
  constructor(root) {
    const rows = this.#facts.map(({ name, value }, index) =>
      el('div', { class: index === 0 ? 'fact-main' : '' }, name, value),
    );
    root.replaceChildren(this.#title, el('dl', { class: 'facts' }, ...rows));
    this.clear();
  }

  clear() {
    this.#fill({ title: ['No cell chosen'], facts: NOTHING, brief: '', words: '' }, false);
  }

  /**
   * @param {PatternResult} result
   * @param {{ q: number, k: number }} cell
   * @param {boolean} locked
   */
  show(result, cell, locked) {
    this.#fill(tell(result, cell), locked);
  }

  /**
   * @param {Told} told
   * @param {boolean} locked
   */
  #fill({ title, facts }, locked) {
    const tag = locked ? [el('span', { class: 'tag', text: 'locked' })] : [];
    this.#title.replaceChildren(...title, ...tag);
    this.#facts.forEach(({ name, value }, index) => {
      const [label, text] = facts[index] ?? ['', ''];
      name.textContent = label;
      value.textContent = text;
    });
  }
}

/**
 * What a cell, a row or a column says, in figures and in one sentence.
 * @param {PatternResult} result
 * @param {{ q: number, k: number }} cell
 * @returns {Told}
 */
export function tell(result, cell) {
  if (cell.q < 0 || cell.k < 0) return tellLine(result, cell);
  const facts = cellFacts(result, cell.q, cell.k);
  const { from, to, relation, weight, ofRest, rankInRow, rowLength, rank, cells, seen } = facts;
  const inRow = seen ? `${rankInRow} of ${rowLength}` : '–';
  const value = seen ? `${score(weight)}, rank ${inRow}` : 'nothing';
  return {
    title: [
      el('b', {}, ...tokenText(from)),
      ` (${cell.q}) looks at `,
      el('b', {}, ...tokenText(to)),
      ` (${cell.k})`,
    ],
    facts: [
      ['Attention', seen ? score(weight) : '–'],
      ['Relation', relation],
      ['Rank in its row', inRow],
      ['Rank of all cells', seen ? `${rank} of ${cells}` : '–'],
      ['Without beginning of text', seen && cell.k > 0 ? score(ofRest) : '–'],
    ],
    brief: `${value} · ${relation}`,
    words: `${from} to ${to}: ${value}, ${relation}`,
  };
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
      title: [name, ` (${line.q}) looks at`],
      facts: [
        ['Most at', first ?? '–'],
        ['Then at', then],
        ['Same category', percent(sameCategory)],
        ['Beginning of text', percent(bos)],
        ['Self', percent(self)],
      ],
      brief: `most at ${first}`,
      words: `Row of ${token}: most at ${first}, then ${then}; same category ${percent(sameCategory)}`,
    };
  }
  return {
    title: [name, ` (${line.k}) is looked at by`],
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
