// The shown head's attention on the shown prompt: heatmap, read-out, score,
// shares, and the same as a table.

import { pattern_view } from './pkg/headscope.js';
import { legendItems } from './categories.js';
import { byId, el } from './dom.js';
import { score as figure } from './format.js';
import { Readout, tell } from './readout.js';
import { showScore } from './score.js';
import { sharesFigure } from './shares.js';
import { saveTableButton } from './table-csv.js';
import { tokenLabels, tokenText } from './tokens.js';
import { VIEW_OPTIONS, formatView, lookOf, parseView } from './view.js';

/**
 * @param {import('./study.js').Study} study
 * @param {import('./crosshair.js').Crosshair} crosshair
 */
export function setUpHeatmap(study, crosshair) {
  const canvas = byId('pattern', HTMLCanvasElement);
  const heading = byId('pattern-heading', HTMLSpanElement);
  const empty = byId('pattern-empty', HTMLParagraphElement);
  const shares = byId('shares', HTMLDivElement);
  const legend = byId('pattern-legend', HTMLUListElement);
  const fold = byId('pattern-table-fold', HTMLDetailsElement);
  const readout = new Readout(byId('pattern-readout', HTMLDivElement));

  /** @type {PatternResult | null} */
  let result = null;
  /** @type {string | null | undefined} */
  let shownLook;

  const board = crosshair.board(canvas, byId('pattern-scroll', HTMLDivElement));
  crosshair.describeBy((cell) => (isWithin(cell, result) ? tell(result, cell).words : ''));
  crosshair.subscribe(read);

  function read() {
    const { cell, locked } = crosshair;
    if (cell && isWithin(cell, result)) readout.show(result, cell, locked !== null);
    else readout.clear();
  }

  setUpToolbar(study);
  fold.addEventListener('toggle', () => showTable(result, fold.open));

  study.subscribe(({ settings, pattern, promptSet }) => {
    const look = lookOf(settings.view);
    if (pattern === result && look === shownLook) return;
    const computed = pattern !== result;
    result = pattern;
    shownLook = look;
    empty.hidden = result !== null;
    board.show(result && patternView(result, promptSet, parseView(look)));
    if (!computed) return;
    read();
    heading.textContent = result
      ? `Head ${result.head} on prompt ${result.prompt}`
      : 'Attention of one head';
    const categories = (result && promptSet?.prompts[result.prompt]?.categories) ?? [];
    legend.replaceChildren(...legendItems(categories, promptSet?.categories ?? []));
    showScore(byId('score', HTMLDivElement), result, settings.metric);
    shares.replaceChildren(
      ...(result ? [sharesFigure('Where its attention goes', result.shares)] : []),
    );
    showTable(result, fold.open);
    if (result) describe(canvas, result);
  });
}

/**
 * A locked cell may be one of a longer prompt.
 * @param {import('./view.js').MarkedCell} cell
 * @param {PatternResult | null} result
 * @returns {result is PatternResult}
 */
export function isWithin({ q, k }, result) {
  return result !== null && Math.max(q, k) < result.n;
}

/**
 * @param {PatternResult} result
 * @param {PromptSet | null} promptSet
 * @param {import('./view.js').View} view
 */
export function patternView(result, promptSet, { scale, max, colors, bos }) {
  const { pattern, relations } = result;
  const tokens = tokenLabels(result, promptSet);
  return pattern_view({ pattern, relations, tokens, scale, max, colors, bos });
}

/**
 * The selects above the heatmap. What they choose is part of the link.
 * @param {import('./study.js').Study} study
 */
function setUpToolbar(study) {
  const toolbar = byId('pattern-toolbar', HTMLDivElement);
  for (const { key, label, choices } of VIEW_OPTIONS) {
    const id = `view-${key}`;
    const select = el('select', { id });
    for (const [value, text] of choices) select.append(el('option', { value, text }));
    select.addEventListener('change', () => {
      const view = parseView(study.state.settings.view);
      study.change({ view: formatView({ ...view, [key]: select.value }) });
    });
    toolbar.append(el('span', { class: 'tool' }, el('label', { for: id, text: label }), select));
    study.subscribe(({ settings }) => {
      select.value = parseView(settings.view)[key];
    });
  }
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {PatternResult} result
 */
function describe(canvas, { head, prompt, n }) {
  canvas.setAttribute(
    'aria-label',
    `Attention of head ${head} on prompt ${prompt}, ${n} by ${n} tokens`,
  );
}

/**
 * Built only when it is opened: most visitors never do.
 * @param {PatternResult | null} result
 * @param {boolean} open
 */
function showTable(result, open) {
  const root = byId('pattern-table', HTMLDivElement);
  root.replaceChildren();
  if (!result || !open) return;
  const { n, tokens, pattern, head, prompt } = result;
  const header = el('tr', {}, el('td', { text: 'looks ↓  at →' }));
  for (const token of tokens) header.append(el('th', { scope: 'col' }, ...tokenText(token)));
  const body = el('tbody');
  tokens.forEach((token, q) => {
    const row = el('tr', {}, el('th', { scope: 'row' }, ...tokenText(token)));
    for (let k = 0; k < n; k++) {
      const weight = pattern[q * n + k] ?? 0;
      const cell = el('td', { class: 'figure', text: k <= q ? figure(weight) : '' });
      if (k <= q) cell.dataset.value = String(weight);
      row.append(cell);
    }
    body.append(row);
  });
  const caption = el('caption', { text: `Attention of ${head} on prompt ${prompt} ` });
  const table = el('table', {}, caption, el('thead', {}, header), body);
  caption.append(saveTableButton(table, `attention ${head} prompt ${prompt}`));
  root.append(table);
}
