// A table whose column heads sort it.

import { announce } from './announce.js';
import { button, el } from './dom.js';
import { cellText, saveTableButton } from './table-csv.js';

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} label
 * @property {(row: Row) => string | Node} show
 * @property {(row: Row) => number | string} [sortBy] without it, the column does not sort
 * @property {boolean} [figures] whether it holds numbers, set flush right
 */

/** With more columns than these, each row is a card on a phone. */
const COLUMNS = 3;

/** Rows that are shown at first, and added at a press. */
const ROWS = 200;

/**
 * A table of these rows. Of many it shows the first ones in the order chosen, says
 * so, and adds to them when asked; its file has all.
 * @template Row
 * @param {string} caption
 * @param {Column<Row>[]} columns the first names the row
 * @param {Row[]} rows
 */
export function sortableTable(caption, columns, rows) {
  const asCards = columns.length > COLUMNS;
  const body = el('tbody');
  const head = el('tr');
  const cells = columns.map((column) => {
    const cell = el('th', { scope: 'col', class: column.figures ? 'figure' : '' });
    const { sortBy } = column;
    if (sortBy) cell.append(button(column.label, 'sort', () => sort(cell, sortBy)));
    else cell.textContent = column.label;
    return cell;
  });
  head.append(...cells);

  let ordered = rows;
  const count = el('span');
  const more = button('', 'link', () => {
    const first = body.childElementCount;
    add();
    announce(count.textContent ?? '');
    // The button may be gone, and what is new is what was asked for.
    const name = body.children[first]?.firstElementChild;
    if (!(name instanceof HTMLElement)) return;
    name.tabIndex = -1;
    name.focus();
  });

  /**
   * @param {HTMLTableCellElement} cell
   * @param {(row: Row) => number | string} key
   */
  function sort(cell, key) {
    const ascending = cell.getAttribute('aria-sort') !== 'ascending';
    for (const each of cells) each.removeAttribute('aria-sort');
    cell.setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
    const sign = ascending ? 1 : -1;
    ordered = [...rows].sort((a, b) => sign * compare(key(a), key(b)));
    body.replaceChildren();
    add();
  }

  /** Shows some more rows. */
  function add() {
    const shown = body.childElementCount;
    const lines = ordered.slice(shown, shown + ROWS).map(line);
    // Rows that are not there yet have their place in the count.
    if (rows.length > ROWS) {
      lines.forEach((each, i) => each.setAttribute('aria-rowindex', String(shown + i + 2)));
    }
    body.append(...lines);
    const left = rows.length - body.childElementCount;
    count.textContent =
      rows.length > ROWS
        ? `${left > 0 ? `First ${body.childElementCount} of` : 'All'} ${rows.length} rows. `
        : '';
    more.hidden = left === 0;
    more.textContent = `Show ${Math.min(left, ROWS)} more`;
  }

  /** @param {Row} row */
  function line(row) {
    const line = el('tr');
    columns.forEach((column, index) => {
      const cell = index === 0 ? el('th', { scope: 'row' }) : el('td');
      if (column.figures) cell.className = 'figure';
      if (asCards && index > 0) cell.dataset.label = column.label;
      const shown = column.show(row);
      cell.append(shown);
      const exact = column.sortBy?.(row);
      if (isRounded(shown, exact)) cell.dataset.value = String(exact);
      line.append(cell);
    });
    return line;
  }

  /** @returns {Iterable<string[]>} */
  function* allRows() {
    yield cells.map(cellText);
    for (const row of ordered) yield [...line(row).cells].map(cellText);
  }

  add();
  const title = el('caption', { text: rows.length > ROWS ? `${caption}. ` : `${caption} ` });
  title.append(count, more, ' ');
  const look = asCards ? { class: 'cards' } : {};
  const table = el('table', look, title, el('thead', {}, head), body);
  if (rows.length > ROWS) table.setAttribute('aria-rowcount', String(rows.length + 1));
  title.append(saveTableButton(allRows, caption));
  return table;
}

/**
 * Whether a text is this number with fewer places. A column may sort by something
 * else than it shows.
 * @param {string | Node} shown
 * @param {number | string | undefined} exact
 */
function isRounded(shown, exact) {
  if (typeof shown !== 'string' || typeof exact !== 'number') return false;
  const text = shown.replace('−', '-');
  const places = text.split('.')[1]?.length ?? 0;
  return text !== '' && Math.abs(Number(text) - exact) <= 0.5 / 10 ** places;
}

/**
 * @param {number | string} a
 * @param {number | string} b
 */
function compare(a, b) {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b));
}
