// The tokens of a text, coloured by their loss. One is chosen, and beside them stands what
// the model expected after it.

import { announce } from '../../kit/announce.js';
import { byId, el, fillList, hiddenText } from '../../kit/dom.js';
import { percent } from '../../kit/format.js';
import { tokenText } from '../../labels/tokens.js';
import { nextTokens } from './next-tokens.js';

/** Shares of the accent colour, of the least loss and the largest; further.css has them too. */
const HEAT = { pale: 5, full: 45 };

/** @type {Record<string, (at: number, last: number) => number>} */
const MOVES = {
  ArrowLeft: (at) => at - 1,
  ArrowRight: (at) => at + 1,
  Home: () => 0,
  End: (_, last) => last,
};

export class LossStrip {
  #strip = byId('text-strip', HTMLOListElement);
  #legend = byId('text-legend', HTMLParagraphElement);
  #help = byId('text-strip-help', HTMLParagraphElement);
  #next = byId('text-next', HTMLDivElement);
  /** @type {TextReading | undefined} */
  #reading;
  /** The token that is chosen. */
  #at = 0;

  constructor() {
    this.#strip.addEventListener('click', ({ target }) => {
      const button = target instanceof Element && target.closest('button');
      if (button) this.#choose(this.#placeOf(button));
    });
    this.#strip.addEventListener('keydown', (event) => {
      const to = MOVES[event.key]?.(this.#at, this.#strip.childElementCount - 1);
      if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      if (!this.#buttonAt(to)) return;
      this.#choose(to);
      this.#buttonAt(to)?.focus();
    });
  }

  /** @param {TextReading | undefined} reading */
  show(reading) {
    this.#reading = reading;
    const { tokens, before } = reading ?? { tokens: [], before: { losses: [], next_at: null } };
    const [least, most] = [Math.min(...before.losses), Math.max(...before.losses)];
    // Files of earlier versions say what comes next at the end alone.
    const isChoice = before.next_at !== null;
    this.#at = Math.max(0, tokens.length - 1);
    this.#help.hidden = !isChoice;
    this.#legend.hidden = before.losses.length === 0;
    if (!this.#legend.hidden) this.#tellColours(least, most);
    fillList(this.#strip, tokens, (token, index) => {
      const loss = before.losses[index - 1];
      const chosen = String(index === this.#at);
      const item = isChoice
        ? el('button', { type: 'button', class: 'loss-token', 'aria-pressed': chosen })
        : el('span', { class: 'loss-token' });
      // Of a thousand tokens one is on the way of Tab; the arrow keys lead to the others.
      if (isChoice && index !== this.#at) item.tabIndex = -1;
      item.append(el('span', { class: 'token-text' }, ...tokenText(token)));
      if (loss !== undefined) {
        const place = most > least ? (loss - least) / (most - least) : 1;
        const heat = HEAT.pale + place * (HEAT.full - HEAT.pale);
        item.style.setProperty('--heat', `${heat}%`);
        item.append(el('span', { class: 'token-id', text: loss.toFixed(1) }), hiddenText(' nats'));
      }
      return el('li', {}, item);
    });
    this.#next.replaceChildren(...(reading ? nextTokens(reading, this.#at) : []));
  }

  /**
   * @param {number} least
   * @param {number} most
   */
  #tellColours(least, most) {
    this.#legend.replaceChildren(
      'Loss: ',
      el('span', { text: least.toFixed(1) }),
      hiddenText(' to '),
      el('span', { class: 'loss-bar', 'aria-hidden': 'true' }),
      el('span', { text: `${most.toFixed(1)} nats` }),
    );
  }

  /** @param {number} at */
  #choose(at) {
    if (!this.#reading) return;
    const before = this.#buttonAt(this.#at);
    before?.setAttribute('aria-pressed', 'false');
    if (before) before.tabIndex = -1;
    this.#at = at;
    const now = this.#buttonAt(at);
    now?.setAttribute('aria-pressed', 'true');
    if (now) now.tabIndex = 0;
    this.#next.replaceChildren(...nextTokens(this.#reading, at));
    const likeliest = this.#reading.before.next_at?.[at] ?? [];
    announce(
      `Next: ${likeliest.map(({ text, probability }) => `${text} ${percent(probability)}`).join(', ')}`,
    );
  }

  /** @param {number} at */
  #buttonAt(at) {
    return this.#strip.children[at]?.querySelector('button');
  }

  /** @param {Element} button */
  #placeOf(button) {
    return [...this.#strip.children].findIndex((item) => item.contains(button));
  }
}
