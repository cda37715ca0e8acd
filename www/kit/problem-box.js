// Shows a problem beside what caused it, with buttons for the ways out.

import { button, byId, el } from './dom.js';

/** @type {Record<Offer, string>} */
const OFFERS = {
  tiny: 'Use the bundled model',
  retry: 'Retry',
  disk: 'Pick the file from disk',
  address: 'Give another address',
  svg: 'Save as SVG',
};

/** Where problems are told now, the latest last. @type {Set<HTMLElement>} */
const told = new Set();

/**
 * Shows a problem in its place, or clears the place. A script finds the latest one by
 * `data-role`: one place of the page always carries it, and is empty without a problem.
 * @param {HTMLElement} slot
 * @param {Problem | null} problem
 * @param {(offer: Offer) => void} [onOffer]
 */
export function showProblem(slot, problem, onOffer) {
  slot.replaceChildren();
  told.delete(slot);
  if (problem) told.add(slot);
  giveRole([...told].at(-1));
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

/** @param {HTMLElement} [slot] where there is none, the place at Start waits for one */
function giveRole(slot = byId('launch-problem', HTMLDivElement)) {
  document.querySelector('[data-role="problem"]')?.removeAttribute('data-role');
  slot.dataset.role = 'problem';
}
