// The word table, edited in place: a row for each category, its name and its words,
// with every word's tokens below it as it is typed.

import { format_csv, split_csv_line } from '../../pkg/headscope.js';
import { categoryBadge, categoryLetter } from '../../labels/categories.js';
import { button, debounce, el } from '../../kit/dom.js';
import { plural } from '../../kit/format.js';

/** @typedef {(words: string[]) => Promise<WordTokens[]>} AskTokens */

/** @typedef {{ name: HTMLInputElement, input: HTMLInputElement, chips: HTMLElement, summary: HTMLElement, item: HTMLElement }} Row */

export class WordRows {
  #list;
  #onEdit;
  #ask;
  /** @type {Row[]} */
  #rows = [];
  /** What is known of words; null while it is asked. @type {Map<string, WordTokens | null>} */
  #known = new Map();
  #askSoon = debounce(120, () => this.#askUnknown());

  /**
   * @param {HTMLOListElement} list
   * @param {() => void} onEdit called at every change
   * @param {AskTokens} ask
   */
  constructor(list, onEdit, ask) {
    this.#list = list;
    this.#onEdit = onEdit;
    this.#ask = ask;
  }

  /** The rows as CSV, as they stand. */
  get csv() {
    return this.#rows.map(({ name, input }) => `${nameCell(name.value)}${input.value}\n`).join('');
  }

  /** @param {{ rows: string[][], names: (string | null)[] }} table */
  show({ rows, names }) {
    this.#rows = rows.map((words, row) =>
      this.#row(names[row] ?? '', format_csv([words]).trimEnd()),
    );
    this.#arrange();
  }

  /** Adds an empty row and goes there. */
  add() {
    this.#rows.push(this.#row('', ''));
    this.#arrange();
    this.#rows.at(-1)?.input.focus();
    this.#onEdit();
  }

  /** Asks for the tokens of all words; nothing is asked before that. */
  tell() {
    for (const row of this.#rows) this.#showTokens(row);
    this.#askSoon();
  }

  /**
   * @param {string} called
   * @param {string} text
   * @returns {Row}
   */
  #row(called, text) {
    const asIs = { autocomplete: 'off', spellcheck: 'false', autocapitalize: 'off' };
    const name = el('input', { ...asIs, class: 'word-name', placeholder: 'name' });
    name.value = called;
    const input = el('input', asIs);
    input.value = text;
    const chips = el('div', { class: 'word-chips', 'aria-hidden': 'true' });
    const summary = el('p', { class: 'hint word-told' });
    const remove = button('×', 'button small quiet', () => this.#remove(row));
    const line = el(
      'div',
      { class: 'word-line' },
      el('span', { class: 'word-badge' }),
      name,
      el('div', { class: 'word-cell' }, input, chips),
      remove,
    );
    const row = {
      name,
      input,
      chips,
      summary,
      item: el('li', { class: 'word-row' }, line, summary),
    };
    input.addEventListener('input', () => {
      this.#showTokens(row);
      this.#askSoon();
      this.#onEdit();
    });
    name.addEventListener('input', this.#onEdit);
    input.addEventListener('keydown', (event) => this.#onKey(event, row));
    input.addEventListener('paste', (event) => this.#onPaste(event, row));
    return row;
  }

  /** Numbers, names and shows the rows in their order. */
  #arrange() {
    this.#list.replaceChildren(...this.#rows.map(({ item }) => item));
    this.#rows.forEach(({ name, input, summary, item }, index) => {
      summary.id = `word-row-${index}`;
      name.setAttribute('aria-label', `Name of category ${categoryLetter(index)}`);
      input.setAttribute('aria-label', `Words of category ${categoryLetter(index)}`);
      input.setAttribute('aria-describedby', summary.id);
      item.querySelector('.word-badge')?.replaceChildren(categoryBadge(index));
      item
        .querySelector('button')
        ?.setAttribute('aria-label', `Remove category ${categoryLetter(index)}`);
    });
    this.tell();
  }

  /** @param {Row} row */
  #remove(row) {
    const index = this.#rows.indexOf(row);
    this.#rows.splice(index, 1);
    this.#arrange();
    // The focus goes to what has taken the place of the row that had it.
    (this.#rows[index] ?? this.#rows[index - 1])?.input.focus();
    this.#onEdit();
  }

  /**
   * Enter goes on to the next row, and Backspace in an empty one removes it.
   * @param {KeyboardEvent} event
   * @param {Row} row
   */
  #onKey(event, row) {
    if (event.key === 'Enter') {
      event.preventDefault();
      const next = this.#rows[this.#rows.indexOf(row) + 1];
      if (next) next.input.focus();
      else this.add();
    } else if (event.key === 'Backspace' && row.input.value === '' && this.#rows.length > 1) {
      event.preventDefault();
      this.#remove(row);
    }
  }

  /**
   * A column of words becomes words of this row; lines with several words become rows.
   * @param {ClipboardEvent} event
   * @param {Row} row
   */
  #onPaste(event, { input, ...row }) {
    const lines = (event.clipboardData?.getData('text') ?? '')
      .split(/[\r\n]+/)
      .map((line) =>
        line
          .replace(/\t/g, ',')
          .replace(/[,\s]+$/, '')
          .trim(),
      )
      .filter((line) => line !== '');
    if (lines.length < 2) return;
    event.preventDefault();
    const isTable = lines.some((line) => wordsOf(line).length > 1);
    const [top = '', ...others] = lines;
    const called = isTable ? nameOf(top) : '';
    if (called !== '') row.name.value = called;
    const first = isTable ? [format_csv([wordsOf(top)]).trimEnd()] : lines;
    const { selectionStart: from, selectionEnd: to, value } = input;
    const before = value.slice(0, from ?? value.length).trim();
    const after = value.slice(to ?? value.length).trim();
    const joined = [before.replace(/,$/, ''), ...first, after.replace(/^,/, '')];
    input.value = joined.filter((part) => part.trim() !== '').join(', ');
    if (isTable) {
      const at = this.#rows.findIndex((each) => each.item === row.item);
      const added = others.map((line) =>
        this.#row(nameOf(line), format_csv([wordsOf(line)]).trimEnd()),
      );
      this.#rows.splice(at + 1, 0, ...added);
    }
    this.#arrange();
    this.#onEdit();
  }

  /**
   * @param {Row} row
   * @param {number} at
   */
  #removeWord({ input }, at) {
    const words = wordsOf(input.value).filter((_, index) => index !== at);
    input.value = words.length > 0 ? format_csv([words]).trimEnd() : '';
    this.tell();
    this.#onEdit();
  }

  async #askUnknown() {
    if (this.#list.closest('details:not([open])')) return;
    const words = this.#rows.flatMap(({ input }) => wordsOf(input.value));
    const unknown = [...new Set(words)].filter((word) => !this.#known.has(word));
    if (unknown.length === 0) return;
    for (const word of unknown) this.#known.set(word, null);
    try {
      const found = await this.#ask(unknown);
      unknown.forEach((word, index) => this.#known.set(word, found[index] ?? null));
    } catch {
      // They are asked for again at the next change.
      for (const word of unknown) this.#known.delete(word);
    }
    for (const row of this.#rows) this.#showTokens(row);
  }

  /** @param {Row} row */
  #showTokens(row) {
    const { input, chips, summary } = row;
    const words = wordsOf(input.value);
    const tokens = words.map((word) => this.#known.get(word) ?? null);
    chips.replaceChildren(
      ...words.map((word, index) => {
        const made = chip(word, tokens[index] ?? null);
        const remove = button('×', 'chip-remove', () => this.#removeWord(row, index));
        // With keys the words are edited as text.
        remove.tabIndex = -1;
        made.append(remove);
        return made;
      }),
    );
    summary.classList.toggle('wrong', words.length === 0 || chips.querySelector('.split') !== null);
    summary.textContent = words.length > 0 ? summarise(words, tokens) : 'No words yet.';
  }
}

/**
 * A row's name as its first cell, with the comma behind it.
 * @param {string} text
 */
function nameCell(text) {
  const name = text.trim().replace(/:+$/, '').trim();
  return name === '' ? '' : `${format_csv([[`${name}:`]]).trimEnd()},`;
}

/**
 * The name that a line begins with, if it has one.
 * @param {string} line
 */
function nameOf(line) {
  const [first = ''] = split_csv_line(line);
  return /.:$/.test(first) ? first.slice(0, -1) : '';
}

/**
 * The words of a row; a pasted one may begin with its name.
 * @param {string} line
 */
function wordsOf(line) {
  return split_csv_line(line).filter((cell, at) => cell !== '' && !(at === 0 && /.:$/.test(cell)));
}

/**
 * A word and, where it splits, its pieces.
 * @param {string} word
 * @param {WordTokens | null} tokens
 */
function chip(word, tokens) {
  if (!tokens) return el('span', { class: 'chip cat-none', text: word });
  const { after_space: pieces } = tokens;
  if (pieces.length === 1) return el('span', { class: 'chip single', text: word });
  return el(
    'span',
    { class: 'chip cat-none split' },
    pieces.map((piece) => piece.trimStart()).join('·'),
    el('b', { text: ` ${pieces.length}` }),
  );
}

/**
 * @param {string[]} words
 * @param {(WordTokens | null)[]} tokens
 */
function summarise(words, tokens) {
  const splits = words.flatMap((word, index) => {
    const count = tokens[index]?.after_space.length ?? 1;
    return count > 1 ? [`${word} splits into ${count} tokens`] : [];
  });
  const first = words.filter((_, index) => {
    const known = tokens[index];
    return known && known.after_space.length === 1 && known.at_start.length > 1;
  });
  const count = plural(words.length, 'word');
  const parts = [
    tokens.includes(null)
      ? `${count}.`
      : splits.length > 0
        ? `${count}: ${splits.join(', ')}.`
        : `${count}, each a single token.`,
  ];
  if (first.length > 0)
    parts.push(
      `At the start of a prompt, without a space: ${first.join(', ')} ${first.length > 1 ? 'split' : 'splits'} too.`,
    );
  return parts.join(' ');
}
