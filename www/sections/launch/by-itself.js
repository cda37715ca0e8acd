// Whether the page computes unasked what needs no download: it does, unless the browser
// saves data or the visitor chose otherwise on this device.

import { byId } from '../../kit/dom.js';

const KEY = 'headscope-by-itself';

/** @returns {boolean} */
export function runsByItself() {
  if (/** @type {any} */ (navigator).connection?.saveData) return false;
  try {
    return localStorage.getItem(KEY) !== 'off';
  } catch {
    return true;
  }
}

/** @param {import('../../study/study.js').Study} study */
export function setUpByItself(study) {
  const box = byId('by-itself', HTMLInputElement);
  box.checked = runsByItself();
  box.addEventListener('change', () => {
    try {
      localStorage.setItem(KEY, box.checked ? 'on' : 'off');
    } catch {
      // The choice then lasts as long as the page.
    }
    study.runByItself(box.checked);
  });
}
