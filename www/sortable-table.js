// A table whose column heads sort it.

import { button, el } from './dom.js';
import { saveTableButton } from './table-csv.js';

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} label
 * @property {(row: Row) => string | Node} show
 * @property {(row: Row) => number | string} [sortBy] without it, the column does not sort
 * @property {boolean} [figures] whether it holds numbers, set flush right
 */

/**
 * @template Row
 * @param {string} caption
 * @param {Column<Row>[]} columns the first names the row
 * @param {Row[]} rows
 */
export function sortableTable(caption, columns, rows) {
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
  fill(rows);

  /**
   * @param {HTMLTableCellElement} cell
   * @param {(row: Row) => number | string} key
   */
  function sort(cell, key) {
    const ascending = cell.getAttribute('aria-sort') !== 'ascending';
    for (const each of cells) each.removeAttribute('aria-sort');
    cell.setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
    const sign = ascending ? 1 : -1;
    fill([...rows].sort((a, b) => sign * compare(key(a), key(b))));
  }

  /** @param {Row[]} ordered */
  function fill(ordered) {
    body.replaceChildren(
      ...ordered.map((row) => {
        const line = el('tr');
        columns.forEach((column, index) => {
          const cell = index === 0 ? el('th', { scope: 'row' }) : el('td');
          if (column.figures) cell.className = 'figure';
          const shown = column.show(row);
          cell.append(shown);
          const exact = column.sortBy?.(row);
          if (isRounded(shown, exact)) cell.dataset.value = String(exact);
          line.append(cell);
        });
        return line;
      }),
    );
  }

  const title = el('caption', { text: `${caption} ` });
  const table = el('table', {}, title, el('thead', {}, head), body);
  title.append(saveTableButton(table, caption));
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
