// Pinned heads: their heatmaps of the shown prompt side by side, under one
// crosshair. Which they are is part of the link.

import { announce } from './announce.js';
import { byId, button, el, setOff } from './dom.js';
import { percent, score as figure } from './format.js';
import { headIndex, isWithin as modelHas } from './heads.js';
import { isWithin, patternView } from './heatmap.js';
import { setUpPromptView } from './prompt-view.js';
import { tell } from './readout.js';
import { METRIC_NAMES } from './score.js';
import { SHARES } from './categories.js';
import { sortableTable } from './sortable-table.js';
import { lookOf, parseView } from './view.js';

/** As many as the link carries. */
const MOST = 12;

/** @typedef {{ facts: HeadFacts, result: PatternResult }} Pinned */

/**
 * The heads that the settings name.
 * @param {Settings} settings
 */
export function pinnedHeads({ pins }) {
  return pins ? pins.split(',') : [];
}

/**
 * Pins a head, or takes it off if it is pinned.
 * @param {import('./study.js').Study} study
 * @param {string} head
 */
export function togglePin(study, head) {
  const pins = pinnedHeads(study.state.settings);
  const pinned = pins.includes(head);
  if (!pinned && pins.length >= MOST) {
    announce(`No more than ${MOST} heads can be pinned.`);
    return;
  }
  const left = pinned ? pins.filter((each) => each !== head) : [...pins, head];
  study.change({ pins: left.length > 0 ? left.join(',') : null });
  announce(pinned ? `${head} is no longer pinned.` : `${head} is pinned.`);
}

/**
 * The pinned heads that have been computed, as they are shown.
 * @param {import('./study-state.js').StudyState} state
 * @returns {Pinned[]}
 */
export function pinnedResults({ further, pattern }) {
  const pins = further.pins;
  if (!pins || !pattern || pins.prompt !== pattern.prompt) return [];
  const cells = pattern.n ** 2;
  return pins.heads.map((facts, index) => ({
    facts,
    result: {
      ...pattern,
      head: facts.head,
      score: facts.score,
      shares: facts.shares,
      pattern: pins.patterns.subarray(index * cells, (index + 1) * cells),
    },
  }));
}

/**
 * @param {import('./study.js').Study} study
 * @param {import('./crosshair.js').Crosshair} crosshair
 */
export function setUpPins(study, crosshair) {
  const root = byId('pins', HTMLElement);
  const row = byId('pins-row', HTMLUListElement);
  const fold = byId('pins-table-fold', HTMLDetailsElement);
  const place = byId('pins-table', HTMLDivElement);
  const pin = byId('pin-shown', HTMLButtonElement);
  const field = byId('pin-head', HTMLInputElement);
  const error = byId('pin-head-error', HTMLParagraphElement);

  pin.addEventListener('click', () => togglePin(study, study.state.settings.head));
  byId('pin-form', HTMLDivElement).addEventListener('keydown', (event) => {
    if (event.key === 'Enter') pinNamed();
  });
  byId('pin-add', HTMLButtonElement).addEventListener('click', pinNamed);

  function pinNamed() {
    const head = field.value.trim().toUpperCase();
    const wrong = complaint(head);
    error.textContent = wrong;
    field.setAttribute('aria-invalid', String(wrong !== ''));
    if (wrong !== '') return;
    field.value = '';
    togglePin(study, head);
  }

  /** @param {string} head */
  function complaint(head) {
    const { model, settings } = study.state;
    const pins = pinnedHeads(settings);
    if (!/^L\d+H\d+$/.test(head)) return 'Write a head as L0H3.';
    if (model && !modelHas(headIndex(head), model)) return `This model has no ${head}.`;
    if (pins.includes(head)) return `${head} is pinned already.`;
    return pins.length < MOST ? '' : `No more than ${MOST} heads can be pinned.`;
  }

  setUpPromptView(study, 'pins', {
    args({ settings }) {
      const heads = pinnedHeads(settings);
      return heads.length > 0 ? { heads } : null;
    },
    lacks: ({ further }) => (further.pins?.missing.length ?? 0) > 0,
  });

  /** @type {Card[]} */
  const cards = [];
  /** @type {Pinned[]} */
  let pinned = [];
  crosshair.subscribe(() => cards.forEach((card) => card.read(crosshair.cell)));
  fold.addEventListener('toggle', showTable);

  /** @type {Pins | undefined} */
  let drawn;
  let drawnLook = '';
  study.subscribe((state) => {
    const { settings, further, pattern } = state;
    const heads = pinnedHeads(settings);
    const shownIsPinned = heads.includes(settings.head);
    pin.textContent = `${shownIsPinned ? 'Unpin' : 'Pin'} ${settings.head}`;
    setOff(pin, !shownIsPinned && heads.length >= MOST);
    root.hidden = heads.length === 0;
    const look = `${lookOf(settings.view)} ${settings.metric} ${heads.join()}`;
    if (further.pins === drawn && look === drawnLook) return;
    // Until the new ones are there, those of before stay, so that nothing flickers.
    if (!further.pins && pattern && heads.length > 0 && look === drawnLook) return;
    drawn = further.pins;
    drawnLook = look;
    if (further.pins || !pattern) pinned = pinnedResults(state);
    show(heads);
  });

  /** @param {string[]} heads */
  function show(heads) {
    const { settings, promptSet } = study.state;
    const view = parseView(settings.view);
    while (cards.length < heads.length) cards.push(new Card(study, crosshair));
    const used = cards.slice(0, heads.length);
    cards.slice(heads.length).forEach((card) => card.show('', null, null, view, settings.metric));
    used.forEach((card, index) => {
      const head = heads[index] ?? '';
      const found = pinned.find(({ facts }) => facts.head === head);
      card.show(head, found ?? null, promptSet, view, settings.metric);
      card.read(crosshair.cell);
    });
    row.replaceChildren(...used.map(({ element }) => element));
    showTable();
  }

  function showTable() {
    const { metric } = study.state.settings;
    place.replaceChildren(...(fold.open && pinned.length > 0 ? [pinsTable(pinned, metric)] : []));
  }
}

/** One pinned head: its name, its heatmap, and what the crosshair is on. */
class Card {
  #study;
  #board;
  #canvas = el('canvas', {
    tabindex: '0',
    role: 'application',
    'aria-roledescription': 'heatmap',
    'aria-describedby': 'pattern-help',
  });
  #waiting = el('p', { class: 'ghost-text' });
  #open = button('', 'link', () => this.#study.change({ head: this.#head }));
  #remove = button('Remove', 'button small', () => togglePin(this.#study, this.#head));
  #facts = el('p', { class: 'muted small' });
  #value = el('p', { class: 'pin-value small' });
  #head = '';
  /** @type {PatternResult | null} */
  #result = null;

  /**
   * @param {import('./study.js').Study} study
   * @param {import('./crosshair.js').Crosshair} crosshair
   */
  constructor(study, crosshair) {
    this.#study = study;
    const scroller = el('div', { class: 'canvas-scroll' }, this.#waiting, this.#canvas);
    this.element = el(
      'li',
      { class: 'pin' },
      el('div', { class: 'pin-head' }, el('h4', {}, this.#open), this.#remove),
      this.#facts,
      scroller,
      this.#value,
    );
    this.#board = crosshair.board(this.#canvas, scroller);
  }

  /**
   * @param {string} head
   * @param {Pinned | null} pinned
   * @param {PromptSet | null} promptSet
   * @param {import('./view.js').View} view
   * @param {Metric} metric
   */
  show(head, pinned, promptSet, view, metric) {
    this.#head = head;
    this.#result = pinned?.result ?? null;
    this.#open.textContent = head;
    this.#open.setAttribute('aria-label', `Show ${head} above`);
    this.#remove.setAttribute('aria-label', `Remove ${head}`);
    this.#waiting.textContent = `${head} is drawn once its layer is loaded.`;
    this.#waiting.hidden = pinned !== null;
    this.#facts.textContent = pinned
      ? `${METRIC_NAMES[metric]} ${figure(pinned.facts.score)} · <bos> ${percent(pinned.facts.shares.bos)}`
      : '\u00a0';
    this.#canvas.setAttribute('aria-label', `Attention of pinned head ${head}`);
    this.#board.show(pinned && patternView(pinned.result, promptSet, view));
  }

  /** @param {import('./view.js').MarkedCell | null} cell */
  read(cell) {
    const told = cell && isWithin(cell, this.#result) ? tell(this.#result, cell) : null;
    this.#value.textContent = told?.brief ?? '\u00a0';
  }
}

/**
 * @param {Pinned[]} pinned
 * @param {Metric} metric
 */
function pinsTable(pinned, metric) {
  const prompt = pinned[0]?.result.prompt ?? 0;
  /** @type {import('./sortable-table.js').Column<Pinned>[]} */
  const columns = [
    { label: 'Head', show: ({ facts }) => facts.head, sortBy: ({ facts }) => facts.head },
    {
      label: METRIC_NAMES[metric],
      show: ({ facts }) => figure(facts.score),
      sortBy: ({ facts }) => facts.score ?? -1,
      figures: true,
    },
    ...SHARES.map(({ key, label }) => ({
      label,
      show: (/** @type {Pinned} */ { facts }) => figure(facts.shares[key]),
      sortBy: (/** @type {Pinned} */ { facts }) => facts.shares[key],
      figures: true,
    })),
  ];
  return sortableTable(`Pinned heads on prompt ${prompt}`, columns, pinned);
}
