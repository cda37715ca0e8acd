// The tour: five steps over the real page. A small panel stands beside what it
// speaks of and drives the page's own steps; the page stays in use meanwhile.

import { announce } from '../../kit/announce.js';
import { strongestCell } from '../../labels/cell.js';
import { byId, isOff, setOff } from '../../kit/dom.js';
import { formatLook, parseLook } from '../../study/look.js';

/** @typedef {import('../../study/study.js').Study} Study */
/** @typedef {import('../../study/study-state.js').StudyState} StudyState */

/** Pixels between the panel and what it speaks of. */
const GAP = 14;

/**
 * @typedef {object} TourStep
 * @property {string} target id of what it speaks of
 * @property {string} title
 * @property {(state: StudyState) => string} text
 * @property {(study: Study) => void} [drive] what the page does on arrival, once it is idle
 */

/** @type {TourStep[]} */
const STEPS = [
  {
    target: 'launch',
    title: 'A model in this browser',
    text: ({ pattern }) =>
      pattern
        ? 'Headscope runs GPT-2 on your own machine. A model is open already, and the tour goes on with it.'
        : 'Headscope runs GPT-2 on your own machine. The tour takes the demo model: Next opens it, which reads less than 1 MB from this site.',
  },
  {
    target: 'fed',
    title: 'What the model reads',
    text: ({ settings: { text, cats, seed } }) =>
      text === null
        ? `These words were drawn from ${cats === 1 ? 'one category' : `${cats} categories`} of a table, by seed ${seed}: the same seed draws the same words everywhere. A word’s letter and colour say its category.`
        : 'This is your own text, token by token. A letter and a colour say the category of a word that the table has.',
    drive(study) {
      if (study.state.pattern) return;
      study.change({ model: 'tiny' });
      study.start();
    },
  },
  {
    target: 'pattern-scroll',
    title: 'What one head attends to',
    text: ({ pattern }) =>
      `Each row is a token, and its cells say how much of the attention of head ${pattern?.head ?? ''} goes to each token before it. Highlighted is the strongest attention to an earlier word of the same category. Point at another cell, or use the arrow keys.`,
    drive: lockStrongest,
  },
  {
    target: 'headmap-scroll',
    title: 'Is it the only one?',
    text: () =>
      'Every head on all kept prompts, a square for each. Every score is shown next to chance, which is uniform attention. Click a square to show its head.',
    drive: (study) => void (study.state.scores ?? study.scoreHeads()),
  },
  {
    target: 'ablations-results',
    title: 'What does it depend on?',
    text: () =>
      'Ablations replace one upstream component at a time and score the head again. That was the demo model: to redo the study itself, load GPT-2 small.',
    drive: (study) => void (study.state.ablations ?? study.runAblations()),
  },
];

/** The panel of the tour. It opens at the first step, as often as it is asked to. */
export class Tour {
  #study;
  #panel = byId('tour', HTMLElement);
  #title = byId('tour-title', HTMLHeadingElement);
  #text = byId('tour-text', HTMLParagraphElement);
  #count = byId('tour-count', HTMLParagraphElement);
  #back = byId('tour-back', HTMLButtonElement);
  #next = byId('tour-next', HTMLButtonElement);
  #load = byId('tour-load', HTMLButtonElement);
  #at = 0;
  /** What the step speaks of. @type {HTMLElement | null} */
  #target = null;
  /** Whether the step has yet to do its part. */
  #toDrive = false;
  /** @type {Element | null} */
  #opener = null;

  /** @param {Study} study */
  constructor(study) {
    this.#study = study;
    this.#back.addEventListener('click', () => !isOff(this.#back) && this.#go(this.#at - 1));
    this.#next.addEventListener('click', () => !isOff(this.#next) && this.#go(this.#at + 1));
    this.#load.addEventListener('click', () => {
      this.#end();
      study.change({ model: 'gpt2' });
      study.start();
    });
    byId('tour-end', HTMLButtonElement).addEventListener('click', () => this.#end());
    this.#panel.addEventListener('keydown', (event) => {
      const key = { ArrowRight: this.#next, ArrowLeft: this.#back }[event.key];
      if (!key) return;
      event.preventDefault();
      key.click();
    });
    addEventListener('keydown', (event) => {
      // A heatmap or a dialog that took the key has used it up.
      if (event.key === 'Escape' && !event.defaultPrevented && this.#isOpen()) this.#end();
    });
    study.subscribe(() => this.#follow());
    // The page may grow above what the step speaks of, and the text in the panel.
    const moved = new ResizeObserver(() => this.#place());
    moved.observe(document.body);
    moved.observe(this.#panel);
  }

  open() {
    if (this.#isOpen()) return;
    this.#opener = document.activeElement;
    this.#panel.showPopover();
    this.#go(0);
    this.#next.focus({ preventScroll: true });
  }

  #isOpen() {
    return this.#panel.matches(':popover-open');
  }

  /** @param {number} index */
  #go(index) {
    const step = STEPS[index];
    if (!step) return this.#end();
    this.#at = index;
    this.#toDrive = true;
    this.#count.textContent = `Tour, ${index + 1} of ${STEPS.length}`;
    this.#title.textContent = step.title;
    this.#next.textContent = index + 1 < STEPS.length ? 'Next' : 'Finish';
    this.#load.hidden = index + 1 < STEPS.length;
    setOff(this.#back, index === 0);
    this.#follow();
    this.#point(step);
    announce(`${step.title}. ${this.#text.textContent}`);
  }

  /**
   * Marks what the step speaks of, and brings it into sight with the panel.
   * @param {TourStep | null} step
   */
  #point(step) {
    this.#target?.classList.remove('tour-target');
    this.#target = step && byId(step.target, HTMLElement);
    if (!this.#target) return;
    this.#target.classList.add('tour-target');
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    scrollTo({ top: this.#place(), behavior: calm ? 'instant' : 'smooth' });
  }

  /**
   * Puts the panel to the right of what it speaks of, below it, or to its left, whichever has
   * room; where nothing has, over its lower part. So the heading above stays in sight. It
   * scrolls with the page.
   * @returns {number} where the page has to be scrolled to
   */
  #place() {
    if (!this.#target) return 0;
    const panel = this.#panel.getBoundingClientRect();
    const target = this.#target.getBoundingClientRect();
    const section = (this.#target.closest('section') ?? this.#target).getBoundingClientRect();
    const { clientWidth } = document.documentElement;
    const above = heightOf('.masthead') + GAP;
    const room = innerHeight - above - heightOf('.phone-bar') - GAP;
    const upper = target.top + scrollY;

    // From the heading on, unless the target is far below it.
    const heading = section.top + scrollY;
    const from = upper - heading <= room / 2 ? heading : upper;

    const below = target.bottom + scrollY + GAP;
    let [left, top] = [target.left, below];
    if (target.right + panel.width + 2 * GAP <= clientWidth) {
      [left, top] = [target.right + GAP, upper];
    } else if (target.height + GAP + panel.height > room) {
      if (target.left >= panel.width + 2 * GAP)
        [left, top] = [target.left - panel.width - GAP, upper];
      else if (target.height > room) [left, top] = [clientWidth, from + room - panel.height];
    }
    this.#panel.style.top = `${top}px`;
    this.#panel.style.left = `${Math.max(GAP, Math.min(left, clientWidth - panel.width - GAP))}px`;

    // All of the panel is to be in sight.
    return Math.max(from, top + panel.height - room) - above;
  }

  /** Does the step's part as soon as the page is idle, and goes on when that is done. */
  #follow() {
    const step = STEPS[this.#at];
    if (!step || !this.#isOpen()) return;
    const { state } = this.#study;
    this.#text.textContent = step.text(state);
    if (this.#toDrive && !state.task && (state.pattern || this.#at < 2)) {
      this.#toDrive = false;
      step.drive?.(this.#study);
    }
    const stuck = this.#at > 0 && !state.pattern;
    setOff(this.#next, this.#study.state.task !== null || stuck);
  }

  #end() {
    const target = this.#target;
    this.#point(null);
    this.#panel.hidePopover();
    // Whoever has been led down the page stays there, and so does the focus.
    const back = this.#at === 0 && this.#opener instanceof HTMLElement ? this.#opener : target;
    if (back && back.tabIndex < 0) back.tabIndex = -1;
    back?.focus({ preventScroll: true });
  }
}

/**
 * How much of the window something takes that stays in sight.
 * @param {string} selector
 */
function heightOf(selector) {
  return document.querySelector(selector)?.getBoundingClientRect().height ?? 0;
}

/**
 * Locks the strongest cell of the same category, as a click on it would.
 * @param {Study} study
 */
function lockStrongest(study) {
  const { pattern, settings } = study.state;
  const view = parseLook(settings.view);
  if (!pattern || view.locked) return;
  const locked = strongestCell(pattern);
  if (!locked) return;
  study.change({ view: formatLook({ ...view, locked }) });
}
