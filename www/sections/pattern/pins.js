// Pinned heads: their heatmaps of the shown prompt side by side, under one
// crosshair. Which they are is part of the link.

import { byId, button, el, setOff } from '../../kit/dom.js';
import { percent, score as figure } from '../../kit/format.js';
import { lackComplaint } from '../../labels/heads.js';
import { isWithin, patternView } from '../../labels/pattern-view.js';
import { setUpPromptView } from '../../steps/prompt-view.js';
import { tell } from '../../labels/cell.js';
import { metricName, most } from '../../study/catalogue.js';
import { part } from '../../kit/part.js';
import { showProblem } from '../../kit/problem-box.js';
import { asProblem } from '../../kit/problem.js';
import { parseLook, withoutLock } from '../../study/look.js';
import { areOf, pinnedHeads, pinnedResults, togglePin } from '../../study/pins.js';
import { shownSettings } from '../../study/study-state.js';

/** @typedef {import('../../study/pins.js').Pinned} Pinned */

/**
 * @param {import('../../study/study.js').Study} study
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

  pin.addEventListener('click', () => togglePin(study, shownSettings(study.state).head));
  byId('pin-form', HTMLDivElement).addEventListener('keydown', (event) => {
    if (event.key === 'Enter') pinNamed();
  });
  byId('pin-add', HTMLButtonElement).addEventListener('click', pinNamed);

  study.onReset(() => {
    field.value = '';
    complain('');
  });

  /** @param {string} message */
  function complain(message) {
    error.textContent = message;
    field.setAttribute('aria-invalid', String(message !== ''));
  }

  function pinNamed() {
    const head = field.value.trim().toUpperCase();
    const wrong = complaint(head);
    complain(wrong);
    if (wrong !== '') return;
    field.value = '';
    togglePin(study, head);
  }

  /** @param {string} head */
  function complaint(head) {
    const pins = pinnedHeads(study.state.settings);
    if (!/^L\d+H\d+$/.test(head)) return 'Use the form L1H5.';
    const lack = lackComplaint(head, study.state);
    if (lack) return lack;
    if (pins.includes(head)) return `${head} is compared already.`;
    return pins.length < most('pins') ? '' : `No more than ${most('pins')} heads can be compared.`;
  }

  setUpPromptView(study, 'pins', {
    wanted: ({ settings }) => pinnedHeads(settings).length > 0,
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
    const shown = shownSettings(state).head;
    const shownIsPinned = heads.includes(shown);
    pin.textContent = `${shownIsPinned ? 'Remove' : 'Compare'} ${shown}`;
    setOff(pin, !shownIsPinned && heads.length >= most('pins'));
    root.hidden = heads.length === 0;
    const look = `${withoutLock(settings.view)} ${settings.metric} ${settings.target} ${heads.join()}`;
    if (further.pins === drawn && look === drawnLook) return;
    // Until the new ones are there, those of before stay, so that nothing flickers.
    if (!further.pins && pattern && heads.length > 0 && look === drawnLook) return;
    // Nor are they of the prompt on show before its pattern is.
    if (further.pins && pattern && !areOf(further.pins, pattern)) return;
    drawn = further.pins;
    drawnLook = look;
    if (further.pins || !pattern) pinned = pinnedResults(state);
    show(heads);
  });

  /** @param {string[]} heads */
  function show(heads) {
    const { settings, promptSet } = study.state;
    const view = parseLook(settings.view);
    while (cards.length < heads.length) cards.push(new Card(study, crosshair));
    const used = cards.slice(0, heads.length);
    cards.slice(heads.length).forEach((card) => card.show('', null, null, view, settings));
    used.forEach((card, index) => {
      const head = heads[index] ?? '';
      const found = pinned.find(({ facts }) => facts.head === head);
      card.show(head, found ?? null, promptSet, view, settings);
      card.read(crosshair.cell);
    });
    row.replaceChildren(...used.map(({ element }) => element));
    showTable();
  }

  async function showTable() {
    const of = pinned;
    if (!fold.open || of.length === 0) return place.replaceChildren();
    try {
      const load = () => import('./pins-table.js');
      const { pinsTable } = await part('What makes the table', load);
      if (of === pinned && fold.open) place.replaceChildren(pinsTable(of, study.state.settings));
    } catch (thrown) {
      showProblem(place, asProblem(thrown), showTable);
    }
  }
}

/** One pinned head: its name, its heatmap, and what the crosshair is on. */
class Card {
  #study;
  #cells;
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
   * @param {import('../../study/study.js').Study} study
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
    this.#cells = crosshair.canvas(this.#canvas, scroller);
  }

  /**
   * @param {string} head
   * @param {Pinned | null} pinned
   * @param {PromptSet | null} promptSet
   * @param {import('../../study/look.js').Look} view
   * @param {Settings} settings
   */
  show(head, pinned, promptSet, view, { metric, target }) {
    this.#head = head;
    this.#result = pinned?.result ?? null;
    this.#open.textContent = head;
    this.#open.setAttribute('aria-label', `Show ${head} above`);
    this.#remove.setAttribute('aria-label', `Remove ${head}`);
    this.#waiting.textContent = `${head} is drawn once its layer is loaded.`;
    this.#waiting.hidden = pinned !== null;
    this.#facts.textContent = pinned
      ? `${metricName(metric)} ${figure(pinned.facts.score)} · <bos> ${percent(pinned.facts.shares.bos)}`
      : '\u00a0';
    this.#canvas.setAttribute('aria-label', `Attention of compared head ${head}`);
    this.#cells.show(pinned && patternView(pinned.result, promptSet, view, target));
  }

  /** @param {import('../../study/look.js').MarkedCell | null} cell */
  read(cell) {
    const { promptSet } = this.#study.state;
    const told = cell && isWithin(cell, this.#result) ? tell(this.#result, cell, promptSet) : null;
    this.#value.textContent = told?.brief ?? '\u00a0';
  }
}
