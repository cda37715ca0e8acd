// Any table of the page as CSV. Cells that show a rounded number carry the whole
// one as `data-value`.

import { format_csv } from '../pkg/headscope.js';
import { announce } from './announce.js';
import { button } from './dom.js';
import { saveFile } from './save-file.js';

/** What a spreadsheet would take for the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r]/;

/** Cells that are written at a stretch, so that the page's thread stays free. */
const CELLS_AT_ONCE = 8000;

/** Names the file of a table by its title. */
let nameOf = (/** @type {string} */ title) => `${title}.csv`;

/**
 * Has the files of tables named otherwise.
 * @param {(title: string) => string} by
 */
export function nameTables(by) {
  nameOf = by;
}

/**
 * A button that saves a table. One that shows all it holds is saved as it stands;
 * of one that does not, `rows` gives the whole.
 * @param {HTMLTableElement | (() => Iterable<string[]>)} table
 * @param {string} title what it holds, of which its file gets its name
 */
export function saveTableButton(table, title) {
  return button('Save as CSV', 'link', async () => {
    const rows = typeof table === 'function' ? table() : tableRows(table);
    announce(saveFile(nameOf(title), await csvOf(rows)));
  });
}

/** @param {Iterable<string[]>} rows */
async function csvOf(rows) {
  /** @type {string[]} */
  const parts = [];
  /** @type {string[][]} */
  let some = [];
  let cells = 0;
  for (const row of rows) {
    some.push(row);
    cells += row.length;
    if (cells < CELLS_AT_ONCE) continue;
    parts.push(format_csv(some));
    [some, cells] = [[], 0];
    await new Promise((resolve) => setTimeout(resolve));
  }
  return new Blob([...parts, format_csv(some)], { type: 'text/csv' });
}

/**
 * A heading over some rows becomes the first field of each.
 * @param {HTMLTableElement} table
 * @returns {Iterable<string[]>}
 */
function* tableRows(table) {
  const grouped = table.querySelector('.group') !== null;
  let group = '';
  for (const row of table.rows) {
    const cells = [...row.cells].map(cellText);
    const heading = row.querySelector('.group');
    if (heading) group = cells[0] ?? '';
    else if (!grouped) yield cells;
    else yield [row.parentElement?.tagName === 'THEAD' ? '' : group, ...cells];
  }
}

/**
 * What a cell holds, as a field of a CSV file.
 * @param {HTMLTableCellElement} cell
 */
export function cellText(cell) {
  const value = cell.dataset.value;
  if (value !== undefined) return value;
  const text = (cell.textContent ?? '').trim().replaceAll('\u00a0', ' ');
  if (text === '–') return '';
  const number = text.replace('−', '-');
  if (/^[+-]?\d+(\.\d+)?$/.test(number)) return number;
  return FORMULA.test(text) ? `'${text}` : text;
}
