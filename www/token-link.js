// The tokens as fed and the heatmap point at each other: a token lights its row,
// and the crosshair lights its tokens.

import { byId } from './dom.js';

/**
 * @param {import('./study.js').Study} study
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

  function light() {
    const { q, k } = crosshair.cell ?? { q: -1, k: -1 };
    [...list.children].forEach((card, index) => {
      card.classList.toggle('lit', index === q || index === k);
    });
  }
  crosshair.subscribe(light);
  // Cards are made anew with every prompt.
  study.subscribe(light);
}
