// A running step: what it does, how far it is, how fast, and a way out.

import { announce } from './announce.js';
import { el } from './dom.js';
import { bytes, megabytes } from './format.js';

/** The rate is that of the last few seconds: the whole run would hide a stall. */
const RATE_WINDOW_MS = 4000;

/**
 * Makes a button the one Cancel of the page that a script presses: there is always
 * one, and it is that of what runs or ran last.
 * @param {HTMLButtonElement} button
 */
export function actAsCancel(button) {
  document.querySelector('[data-action="cancel"]')?.removeAttribute('data-action');
  button.dataset.action = 'cancel';
}

export class ProgressBar {
  #fill = el('div', { class: 'progress-fill' });
  #stage = el('p', { class: 'progress-stage' });
  #amount = el('p', { class: 'progress-amount small' });
  #detail = el('p', { class: 'progress-detail small muted' });
  #bar = el('div', { class: 'progress-track', role: 'progressbar' }, this.#fill);
  /** @type {{ time: number, done: number }[]} */
  #samples = [];
  #announced = { stage: '', tenth: -1 };
  #paused = false;
  element;

  #cancel;

  /**
   * @param {string} label
   * @param {HTMLButtonElement} cancel ends what the bar tells of
   */
  constructor(label, cancel) {
    this.#cancel = cancel;
    this.#bar.setAttribute('aria-label', label);
    this.element = el(
      'div',
      { class: 'progress' },
      this.#stage,
      el('div', { class: 'progress-body' }, this.#bar, cancel, this.#amount, this.#detail),
    );
  }

  /**
   * Empties the bar before a run, whose Cancel becomes the page's.
   * @param {string} stage
   */
  reset(stage = 'Starting') {
    actAsCancel(this.#cancel);
    this.#samples = [];
    this.#announced = { stage: '', tenth: -1 };
    this.#paused = false;
    this.#stage.textContent = stage;
    this.#amount.textContent = '';
    this.#detail.textContent = '';
    this.#bar.removeAttribute('aria-valuenow');
    this.#fill.style.transform = 'scaleX(0)';
  }

  /** @param {Progress} progress */
  show(progress) {
    const { stage, done, total, unit, pause } = progress;
    if (stage !== this.#announced.stage) this.#samples = [];
    const share = total > 0 ? Math.min(done / total, 1) : 0;
    const percent = Math.floor(share * 100);
    this.#stage.textContent = pause ? `${pause.host} asks for a pause` : stage;
    this.#amount.textContent =
      unit === 'bytes'
        ? total > 0
          ? `${megabytes(done)} of ${megabytes(total)} MB, ${percent} %`
          : ''
        : `${done} of ${total} ${unit}, ${percent} %`;
    this.#detail.textContent = pause
      ? `Goes on by itself in ${pause.seconds} s; what arrived is kept.`
      : [this.#pace(progress), origins(progress)].filter(Boolean).join(' · ');
    this.#bar.setAttribute('aria-valuenow', String(percent));
    this.#fill.style.transform = `scaleX(${share})`;
    if (!pause) this.#announce(stage, percent);
    // Once, and not with every second that it counts down.
    else if (!this.#paused) announce(`${pause.host} asks for a pause of ${pause.seconds} seconds`);
    this.#paused = Boolean(pause);
  }

  /** @param {Progress} progress */
  #pace({ done, total, unit }) {
    const now = performance.now();
    this.#samples.push({ time: now, done });
    this.#samples = this.#samples.filter(({ time }) => now - time <= RATE_WINDOW_MS);
    const first = this.#samples[0];
    if (!first || now - first.time < 500) return '';
    const rate = ((done - first.done) * 1000) / (now - first.time);
    if (rate <= 0) return '';
    const speed = unit === 'bytes' ? `${bytes(rate)}/s` : `${rate.toFixed(1)} ${unit}/s`;
    const seconds = Math.ceil((total - done) / rate);
    return seconds > 1 ? `${speed}, about ${seconds} s left` : speed;
  }

  /**
   * Says a new stage, and each tenth of the way: more would drown the reader.
   * @param {string} stage
   * @param {number} percent
   */
  #announce(stage, percent) {
    const tenth = Math.floor(percent / 10);
    const { stage: lastStage, tenth: lastTenth } = this.#announced;
    if (stage === lastStage && tenth === lastTenth) return;
    announce(stage === lastStage ? `${percent} percent` : stage);
    this.#announced = { stage, tenth };
  }
}

/**
 * Where the bytes came from; a read of the cache is not a download.
 * @param {Progress} progress
 */
function origins({ unit, network, cache }) {
  if (unit !== 'bytes') return '';
  return [
    network > 0 && `${megabytes(network)} MB from the network`,
    cache > 0 && `${megabytes(cache)} MB from cache`,
  ]
    .filter(Boolean)
    .join(', ');
}
