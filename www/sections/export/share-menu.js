// The menu of the header that shares: its entries press the buttons of the export section,
// so that there is one way of doing each.

import { byId, isOff, setOff } from '../../kit/dom.js';
import { setUpMenu } from '../../kit/menu.js';
import { LATER, NOTES } from './note.js';

/** @param {import('../../study/study.js').Study} study */
export function setUpShareMenu(study) {
  const menu = byId('share-menu', HTMLDetailsElement);
  const note = byId(NOTES.menu, HTMLParagraphElement);
  setUpMenu(menu);
  menu.addEventListener('toggle', () => {
    // What was said of an earlier press is not true of the next.
    note.textContent = study.state.pattern ? '' : LATER;
  });
  // Where a link cannot be copied the focus goes to what takes its place, and so does the eye.
  menu.addEventListener('focusout', ({ relatedTarget }) => {
    if (relatedTarget instanceof Node && !menu.contains(relatedTarget)) menu.open = false;
  });
  menu.querySelector('a')?.addEventListener('click', () => (menu.open = false));
  for (const entry of menu.querySelectorAll('button[data-stands-for]')) {
    if (!(entry instanceof HTMLButtonElement)) continue;
    const original = byId(entry.dataset.standsFor ?? '', HTMLButtonElement);
    entry.addEventListener('click', () => original.click());
    study.subscribe(() => setOff(entry, isOff(original)));
  }
}
