// Every head's attention on the shown prompt as a small picture: those of a layer,
// or of all layers at once. One canvas holds them all.

import { thumbnails_view } from './pkg/headscope.js';
import { announce } from './announce.js';
import { CanvasBoard } from './canvas-board.js';
import { byId, button, el, facts as factList } from './dom.js';
import { percent, score as figure } from './format.js';
import { headIndex, headName } from './heads.js';
import { setUpPromptView } from './prompt-view.js';
import { METRIC_NAMES } from './score.js';
import { sortableTable } from './sortable-table.js';
import { lookOf, parseView } from './view.js';

/** What the select calls all layers. */
const ALL = 'all';

/**
 * The thumbnails of a layer, or of all layers that are there.
 * @param {ThumbnailSheet} sheet
 * @param {string} layer its number, or `all`
 * @param {Settings} settings
 */
export function thumbnailsView({ heads, n, side, n_head, cells }, layer, { head, view }) {
  const { scale, max, colors, bos } = parseView(view);
  const from = layer === ALL ? 0 : Number(layer) * n_head;
  const shownHeads = heads.slice(from, layer === ALL ? heads.length : from + n_head);
  const names = shownHeads.map((each) => each.head);
  const shown = names.indexOf(head);
  return {
    heads: shownHeads,
    view: thumbnails_view({
      cells: cells.subarray(from * side * side, (from + names.length) * side * side),
      side,
      names,
      columns: layer === ALL ? n_head : null,
      shown: shown < 0 ? null : shown,
      scale,
      max,
      colors,
      // What is left of a row cannot be told from cells that stand for several.
      bos: side < n && bos === 'renormalised' ? 'hidden' : bos,
    }),
  };
}

/** @param {import('./study.js').Study} study */
export function setUpThumbnails(study) {
  const fold = byId('thumbnails-fold', HTMLDetailsElement);
  const select = byId('thumbnails-layer', HTMLSelectElement);
  const empty = byId('thumbnails-empty', HTMLParagraphElement);
  const note = byId('thumbnails-about', HTMLParagraphElement);
  const tableFold = byId('thumbnails-table-fold', HTMLDetailsElement);
  const table = byId('thumbnails-table', HTMLDivElement);
  const readout = byId('thumbnails-readout', HTMLDivElement);
  const canvas = byId('thumbnails', HTMLCanvasElement);

  /** @type {ThumbnailSheet | undefined} */
  let sheet;
  /** @type {HeadFacts[]} */
  let heads = [];
  /** @type {BoardView | null} */
  let view = null;
  let drawnLook = '';

  /** @param {import('./canvas-board.js').Cell | null} cell */
  function headAt(cell) {
    return cell && view ? heads[cell.row * view.columns + cell.column] : undefined;
  }

  const board = new CanvasBoard(canvas, byId('thumbnails-scroll', HTMLDivElement), {
    point(cell, deliberate) {
      const found = headAt(cell);
      board.mark(found && cell ? cell : null);
      const words = read(found);
      if (deliberate && found) announce(words);
    },
    pick(cell) {
      const found = headAt(cell);
      if (!found) return;
      study.change({ head: found.head });
      announce(`Opening ${found.head}`);
    },
    leave() {
      board.mark(null);
      read(undefined);
    },
  });

  /** @param {HeadFacts | undefined} found */
  function read(found) {
    const name = METRIC_NAMES[study.state.settings.metric];
    const bos = found ? percent(found.shares.bos) : '–';
    readout.replaceChildren(
      el('p', { class: 'readout-title', text: found ? `Head ${found.head}` : 'No head chosen' }),
      factList([
        [name, figure(found?.score)],
        ['Same category', found ? percent(found.shares.same_category) : '–'],
        ['Self', found ? percent(found.shares.self) : '–'],
        ['Beginning of text', bos],
      ]),
    );
    return found ? `${found.head}: ${name} ${figure(found.score)}, beginning of text ${bos}` : '';
  }

  const mayCompute = setUpPromptView(study, 'thumbnails', {
    args: () => (fold.open ? {} : null),
    lacks: ({ further: { thumbnails: found } }) =>
      found !== undefined && found.heads.length < found.n_layer * found.n_head,
  });

  function draw() {
    const { further, settings, pattern } = study.state;
    // Until the new ones are there, those of before stay, so that nothing flickers.
    if (further.thumbnails || !pattern) sheet = further.thumbnails;
    drawnLook = lookNow();
    if (sheet) offerLayers(sheet);
    empty.hidden = sheet !== undefined;
    const drawn = sheet && sheet.heads.length > 0 && thumbnailsView(sheet, select.value, settings);
    heads = drawn ? drawn.heads : [];
    view = drawn ? drawn.view : null;
    board.show(view);
    board.mark(null);
    read(undefined);
    note.textContent = sheet ? about(sheet, parseView(settings.view).max) : '';
    canvas.setAttribute('aria-label', `Attention of ${heads.length} heads as small pictures`);
    showTable();
  }

  function lookNow() {
    const { settings } = study.state;
    return `${lookOf(settings.view)} ${settings.head} ${settings.metric}`;
  }

  function showTable() {
    const { metric } = study.state.settings;
    const shown = tableFold.open && heads.length > 0;
    const open = (/** @type {string} */ head) => study.change({ head });
    table.replaceChildren(...(shown ? [thumbnailTable(heads, metric, open)] : []));
  }

  /** @param {ThumbnailSheet} sheet */
  function offerLayers({ heads: all, n_head }) {
    const layers = all.length / n_head;
    if (select.options.length !== layers + 1) {
      const before = select.value;
      const options = Array.from({ length: layers }, (_, l) =>
        el('option', { value: String(l), text: `Layer ${l}` }),
      );
      select.replaceChildren(el('option', { value: ALL, text: 'All layers loaded' }), ...options);
      select.value = options.some(({ value }) => value === before) ? before : ALL;
    }
  }

  select.addEventListener('change', draw);
  fold.addEventListener('toggle', () => {
    mayCompute();
    if (fold.open) draw();
  });
  draw();
  tableFold.addEventListener('toggle', showTable);
  read(undefined);
  study.subscribe(({ further: { thumbnails: found }, model }) => {
    if (!fold.open || (found === sheet && lookNow() === drawnLook)) return;
    if (!found && model && lookNow() === drawnLook) return;
    draw();
  });
}

/** What full colour stands for in each picture, by the choice above the heatmap. */
const FULL_COLOUR = {
  matrix: 'Full colour is each head’s own maximum.',
  row: 'Full colour is the maximum of each row.',
  one: 'Full colour is 1 in all of them.',
};

/**
 * @param {ThumbnailSheet} sheet
 * @param {string} max
 */
function about({ heads, n, side, n_head, n_layer, prompt }, max) {
  const layers = heads.length / n_head;
  const which =
    layers < n_layer
      ? `Layers 0 to ${layers - 1} of ${n_layer} are loaded.`
      : `All ${heads.length} heads on prompt ${prompt}.`;
  const scale = FULL_COLOUR[/** @type {keyof typeof FULL_COLOUR} */ (max)];
  const small = `Each of the ${side} rows and columns holds the largest of several of the ${n} tokens.`;
  return [which, scale, side < n ? small : ''].join(' ');
}

/**
 * @param {HeadFacts[]} heads
 * @param {Metric} metric
 * @param {(head: string) => void} open
 */
function thumbnailTable(heads, metric, open) {
  /** @type {import('./sortable-table.js').Column<HeadFacts>[]} */
  const columns = [
    {
      label: 'Head',
      show: ({ head }) => button(head, 'link', () => open(head)),
      sortBy: ({ head }) => orderOf(head),
    },
    {
      label: METRIC_NAMES[metric],
      show: ({ score }) => figure(score),
      sortBy: ({ score }) => score ?? -1,
      figures: true,
    },
    share('Same category', 'same_category'),
    share('Same word', 'same_word'),
    share('Self', 'self'),
    share('Beginning of text', 'bos'),
  ];
  const last = heads.at(-1)?.head ?? headName(0, 0);
  return sortableTable(`Heads ${heads[0]?.head} to ${last} on the shown prompt`, columns, heads);
}

/**
 * @param {string} label
 * @param {keyof Shares} key
 * @returns {import('./sortable-table.js').Column<HeadFacts>}
 */
function share(label, key) {
  return {
    label,
    show: ({ shares }) => figure(shares[key]),
    sortBy: ({ shares }) => shares[key],
    figures: true,
  };
}

/** @param {string} name */
function orderOf(name) {
  const [layer, head] = headIndex(name);
  return layer * 1000 + head;
}
