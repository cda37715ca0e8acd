// Any table of the page as CSV. Cells that show a rounded number carry the whole
// one as `data-value`.

import { format_csv } from './pkg/headscope.js';
import { announce } from './announce.js';
import { button, saveFile } from './dom.js';
import { fileName } from './file-name.js';
import { readLink } from './link.js';

/** What a spreadsheet would take for the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r]/;

/**
 * A button that saves a table as it stands, sorted and filtered.
 * @param {HTMLTableElement} table
 * @param {string} title what it holds, of which its file gets its name
 */
export function saveTableButton(table, title) {
  return button('Save as CSV', 'link', () => {
    const file = fileName(readLink().settings, title, 'csv');
    saveFile(file, new Blob([tableCsv(table)], { type: 'text/csv' }));
    announce(`Saved ${file}.`);
  });
}

/**
 * A heading over some rows becomes the first field of each.
 * @param {HTMLTableElement} table
 */
function tableCsv(table) {
  const grouped = table.querySelector('.group') !== null;
  let group = '';
  /** @type {string[][]} */
  const rows = [];
  for (const row of table.rows) {
    const cells = [...row.cells].map(cellText);
    const heading = row.querySelector('.group');
    if (heading) group = cells[0] ?? '';
    else
      rows.push(grouped ? [row.parentElement?.tagName === 'THEAD' ? '' : group, ...cells] : cells);
  }
  return format_csv(rows);
}

/** @param {HTMLTableCellElement} cell */
function cellText(cell) {
  const value = cell.dataset.value;
  if (value !== undefined) return value;
  const text = (cell.textContent ?? '').trim().replaceAll('\u00a0', ' ');
  if (text === '–') return '';
  const number = text.replace('−', '-');
  if (/^[+-]?\d+(\.\d+)?$/.test(number)) return number;
  return FORMULA.test(text) ? `'${text}` : text;
}
