// A matrix as a table. Of a large one it shows a block of rows and columns that can
// be chosen; its file has all.

import { announce } from './announce.js';
import { el } from './dom.js';
import { cellText, saveTableButton } from './table-csv.js';

/** Rows and columns of a block. */
const SIDE = 32;

/**
 * @typedef {object} Matrix
 * @property {string} caption
 * @property {string} title names its file
 * @property {string} corner what stands where the heads meet
 * @property {number} rows
 * @property {number} columns
 * @property {(i: number) => HTMLTableCellElement} rowHead
 * @property {(j: number) => HTMLTableCellElement} columnHead
 * @property {(i: number, j: number) => number | null} value
 * @property {(cell: HTMLTableCellElement, value: number | null, i: number, j: number) => void} show
 *   writes a value into its cell
 */

/**
 * @param {Matrix} matrix
 * @param {string} [className] of the table
 */
export function matrixTable(matrix, className = '') {
  const { rows, columns, caption, title: file } = matrix;
  const bounded = rows > SIDE || columns > SIDE;
  const place = el('div');
  const fromRow = blockChoice('Rows', rows);
  const fromColumn = blockChoice('Columns', columns);

  function draw() {
    const part = { i: fromRow.range(), j: fromColumn.range() };
    const which = `rows ${inWords(part.i)} and columns ${inWords(part.j)} of ${rows} by ${columns}`;
    const title = el('caption', { text: bounded ? `${caption}: ${which}. ` : `${caption} ` });
    title.append(saveTableButton(() => allRows(matrix), file));
    place.replaceChildren(tableOf(matrix, part, bounded, title, className));
    return which;
  }
  draw();
  if (!bounded) return place;
  for (const { select } of [fromRow, fromColumn]) {
    select.addEventListener('change', () => announce(`Shown: ${draw()}`));
  }
  return el(
    'div',
    {},
    el('div', { class: 'toolbar block-tools' }, fromRow.tool, fromColumn.tool),
    place,
  );
}

/** @typedef {{ from: number, to: number }} Range `to` is no longer part of it */

/**
 * @param {Matrix} matrix
 * @param {{ i: Range, j: Range }} part
 * @param {boolean} bounded
 * @param {HTMLTableCaptionElement} title
 * @param {string} className
 */
function tableOf(
  { rows, columns, corner, rowHead, columnHead, value, show },
  { i, j },
  bounded,
  title,
  className,
) {
  /** Where a cell stands in the whole, for who hears the table. */
  const at = (
    /** @type {HTMLElement} */ cell,
    /** @type {'row' | 'col'} */ along,
    /** @type {number} */ index,
  ) => {
    if (bounded) cell.setAttribute(`aria-${along}index`, String(index + 2));
    return cell;
  };
  const header = at(el('tr', {}, at(el('td', { text: corner }), 'col', -1)), 'row', -1);
  for (let c = j.from; c < j.to; c++) header.append(at(columnHead(c), 'col', c));
  const body = el('tbody');
  for (let r = i.from; r < i.to; r++) {
    const line = at(el('tr', {}, at(rowHead(r), 'col', -1)), 'row', r);
    for (let c = j.from; c < j.to; c++) {
      const cell = el('td', { class: 'figure' });
      const number = value(r, c);
      show(cell, number, r, c);
      if (number !== null) cell.dataset.value = String(number);
      line.append(at(cell, 'col', c));
    }
    body.append(line);
  }
  const table = el('table', { class: className }, title, el('thead', {}, header), body);
  if (bounded) {
    table.setAttribute('aria-rowcount', String(rows + 1));
    table.setAttribute('aria-colcount', String(columns + 1));
  }
  return table;
}

/**
 * @param {Matrix} matrix
 * @returns {Iterable<string[]>}
 */
function* allRows({ rows, columns, corner, rowHead, columnHead, value }) {
  const names = Array.from({ length: columns }, (_, j) => cellText(columnHead(j)));
  yield [corner, ...names];
  for (let i = 0; i < rows; i++) {
    const numbers = names.map((_, j) => value(i, j));
    yield [
      cellText(rowHead(i)),
      ...numbers.map((number) => (number === null ? '' : String(number))),
    ];
  }
}

/**
 * A choice of a block along one side.
 * @param {string} label
 * @param {number} length
 */
function blockChoice(label, length) {
  const id = `block-${label.toLowerCase()}-${++choices}`;
  const select = el('select', { id });
  const range = (/** @type {number} */ from) => ({ from, to: Math.min(from + SIDE, length) });
  for (let from = 0; from < length; from += SIDE) {
    select.append(el('option', { value: String(from), text: inWords(range(from)) }));
  }
  return {
    select,
    tool: el('span', { class: 'tool' }, el('label', { for: id, text: label }), select),
    range: () => range(Number(select.value)),
  };
}

/** Makes ids unlike. */
let choices = 0;

/** @param {Range} range */
function inWords({ from, to }) {
  return to - from === 1 ? String(from) : `${from} to ${to - 1}`;
}
