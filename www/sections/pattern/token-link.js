// The tokens as fed and the heatmap point at each other: a token lights its row,
// and the crosshair lights its tokens.

import { byId } from '../../kit/dom.js';

/**
 * @param {import('../../study/study.js').Study} study
 * @param {import('./crosshair.js').Crosshair} crosshair
 */
export function setUpTokenLink(study, crosshair) {
  const list = byId('fed', HTMLOListElement);

  /** @param {Event} event */
  function rowOf({ target }) {
    const card = target instanceof Element ? target.closest('#fed > li') : null;
    return card && study.state.pattern ? { q: [...list.children].indexOf(card), k: -1 } : null;
  }
  list.addEventListener('pointerover', (event) => {
    if (event.pointerType !== 'touch') crosshair.point(rowOf(event), false);
  });
  list.addEventListener('pointerleave', () => crosshair.point(null, false));
  list.addEventListener('click', (event) => {
    const row = rowOf(event);
    if (row) crosshair.point(row, true);
  });

  /** @type {Element[]} */
  let lit = [];
  function light() {
    const { q, k } = crosshair.cell ?? { q: -1, k: -1 };
    const cards = [q, k].map((index) => list.children[index]).filter((card) => card !== undefined);
    for (const card of lit) if (!cards.includes(card)) card.classList.remove('lit');
    for (const card of cards) card.classList.add('lit');
    lit = cards;
  }
  crosshair.subscribe(light);
  // Cards are made anew with every prompt.
  study.subscribe(light);
}
