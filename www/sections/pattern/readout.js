// The read-out beside the heatmap. Its rows are always there, so nothing moves
// as the pointer does.

import { el } from '../../kit/dom.js';
import { tell } from '../../labels/cell.js';

/** What stands there while nothing is pointed at. @type {[string, string][]} */
const NOTHING = [
  ['Attention', '–'],
  ['Relation', '–'],
  ['Rank in row', '–'],
  ['Rank overall', '–'],
  ['Excluding BOS', '–'],
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
    this.#fill({ title: ['Point at a cell'], facts: NOTHING, brief: '', words: '' }, false);
  }

  /**
   * @param {PatternResult} result
   * @param {{ q: number, k: number }} cell
   * @param {boolean} locked
   * @param {PromptSet | null} promptSet
   */
  show(result, cell, locked, promptSet) {
    this.#fill(tell(result, cell, promptSet), locked);
  }

  /**
   * @param {import('../../labels/cell.js').Told} told
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
