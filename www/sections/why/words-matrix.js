// The table's words, each alone after beginning-of-text, against one another: what the
// head's query of one makes of the key of another.

import { el } from '../../kit/dom.js';
import { signed } from '../../kit/format.js';
import { drawOnCanvas } from '../../kit/matrix-picture.js';
import { matrixTable } from '../../kit/matrix-table.js';
import { isDark, onThemeChange } from '../../kit/theme.js';
import { VIEWS, matrixOf, wordsPicture } from '../../labels/words-picture.js';

/** @typedef {NonNullable<Circuits['words']>} Words */

export class WordsMatrix {
  element = el('div', { class: 'words-matrix' });
  #canvas = el('canvas', { role: 'img' });
  #scroller = el('div', { class: 'matrix-canvas' });
  #readout = el('p', { class: 'muted small matrix-readout', text: 'Point at a cell.' });
  #view = el('select', { id: 'circuits-view' });
  #table = el('details', { class: 'fold' }, el('summary', { text: 'The numbers' }));
  /** @type {{ words: Words, names: string[], head: string } | null} */
  #shown = null;
  #layout = { cell: 1, left: 0, top: 0 };

  constructor() {
    const label = el('label', { for: this.#view.id, text: 'Show' });
    this.#scroller.append(this.#canvas);
    this.element.append(
      el('div', { class: 'toolbar' }, el('span', { class: 'tool' }, label, this.#view)),
      this.#scroller,
      this.#readout,
      this.#table,
    );
    this.#view.addEventListener('change', () => this.#draw());
    this.#table.addEventListener('toggle', () => this.#fillTable());
    this.#canvas.addEventListener('pointermove', (event) => this.#point(event));
    this.#canvas.addEventListener('click', (event) => this.#point(event));
    new ResizeObserver(() => this.#draw()).observe(this.#scroller);
    onThemeChange(() => this.#draw());
  }

  /** Which matrix is shown. */
  get view() {
    return this.#view.value;
  }

  /**
   * @param {Words} words
   * @param {string[]} names
   * @param {string} head
   */
  show(words, names, head) {
    this.#shown = { words, names, head };
    const views = VIEWS.filter(({ key }) => words[key] !== null);
    if (views.length !== this.#view.length) {
      this.#view.replaceChildren(
        ...views.map(({ key, label }) => el('option', { value: key, text: label })),
      );
    }
    this.#draw();
  }

  #draw() {
    const room = this.#scroller.clientWidth;
    if (!this.#shown || room === 0) return;
    const { words, names, head } = this.#shown;
    const picture = wordsPicture(words, names, this.view);
    this.#layout = drawOnCanvas(this.#canvas, picture, room, isDark());
    const what = this.#view.selectedOptions[0]?.text ?? '';
    this.#canvas.setAttribute(
      'aria-label',
      `${what} of ${head} for ${words.words.length} words; its numbers stand in the table below.`,
    );
    this.#fillTable();
  }

  /** @param {MouseEvent} event */
  #point({ offsetX, offsetY }) {
    if (!this.#shown) return;
    const { cell, left, top } = this.#layout;
    const [i, j] = [Math.floor((offsetY - top) / cell), Math.floor((offsetX - left) / cell)];
    const { words } = this.#shown;
    const value = matrixOf(words, this.view)[i]?.[j];
    if (value === undefined) return;
    const [from = '', to = ''] = [words.words[i], words.words[j]];
    const told = VIEWS.find(({ key }) => key === this.view)?.cell(from, to);
    this.#readout.textContent = `${told}: ${signed(value)}`;
  }

  #fillTable() {
    this.#table.querySelector('.scroll')?.remove();
    if (!this.#shown || !this.#table.open) return;
    const { words, head } = this.#shown;
    const values = matrixOf(words, this.view);
    const what = this.#view.selectedOptions[0]?.text ?? '';
    const heading = (/** @type {'row' | 'col'} */ scope) => (/** @type {number} */ i) =>
      el('th', { scope, text: words.words[i] ?? '' });
    const table = matrixTable({
      caption: `${what} of ${head}`,
      title: `words of ${head}`,
      corner: this.view === 'ov_direct' ? 'attended to ↓  moved →' : 'query ↓  key →',
      rows: words.words.length,
      columns: words.words.length,
      rowHead: heading('row'),
      columnHead: heading('col'),
      value: (i, j) => values[i]?.[j] ?? null,
      show: (cell, value) => {
        cell.textContent = value === null ? '' : signed(value);
      },
    });
    const region = { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': what };
    this.#table.append(el('div', region, table));
  }
}
