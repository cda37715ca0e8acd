// Every head's attention on the shown prompt as a small picture: those of a layer,
// or of all layers at once. One canvas holds them all.

import { announce } from '../../kit/announce.js';
import { CellCanvas } from '../../kit/cell-canvas.js';
import { byId, button, el, facts as factList } from '../../kit/dom.js';
import { percent, score as figure } from '../../kit/format.js';
import { headIndex, headName } from '../../labels/heads.js';
import { ALL_LAYERS, thumbnailsView } from '../../labels/thumbnails-view.js';
import { promptName } from '../../labels/prompt-name.js';
import { setUpPromptView } from '../../steps/prompt-view.js';
import { breakdown, metricName, partLabel } from '../../study/catalogue.js';
import { sortableTable } from '../../kit/sortable-table.js';
import { parseLook, withoutLock } from '../../study/look.js';

/** @param {import('../../study/study.js').Study} study */
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
  /** @type {CellView | null} */
  let view = null;
  let drawnLook = '';

  /** @param {import('../../kit/cell-canvas.js').Cell | null} cell */
  function headAt(cell) {
    return cell && view ? heads[cell.row * view.columns + cell.column] : undefined;
  }

  const cells = new CellCanvas(canvas, byId('thumbnails-scroll', HTMLDivElement), {
    point(cell, deliberate) {
      const found = headAt(cell);
      cells.mark(found && cell ? cell : null);
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
      cells.mark(null);
      read(undefined);
    },
  });

  /** @param {HeadFacts | undefined} found */
  function read(found) {
    const name = metricName(study.state.settings.metric);
    const bos = found ? percent(found.shares.bos) : '–';
    readout.replaceChildren(
      el('p', { class: 'readout-title', text: found ? `Head ${found.head}` : 'Point at a head' }),
      factList([
        [name, figure(found?.score)],
        [partLabel('same_category'), found ? percent(found.shares.same_category) : '–'],
        [partLabel('self'), found ? percent(found.shares.self) : '–'],
        [partLabel('bos'), bos],
      ]),
    );
    return found ? `${found.head}: ${name} ${figure(found.score)}, BOS ${bos}` : '';
  }

  const mayCompute = setUpPromptView(study, 'thumbnails', {
    wanted: () => fold.open,
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
    cells.show(view);
    cells.mark(null);
    read(undefined);
    note.textContent = sheet ? about(sheet, settings) : '';
    canvas.setAttribute('aria-label', `Attention of ${heads.length} heads as small pictures`);
    showTable();
  }

  function lookNow() {
    const { settings } = study.state;
    return `${withoutLock(settings.view)} ${settings.head} ${settings.metric}`;
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
      select.replaceChildren(
        el('option', { value: ALL_LAYERS, text: 'All layers loaded' }),
        ...options,
      );
      select.value = options.some(({ value }) => value === before) ? before : ALL_LAYERS;
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
  matrix: 'Colour normalised per head.',
  row: 'Colour normalised per row.',
  one: 'Colour range 0–1.',
};

/**
 * @param {ThumbnailSheet} sheet
 * @param {Settings} settings
 */
function about({ heads, n, side, n_head, n_layer, prompt }, settings) {
  const { max } = parseLook(settings.view);
  const layers = heads.length / n_head;
  const which =
    layers < n_layer
      ? `Layers 0 to ${layers - 1} of ${n_layer} are loaded.`
      : `All ${heads.length} heads on ${promptName(settings, prompt)}.`;
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
  /** @type {import('../../kit/sortable-table.js').Column<HeadFacts>[]} */
  const columns = [
    {
      label: 'Head',
      show: ({ head }) => button(head, 'link', () => open(head)),
      sortBy: ({ head }) => orderOf(head),
    },
    {
      label: metricName(metric),
      show: ({ score }) => figure(score),
      sortBy: ({ score }) => score ?? -1,
      figures: true,
    },
    ...breakdown()
      .filter(({ name }) => name !== 'other')
      .map(share),
  ];
  const last = heads.at(-1)?.head ?? headName(0, 0);
  return sortableTable(`Heads ${heads[0]?.head} to ${last} on the shown prompt`, columns, heads);
}

/**
 * @param {Catalogue['breakdown'][number]} part
 * @returns {import('../../kit/sortable-table.js').Column<HeadFacts>}
 */
function share({ name, label }) {
  return {
    label,
    show: ({ shares }) => figure(shares[name]),
    sortBy: ({ shares }) => shares[name],
    figures: true,
  };
}

/** @param {string} name */
function orderOf(name) {
  const [layer, head] = headIndex(name);
  return layer * 1000 + head;
}
