// The shown head's attention on the shown prompt: heatmap, read-out, score,
// shares, and the same as a table.

import { PatternView } from './pkg/headscope.js';
import { announce } from './announce.js';
import { CanvasBoard } from './canvas-board.js';
import { byId, el } from './dom.js';
import { score as figure } from './format.js';
import { Readout } from './readout.js';
import { showScore } from './score.js';
import { sharesFigure } from './shares.js';
import { VIEW_OPTIONS, formatView, parseView } from './view.js';

/** @param {import('./study.js').Study} study */
export function setUpHeatmap(study) {
  const canvas = byId('pattern', HTMLCanvasElement);
  const heading = byId('pattern-heading', HTMLSpanElement);
  const empty = byId('pattern-empty', HTMLParagraphElement);
  const shares = byId('shares', HTMLDivElement);
  const fold = byId('pattern-table-fold', HTMLDetailsElement);
  const readout = new Readout(byId('pattern-readout', HTMLDivElement));

  /** @type {PatternResult | null} */
  let result = null;
  /** @type {string | null | undefined} */
  let shownView;

  const locked = () => parseView(study.state.settings.view).locked;

  /** @param {{ q: number, k: number } | null} cell */
  function lock(cell) {
    study.change({ view: formatView({ ...parseView(study.state.settings.view), locked: cell }) });
  }

  /**
   * @param {{ q: number, k: number } | null} cell
   * @returns {string}
   */
  function point(cell) {
    board.mark(cell && { row: cell.q, column: cell.k });
    if (cell && result) return readout.show(result, cell, locked() !== null);
    readout.clear();
    return '';
  }

  const board = new CanvasBoard(canvas, byId('pattern-scroll', HTMLDivElement), {
    point(cell, byKey) {
      const at = cell && { q: cell.row, k: cell.column };
      if (byKey && locked()) lock(at);
      else if (!locked()) point(at);
      if (byKey) announce(point(at));
    },
    pick({ row, column }) {
      const held = locked();
      const again = held?.q === row && held.k === column;
      lock(again ? null : { q: row, k: column });
      announce(point({ q: row, k: column }));
    },
    leave() {
      lock(null);
      point(null);
    },
  });

  setUpToolbar(study);
  fold.addEventListener('toggle', () => showTable(result, fold.open));

  study.subscribe(({ settings, pattern }) => {
    if (pattern === result && settings.view === shownView) return;
    const computed = pattern !== result;
    result = pattern;
    shownView = settings.view;
    const view = parseView(settings.view);
    if (view.locked && result && Math.max(view.locked.q, view.locked.k) >= result.n)
      view.locked = null;
    empty.hidden = result !== null;
    board.show(result && patternView(result, view));
    point(view.locked);
    if (!computed) return;
    heading.textContent = result
      ? `Head ${result.head} on prompt ${result.prompt}`
      : 'Attention of one head';
    showScore(byId('score', HTMLDivElement), result, settings.metric);
    shares.replaceChildren(
      ...(result ? [sharesFigure('Where its attention goes', result.shares)] : []),
    );
    showTable(result, fold.open);
    if (result) describe(canvas, result);
  });
}

/**
 * The Rust view as a board of rows (that look) and columns (looked at).
 * @param {PatternResult} result
 * @param {import('./view.js').View} options
 * @returns {BoardView}
 */
export function patternView({ pattern, n, tokens, relations }, { scale, max, colors, bos }) {
  const view = new PatternView({ pattern, n, tokens, relations, scale, max, colors, bos });
  return {
    rows: n,
    columns: n,
    size: (width) => view.size(width),
    draw: (context, dpr, dark, row, column) => view.draw(context, dpr, dark, row, column),
    cellAt(x, y) {
      const cell = view.cell_at(x, y);
      return cell && { row: cell.q, column: cell.k };
    },
    free: () => view.free(),
  };
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
  for (const token of tokens) header.append(el('th', { scope: 'col', text: token }));
  const body = el('tbody');
  tokens.forEach((token, q) => {
    const row = el('tr', {}, el('th', { scope: 'row', text: token }));
    for (let k = 0; k < n; k++) {
      row.append(el('td', { class: 'figure', text: k <= q ? figure(pattern[q * n + k]) : '' }));
    }
    body.append(row);
  });
  root.append(
    el(
      'table',
      {},
      el('caption', { text: `Attention of ${head} on prompt ${prompt}` }),
      el('thead', {}, header),
      body,
    ),
  );
}
