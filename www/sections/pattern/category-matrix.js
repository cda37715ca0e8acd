// Attention of the shown head from category to category: a small heatmap that is
// a table, so its numbers can be read, copied and heard.

import { partLabel } from '../../study/catalogue.js';
import { categoryBadge } from '../../labels/categories.js';
import { byId, el, hiddenText } from '../../kit/dom.js';
import { plural } from '../../kit/format.js';
import { actAsCancel } from '../../kit/progress.js';
import { matrixTable } from '../../kit/matrix-table.js';

/** @typedef {'mass' | 'cells' | 'chance'} Shown */

/** @type {Record<Shown, string>} */
const TITLES = {
  mass: 'Share of attention',
  cells: 'Mean per cell',
  chance: 'Per cell vs. chance',
};

/** @param {import('../../study/study.js').Study} study */
export function setUpCategoryMatrix(study) {
  const select = byId('categories-show', HTMLSelectElement);
  const root = byId('categories-table', HTMLDivElement);
  const note = byId('categories-note', HTMLParagraphElement);
  const run = byId('categories-run', HTMLButtonElement);
  const cancel = byId('categories-cancel', HTMLButtonElement);

  /** @type {Categories | undefined} */
  let drawn;
  function draw() {
    const { further, promptSet, problems } = study.state;
    drawn = further.categories;
    const shown = /** @type {Shown} */ (select.value);
    note.textContent = drawn ? explain(shown, drawn) : (problems.categories?.what ?? waiting());
    root.replaceChildren(
      ...(drawn && promptSet ? [categoryTable(drawn, shown, promptSet.categories)] : []),
    );
  }

  function waiting() {
    const { pattern, task, imported } = study.state;
    if (imported) return 'Not in the file. Load the model to compute it.';
    if (!pattern) return 'Load a model first.';
    if (task?.step === 'categories') return 'Computing…';
    if (!follows()) return '';
    return pattern === asked && !task ? 'Cancelled.' : 'Waits for what runs now.';
  }

  /** Whether it was wanted, where nothing runs by itself. */
  let wanted = false;
  const follows = () => wanted || study.runsByItself;

  /** The pattern this was last asked for; a Cancel is not to ask again. @type {PatternResult | null} */
  let asked = null;
  function follow() {
    const { further, pattern, task, goesOn, problems, imported } = study.state;
    if (cancel.hidden && task?.step === 'categories') actAsCancel(cancel);
    cancel.hidden = task?.step !== 'categories';
    const isCancelled = pattern !== null && pattern === asked && !task;
    run.hidden = Boolean(further.categories || imported || !cancel.hidden);
    if (follows() && !isCancelled) run.hidden = true;
    if (further.categories !== drawn || problems.categories) draw();
    else if (!drawn) note.textContent = waiting();
    if (!follows() || !pattern || further.categories || problems.categories) return;
    if (task || goesOn || imported || pattern === asked) return;
    asked = pattern;
    study.useTool('categories');
  }
  cancel.addEventListener('click', () => {
    study.cancel();
    select.focus();
  });
  select.addEventListener('change', draw);
  run.addEventListener('click', () => {
    wanted = true;
    const { pattern } = study.state;
    // The button goes.
    select.focus();
    if (!pattern) return follow();
    asked = pattern;
    study.useTool('categories');
  });
  study.subscribe(follow);
  draw();
}

/**
 * @param {Shown} shown
 * @param {Categories} categories
 */
function explain(shown, { head, n }) {
  const over = `${head}, all words of ${plural(n, 'kept prompt')} pooled. Rows: destination; columns: source.`;
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
function categoryTable({ head, attention, chance }, shown, names) {
  // Only a text has words of no category.
  const uncategorised = attention.rows.some((row) => row.no_category > 0);
  const rest = /** @type {const} */ (['same_word', 'self', 'bos']);
  const extra = shown === 'mass' ? rest.map(partLabel) : [];
  if (extra.length > 0 && uncategorised) extra.push('No category');

  /** @type {(number | null)[][]} */
  const values = attention.rows.map((row, i) => {
    if (shown === 'mass') {
      const others = rest.map((part) => row[part]);
      return [...row.mass, ...others, ...(uncategorised ? [row.no_category] : [])];
    }
    if (shown === 'cells') return row.cell_mean;
    return row.cell_mean.map((mean, j) => {
      const expected = chance.rows[i]?.cell_mean[j];
      return mean === null || !expected ? null : mean / expected;
    });
  });
  const within = attention.categories.length;
  let largest = Number.MIN_VALUE;
  for (const row of values) {
    for (const value of row.slice(0, within)) largest = Math.max(largest, value ?? 0);
  }
  const table = {
    caption: `${TITLES[shown]} of ${head}`,
    title: `${TITLES[shown]} ${head}`,
    corner: 'destination ↓  source →',
    rows: attention.rows.length,
    columns: within + extra.length,
    rowHead: (/** @type {number} */ i) => heading(attention.rows[i]?.category ?? -1, names, 'row'),
    columnHead: (/** @type {number} */ j) =>
      j < within
        ? heading(attention.categories[j] ?? -1, names, 'col')
        : el('th', { scope: 'col', text: extra[j - within] }),
    value: (/** @type {number} */ i, /** @type {number} */ j) => values[i]?.[j] ?? null,
    show(
      /** @type {HTMLTableCellElement} */ cell,
      /** @type {number | null} */ value,
      /** @type {number} */ _,
      /** @type {number} */ j,
    ) {
      cell.classList.add('heat');
      cell.textContent = figure(value, shown);
      if (j < within) cell.style.setProperty('--heat', `${((value ?? 0) / largest) * 45}%`);
    },
  };
  return matrixTable(table, 'matrix');
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
