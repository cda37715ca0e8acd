// One polite live region for the whole page: what a sighted visitor sees
// change, said once.

import { byId } from './dom.js';

/** @param {string} text */
export function announce(text) {
  byId('announcer', HTMLDivElement).textContent = text;
}
