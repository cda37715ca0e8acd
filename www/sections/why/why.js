// Why the head looks where it looks: its form, the table's words alone, steering, and the
// parts of one score. It comes when it is scrolled to.

import { byId, button, el } from '../../kit/dom.js';
import { megabytes, percent, signed } from '../../kit/format.js';
import { sortableTable } from '../../kit/sortable-table.js';
import { headMapOf } from '../../labels/head-map-view.js';
import { CellCanvas } from '../../kit/cell-canvas.js';
import { targetWords } from '../../labels/targets.js';
import { headName, headOrder } from '../../labels/heads.js';
import { followTool, setUpTool } from '../../steps/tool.js';
import { lockedCell } from '../../study/look.js';
import { shownSettings } from '../../study/study-state.js';
import { eigenvalueStrip } from './eigenvalues.js';
import { formTable } from './form.js';
import { meanSentence, partsSentence, partsTable } from './parts.js';
import { Steering } from './steering.js';
import { WordsMatrix } from './words-matrix.js';

/** @typedef {import('../../study/study.js').Study} Study */

/** A share of shuffles below this is no accident. */
const SIGNIFICANT = 0.05;

/** What the heads may be coloured by. */
const COLOURED_BY = /** @type {const} */ ([
  { key: 'trace', label: 'Trace of M', chance: 0, show: signed },
  { key: 'symmetric_share', label: 'Share of S in M', chance: 0.5, show: percent },
  { key: 'ov_copying', label: 'Copying score', chance: 0, show: signed },
]);

/** @param {Study} study */
export function setUpWhy(study) {
  const sentence = byId('circuits-sentence', HTMLParagraphElement);
  const body = byId('circuits-body', HTMLDivElement);
  const matrix = new WordsMatrix();
  const steering = new Steering(study);
  const heads = new HeadForms(study, () => args());
  const form = el('div', { class: 'scroll' });
  const strip = el('div', { class: 'strip' });
  const contrasts = el('div', { class: 'scroll' });
  const partsText = el('p', { class: 'finding', id: 'parts-sentence' });
  const parts = el('div', { class: 'scroll tall' });
  const meanText = el('p', { class: 'finding', id: 'mean-parts-sentence' });
  const meanParts = el('div', { class: 'scroll tall' });
  for (const [region, label] of /** @type {const} */ ([
    [form, 'Form of the head'],
    [contrasts, 'Words by category'],
    [parts, 'Parts of a score'],
    [meanParts, 'Mean parts of the target’s scores'],
  ])) {
    region.tabIndex = 0;
    region.setAttribute('role', 'region');
    region.setAttribute('aria-label', label);
  }
  // On a phone a table of cards is long.
  const byCategory = el('details', { class: 'fold' }, el('summary', { text: 'By category' }));
  byCategory.append(contrasts);
  byCategory.open = matchMedia('(min-width: 40rem)').matches;
  // Asked for by itself, as it takes a run of every kept prompt.
  const asksMean = button('Average over all cells of the target', 'button small', () =>
    study.useTool('circuits', () => ({ ...args(), mean: true })),
  );
  body.hidden = true;
  body.append(
    el('h3', { text: 'Word by word' }),
    el('p', {
      class: 'muted small',
      text: 'Each word of the table alone after beginning of text: its query against every word’s key. Colours part at the mean.',
    }),
    matrix.element,
    byCategory,
    el('h3', { text: 'Steering' }),
    steering.element,
    el('h3', { text: 'Where a score comes from' }),
    partsText,
    parts,
    asksMean,
    meanText,
    meanParts,
    el('h3', { text: 'The form of the head' }),
    form,
    strip,
    heads.element,
  );

  // A study loads no W_O of the head's own layer.
  const writes = button('', 'button small', () =>
    study.useTool('circuits', () => ({ ...args(), direct: true })),
  );
  strip.before(writes);
  const cell = () => lockedCell(shownSettings(study.state).view);
  const args = () => ({ cell: cell(), all_heads: heads.wanted });
  setUpTool(study, 'circuits', {
    about: 'Takes the shown head apart; no other weights are needed than for its heatmap. ',
    args,
  });
  followTool(study, 'circuits', args, () => String(cell()));

  /** @type {Circuits | undefined} */
  let drawn;
  /** @type {number | null | undefined} */
  let copying;
  function draw() {
    const { further, promptSet, pattern } = study.state;
    const { circuits } = further;
    body.classList.toggle('updating', circuits === undefined && drawn !== undefined);
    if (!circuits || circuits === drawn) return;
    const isOther = drawn?.head !== circuits.head || drawn?.form.trace !== circuits.form.trace;
    drawn = circuits;
    body.hidden = false;
    sentence.textContent = summarise(circuits);
    const names = promptSet?.categories ?? [];
    matrix.element.hidden = circuits.words === null;
    byCategory.hidden = circuits.words === null;
    if (circuits.words) {
      matrix.show(circuits.words, names, circuits.head);
      contrasts.replaceChildren(contrastTable(circuits.words, names, circuits.head));
    }
    steering.show(circuits);
    heads.show(circuits);
    const tokens = pattern?.tokens ?? [];
    const found = circuits.score_parts;
    partsText.textContent = found
      ? partsSentence(found, tokens)
      : 'The shown prompt has no cell of the target. Lock a cell of the heatmap to take its score apart.';
    const at = (/** @type {number} */ position) => tokens[position]?.trim() ?? '';
    parts.replaceChildren(...(found ? [partsTable(found, at(found.query), at(found.key))] : []));
    parts.hidden = found === null;
    const mean = circuits.mean_parts;
    const what = targetWords(study.state.settings.target, promptSet);
    asksMean.hidden = mean !== null || found === null;
    meanText.textContent = mean ? meanSentence(mean, what) : '';
    meanParts.replaceChildren(...(mean ? [partsTable(mean, 'the query', 'the key')] : []));
    meanParts.hidden = mean === null;
    const loads = circuits.form.ov_copying === null && study.state.model;
    writes.hidden = !loads;
    if (loads) writes.textContent = `Load what it writes (${megabytes(loads.d_model ** 2 * 4)})`;
    if (isOther || circuits.form.ov_copying !== copying) {
      copying = circuits.form.ov_copying;
      form.replaceChildren(formTable(circuits));
      strip.replaceChildren(eigenvalueStrip(circuits, Math.max(strip.clientWidth, 300)));
    }
  }
  study.subscribe(draw);
  draw();
}

/** @param {Circuits} circuits */
function summarise({ head, alpha, words }) {
  const shuffled = words?.shuffled;
  const steered = alpha === 1 ? '' : ` (steered, α = ${alpha})`;
  if (!shuffled) return `The form of ${head}${steered}.`;
  const {
    self_minus_category: self,
    self_minus_category_p: selfP,
    inside_minus_outside: inside,
    inside_minus_outside_p: insideP,
  } = shuffled;
  const clause = (
    /** @type {number} */ value,
    /** @type {number} */ p,
    /** @type {string} */ up,
    /** @type {string} */ down,
    /** @type {string} */ neither,
  ) => (p < SIGNIFICANT ? (value > 0 ? up : down) : neither);
  const category = clause(
    inside,
    insideP,
    'looks for words of its own category',
    'avoids words of its own category',
    'does not tell its own category from others',
  );
  const itself = clause(
    self,
    selfP,
    'looks for itself more than for them',
    'holds off itself compared with them',
    'looks for itself no otherwise than for them',
  );
  return `Before any prompt is read, a word at ${head}${steered} ${category} (${signed(inside)}, p ${pValue(insideP)}) and ${itself} (${signed(self)}, p ${pValue(selfP)}; ${shuffled.shuffles} shuffles of the categories).`;
}

/** @param {number} p */
function pValue(p) {
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

/**
 * @param {NonNullable<Circuits['words']>} words
 * @param {string[]} names
 * @param {string} head
 */
function contrastTable({ contrasts }, names, head) {
  const number = (/** @type {number | null} */ value) => (value === null ? '–' : signed(value));
  /** @type {import('../../kit/sortable-table.js').Column<typeof contrasts[number]>[]} */
  const columns = [
    { label: 'Category', show: ({ category }) => names[category] ?? String(category) },
    { label: 'Words', show: (row) => String(row.words), sortBy: (row) => row.words, figures: true },
    ...[
      { key: /** @type {const} */ ('diagonal'), label: 'Itself' },
      { key: /** @type {const} */ ('inside'), label: 'Its category' },
      { key: /** @type {const} */ ('outside'), label: 'Others' },
      { key: /** @type {const} */ ('self_minus_category'), label: 'Itself − category' },
      { key: /** @type {const} */ ('spread'), label: 'SD of that' },
    ].map(({ key, label }) => ({
      label,
      show: (/** @type {typeof contrasts[number]} */ row) => number(row[key]),
      sortBy: (/** @type {typeof contrasts[number]} */ row) => row[key] ?? 0,
      figures: true,
    })),
  ];
  return sortableTable(`Mean score of ${head} by category of the query`, columns, contrasts);
}

/** The forms of all heads whose weights are here: a map and a table, when asked for. */
class HeadForms {
  element = el('div', { class: 'head-forms' });
  wanted = false;
  #study;
  #ask;
  #by = el('select', { id: 'forms-by' });
  #canvas = el('canvas', {
    role: 'application',
    tabindex: '0',
    'aria-roledescription': 'map of heads',
  });
  #scroller = el('div', { class: 'canvas-scroll' });
  #cells;
  #readout = el('p', { class: 'muted small', text: 'Click a head to show it.' });
  #tool = el('div', { class: 'toolbar' });
  #table = el('div', { class: 'scroll tall' });
  /** @type {Circuits | null} */
  #shown = null;

  /**
   * @param {Study} study
   * @param {() => object} args what the tool is asked for
   */
  constructor(study, args) {
    this.#study = study;
    this.#ask = button('Compare with all loaded heads', 'button small', () => {
      this.wanted = true;
      study.useTool('circuits', args);
    });
    for (const { key, label } of COLOURED_BY) {
      this.#by.append(el('option', { value: key, text: label }));
    }
    const label = el('label', { for: this.#by.id, text: 'Colour by' });
    this.#tool.append(el('span', { class: 'tool' }, label, this.#by));
    this.#scroller.append(this.#canvas);
    this.element.append(this.#ask, this.#tool, this.#scroller, this.#readout, this.#table);
    this.#cells = new CellCanvas(this.#canvas, this.#scroller, {
      point: (cell) => this.#point(cell),
      pick: ({ row, column }) => study.change({ head: headName(row, column) }),
      leave: () => this.#point(null),
    });
    this.#by.addEventListener('change', () => this.#draw());
  }

  /** @param {Circuits} circuits */
  show(circuits) {
    this.#shown = circuits;
    const many = Object.keys(circuits.forms).length > 1;
    this.#ask.hidden = many;
    for (const each of [this.#tool, this.#scroller, this.#readout, this.#table])
      each.hidden = !many;
    if (many) this.#draw();
  }

  #draw() {
    const circuits = this.#shown;
    const { model } = this.#study.state;
    if (!circuits || !model) return;
    const by = this.#chosen();
    const at = (/** @type {number} */ layer, /** @type {number} */ head) =>
      circuits.forms[headName(layer, head)]?.[by.key] ?? null;
    const values = Array.from({ length: model.n_layer }, (_, layer) =>
      Array.from({ length: model.n_head }, (_, head) => at(layer, head)),
    );
    this.#canvas.setAttribute('aria-label', `${by.label} of each loaded head`);
    this.#cells.show(headMapOf(model, values.flat(), by.chance, circuits.head));
    const rows = Object.entries(circuits.forms)
      .map(([name, form]) => ({ name, ...form }))
      .sort((a, b) => headOrder(a.name) - headOrder(b.name));
    this.#table.replaceChildren(sortableTable('Forms of the loaded heads', FORM_COLUMNS, rows));
  }

  #chosen() {
    return COLOURED_BY.find(({ key }) => key === this.#by.value) ?? COLOURED_BY[0];
  }

  /** @param {import('../../kit/cell-canvas.js').Cell | null} cell */
  #point(cell) {
    this.#cells.mark(cell);
    const name = cell ? headName(cell.row, cell.column) : '';
    const by = this.#chosen();
    const value = this.#shown?.forms[name]?.[by.key];
    this.#readout.textContent =
      value == null ? 'Click a head to show it.' : `${name}: ${by.label} ${by.show(value)}`;
  }
}

/** @type {import('../../kit/sortable-table.js').Column<Form & { name: string }>[]} */
const FORM_COLUMNS = [
  {
    label: 'Head',
    show: ({ name }) => el('code', { text: name }),
    sortBy: ({ name }) => headOrder(name),
  },
  { label: 'Trace of M', show: (f) => signed(f.trace), sortBy: (f) => f.trace, figures: true },
  {
    label: 'Negative',
    show: (f) => `${f.negative_of_d_head_largest} of ${f.d_head}`,
    sortBy: (f) => f.negative_of_d_head_largest,
    figures: true,
  },
  {
    label: 'Share of S',
    show: (f) => f.symmetric_share.toFixed(3),
    sortBy: (f) => f.symmetric_share,
    figures: true,
  },
  {
    label: 'Copying',
    show: (f) => (f.ov_copying === null ? '–' : f.ov_copying.toFixed(3)),
    sortBy: (f) => f.ov_copying ?? -2,
    figures: true,
  },
];
