// The read-out beside the heatmap. Its rows are always there, so nothing moves
// as the pointer does.

import { cellFacts } from './cell.js';
import { el } from './dom.js';
import { score } from './format.js';
import { tokenText } from './tokens.js';

export class Readout {
  #title = el('p', { class: 'readout-title' });
  #values = {
    weight: el('dd'),
    relation: el('dd'),
    row: el('dd'),
    all: el('dd'),
  };

  /** @param {HTMLElement} root */
  constructor(root) {
    const { weight, relation, row, all } = this.#values;
    root.replaceChildren(
      this.#title,
      el(
        'dl',
        { class: 'facts' },
        el('div', { class: 'fact-main' }, el('dt', { text: 'Attention' }), weight),
        el('div', {}, el('dt', { text: 'Relation' }), relation),
        el('div', {}, el('dt', { text: 'Rank in its row' }), row),
        el('div', {}, el('dt', { text: 'Rank of all cells' }), all),
      ),
    );
    this.clear();
  }

  clear() {
    this.#title.textContent = 'No cell chosen';
    for (const value of Object.values(this.#values)) value.textContent = '–';
  }

  /**
   * @param {PatternResult} result
   * @param {{ q: number, k: number }} cell
   * @param {boolean} locked
   * @returns {string} the same in one sentence, for the announcer
   */
  show(result, { q, k }, locked) {
    const facts = cellFacts(result, q, k);
    this.#title.replaceChildren(
      el('b', {}, ...tokenText(facts.from)),
      ` (${q}) looks at `,
      el('b', {}, ...tokenText(facts.to)),
      ` (${k})`,
      ...(locked ? [el('span', { class: 'tag', text: 'locked' })] : []),
    );
    const { weight, relation, row, all } = this.#values;
    weight.textContent = facts.seen ? score(facts.weight) : '–';
    relation.textContent = facts.relation;
    row.textContent = facts.seen ? `${facts.rankInRow} of ${facts.rowLength}` : '–';
    all.textContent = facts.seen ? `${facts.rank} of ${facts.cells}` : '–';
    const value = facts.seen
      ? `${score(facts.weight)}, rank ${facts.rankInRow} of ${facts.rowLength}`
      : 'nothing';
    return `${facts.from} to ${facts.to}: ${value}, ${facts.relation}${locked ? ', locked' : ''}`;
  }
}
