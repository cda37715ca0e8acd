// Shows a problem beside what caused it, with buttons for the ways out.

import { button, el } from './dom.js';

const OFFERS = { tiny: 'Use the bundled model', retry: 'Retry' };

/**
 * Shows a problem in its place, or clears the place.
 * @param {HTMLElement} slot
 * @param {Problem | null} problem
 * @param {(offer: 'tiny' | 'retry') => void} [onOffer]
 */
export function showProblem(slot, problem, onOffer) {
  slot.replaceChildren();
  if (!problem) return;
  const box = el(
    'div',
    { class: 'problem', role: 'alert' },
    el('p', { class: 'problem-what', text: problem.what }),
    el('p', { text: [problem.kept, problem.next].filter(Boolean).join(' ') }),
  );
  if (onOffer) {
    const offers = problem.offers.map((offer) =>
      button(OFFERS[offer], 'button', () => onOffer(offer)),
    );
    box.append(el('div', { class: 'button-row' }, ...offers));
  }
  slot.append(box);
}
