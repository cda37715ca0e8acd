// A running step: what it does, how far it is, how fast, and a way out.

import { announce } from './announce.js';
import { button, el } from './dom.js';
import { bytes, megabytes } from './format.js';

/** The rate is that of the last few seconds: the whole run would hide a stall. */
const RATE_WINDOW_MS = 4000;

export class ProgressBar {
  #fill = el('div', { class: 'progress-fill' });
  #stage = el('p', { class: 'progress-stage' });
  #amount = el('p', { class: 'progress-amount small' });
  #detail = el('p', { class: 'progress-detail small muted' });
  #bar = el('div', { class: 'progress-track', role: 'progressbar' }, this.#fill);
  /** @type {{ time: number, done: number }[]} */
  #samples = [];
  #announced = { stage: '', tenth: -1 };
  element;

  /**
   * @param {string} label
   * @param {() => void} onCancel
   */
  constructor(label, onCancel) {
    this.#bar.setAttribute('aria-label', label);
    this.element = el(
      'div',
      { class: 'progress' },
      this.#stage,
      el(
        'div',
        { class: 'progress-body' },
        this.#bar,
        button('Cancel', 'button progress-cancel', onCancel),
        this.#amount,
        this.#detail,
      ),
    );
  }

  /** Empties the bar before a run. */
  reset() {
    this.#samples = [];
    this.#announced = { stage: '', tenth: -1 };
    this.#stage.textContent = 'Starting';
    this.#amount.textContent = '';
    this.#detail.textContent = '';
    this.#bar.removeAttribute('aria-valuenow');
    this.#fill.style.transform = 'scaleX(0)';
  }

  /** @param {Progress} progress */
  show(progress) {
    const { stage, done, total, unit } = progress;
    if (stage !== this.#announced.stage) this.#samples = [];
    const share = total > 0 ? Math.min(done / total, 1) : 0;
    const percent = Math.floor(share * 100);
    this.#stage.textContent = stage;
    this.#amount.textContent =
      unit === 'bytes'
        ? total > 0
          ? `${megabytes(done)} of ${megabytes(total)} MB, ${percent} %`
          : ''
        : `${done} of ${total} ${unit}, ${percent} %`;
    this.#detail.textContent = [this.#pace(progress), origins(progress)]
      .filter(Boolean)
      .join(' · ');
    this.#bar.setAttribute('aria-valuenow', String(percent));
    this.#fill.style.transform = `scaleX(${share})`;
    this.#announce(stage, percent);
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
  return `${megabytes(network)} MB network, ${megabytes(cache)} MB cache`;
}
