// Attention of the shown head from category to category: a small heatmap that is
// a table, so its numbers can be read, copied and heard.

import { categoryBadge } from './categories.js';
import { byId, el, hiddenText } from './dom.js';
import { plural } from './format.js';
import { saveTableButton } from './table-csv.js';

/** @typedef {'mass' | 'cells' | 'chance'} Shown */

/** @type {Record<Shown, string>} */
const TITLES = {
  mass: 'Share of attention',
  cells: 'Mean of single cells',
  chance: 'Single cells against chance',
};

/** @param {import('./study.js').Study} study */
export function setUpCategoryMatrix(study) {
  const fold = byId('categories-fold', HTMLDetailsElement);
  const select = byId('categories-show', HTMLSelectElement);
  const root = byId('categories-table', HTMLDivElement);
  const note = byId('categories-note', HTMLParagraphElement);
  const cancel = byId('categories-cancel', HTMLButtonElement);

  /** @type {Categories | undefined} */
  let drawn;
  function draw() {
    const { further, promptSet, problems } = study.state;
    drawn = further.categories;
    const shown = /** @type {Shown} */ (select.value);
    note.textContent = drawn ? explain(shown, drawn) : (problems.categories?.what ?? waiting());
    root.replaceChildren(
      ...(drawn && promptSet ? [matrixTable(drawn, shown, promptSet.categories)] : []),
    );
  }

  function waiting() {
    const { pattern, task, imported } = study.state;
    if (imported) return 'Not in the file. Press Start to compute it here.';
    if (!pattern) return 'Press Start first.';
    if (task?.step === 'categories') return 'Pooling the kept prompts…';
    return pattern === asked && !task
      ? 'Cancelled; fold and unfold this to pool the kept prompts after all.'
      : 'Waits for what runs now.';
  }

  /** The pattern this was last asked for; a Cancel is not to ask again. @type {PatternResult | null} */
  let asked = null;
  function follow() {
    const { further, pattern, task, goesOn, problems, imported } = study.state;
    cancel.hidden = task?.step !== 'categories';
    if (further.categories !== drawn || problems.categories) draw();
    else if (!drawn) note.textContent = waiting();
    if (!fold.open || !pattern || further.categories || problems.categories) return;
    if (task || goesOn || imported || pattern === asked) return;
    asked = pattern;
    study.useTool('categories');
  }
  cancel.addEventListener('click', () => {
    study.cancel();
    select.focus();
  });
  select.addEventListener('change', draw);
  fold.addEventListener('toggle', () => {
    asked = null;
    follow();
  });
  study.subscribe(follow);
  draw();
}

/**
 * @param {Shown} shown
 * @param {Categories} categories
 */
function explain(shown, { head, n }) {
  const over = `${head}, all words of ${plural(n, 'kept prompt')} pooled; rows look, columns are looked at.`;
  const copies = 'Copies of the same word count as “same word”, never as a category.';
  if (shown === 'mass') {
    return `${over} Attention summed on a category’s earlier words; a word that comes before all of them counts 0. Each row makes 100 %. ${copies}`;
  }
  if (shown === 'cells') {
    return `${over} Mean attention of single cells, only where there is an earlier word. ${copies}`;
  }
  return `${over} The mean of single cells over the same mean of uniform attention: 1.0 is chance. ${copies}`;
}

/**
 * @param {Categories} categories
 * @param {Shown} shown
 * @param {string[]} names
 */
function matrixTable({ head, attention, chance }, shown, names) {
  const header = el('tr', {}, el('td', { text: 'looks ↓  at →' }));
  for (const category of attention.categories) header.append(heading(category, names, 'col'));
  // Only a text has words of no category.
  const uncategorised = attention.rows.some((row) => row.no_category > 0);
  const extra = shown === 'mass' ? ['Same word', 'Self', 'Beginning of text'] : [];
  if (extra.length > 0 && uncategorised) extra.push('No category');
  for (const label of extra) header.append(el('th', { scope: 'col', text: label }));

  /** @type {(number | null)[][]} */
  const values = attention.rows.map((row, i) => {
    if (shown === 'mass') {
      const rest = [row.same_word, row.self, row.bos];
      return [...row.mass, ...rest, ...(uncategorised ? [row.no_category] : [])];
    }
    if (shown === 'cells') return row.cell_mean;
    return row.cell_mean.map((mean, j) => {
      const expected = chance.rows[i]?.cell_mean[j];
      return mean === null || !expected ? null : mean / expected;
    });
  });
  const within = values.flatMap((row) => row.slice(0, attention.categories.length));
  const largest = Math.max(...within.map((value) => value ?? 0), Number.MIN_VALUE);
  const body = el('tbody');
  attention.rows.forEach((row, i) => {
    const line = el('tr', {}, heading(row.category, names, 'row'));
    values[i]?.forEach((value, j) => {
      const cell = el('td', { class: 'figure heat', text: figure(value, shown) });
      if (value !== null) cell.dataset.value = String(value);
      if (j < attention.categories.length) {
        cell.style.setProperty('--heat', `${((value ?? 0) / largest) * 45}%`);
      }
      line.append(cell);
    });
    body.append(line);
  });
  const caption = el('caption', { text: `${TITLES[shown]} of ${head} ` });
  const table = el('table', { class: 'matrix' }, caption, el('thead', {}, header), body);
  caption.append(saveTableButton(table, `${TITLES[shown]} ${head}`));
  return table;
}

/**
 * @param {number} category
 * @param {string[]} names
 * @param {'row' | 'col'} scope
 */
function heading(category, names, scope) {
  const name = names[category] ?? `row ${category}`;
  const cell = el('th', { scope, title: name }, categoryBadge(category));
  cell.append(scope === 'row' ? ` ${name}` : hiddenText(name));
  return cell;
}

/**
 * @param {number | null} value
 * @param {Shown} shown
 */
function figure(value, shown) {
  if (value === null) return '–';
  if (shown === 'chance') return `${value.toFixed(1)}×`;
  return `${(value * 100).toFixed(1)}`;
}
