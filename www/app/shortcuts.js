// Single-key shortcuts and the dialog that lists them. They can be turned off:
// whoever speaks to the computer would set them off by talking.

import { byId, isTyping } from '../kit/dom.js';
import { togglePin } from '../study/pins.js';
import { shownSettings } from '../study/study-state.js';
import { stepPrompt } from '../sections/prompts/prompts.js';
import { toggleTheme } from '../kit/theme.js';

const KEY = 'headscope-shortcuts';

/** @param {import('../study/study.js').Study} study */
export function setUpShortcuts(study) {
  const dialog = byId('shortcuts', HTMLDialogElement);
  const on = byId('shortcuts-on', HTMLInputElement);
  on.checked = read() !== 'off';
  on.addEventListener('change', () => write(on.checked ? 'on' : 'off'));
  byId('help', HTMLButtonElement).addEventListener('click', () => dialog.showModal());
  byId('shortcuts-close', HTMLButtonElement).addEventListener('click', () => dialog.close());

  /** @type {Record<string, () => void>} */
  const actions = {
    '?': () => dialog.showModal(),
    '[': () => stepPrompt(study, -1),
    ']': () => stepPrompt(study, 1),
    p: () => togglePin(study, shownSettings(study.state).head),
    t: toggleTheme,
  };
  addEventListener('keydown', (event) => {
    const action = actions[event.key];
    if (!action || !on.checked || dialog.open || isTyping(event)) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  });
}

function read() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** @param {string} value */
function write(value) {
  try {
    localStorage.setItem(KEY, value);
  } catch {
    // The choice then lasts as long as the page.
  }
}
