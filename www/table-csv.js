// Any table of the page as CSV. Cells that show a rounded number carry the whole
// one as `data-value`.

import { announce } from './announce.js';
import { button, saveFile } from './dom.js';

/** What a spreadsheet would take for the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r]/;

/**
 * A button that saves a table as it stands, sorted and filtered.
 * @param {HTMLTableElement} table
 * @param {string} title what it holds, of which its file gets its name
 */
export function saveTableButton(table, title) {
  const words = title.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const file = `headscope-${words.slice(0, 6).join('-')}.csv`;
  return button('Save as CSV', 'link', () => {
    saveFile(file, new Blob([tableCsv(table)], { type: 'text/csv' }));
    announce(`Saved ${file}.`);
  });
}

/** @param {HTMLTableElement} table */
export function tableCsv(table) {
  const lines = [...table.rows].map((row) => [...row.cells].map(cellText).map(quote).join(','));
  return `${lines.join('\r\n')}\r\n`;
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

/** @param {string} text */
function quote(text) {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
