// Files for the visitor to keep.

import { el } from './dom.js';

/**
 * Offers a file for saving. In a frame it may be lost without a word, so that is said
 * there.
 * @param {string} name
 * @param {Blob} blob
 * @returns {string} what happened, as a sentence
 */
export function saveFile(name, blob) {
  const address = URL.createObjectURL(blob);
  const anchor = el('a', { href: address, download: name });
  anchor.click();
  // The browser reads the address after the click returns.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
  if (self === top) return `Saved ${name}.`;
  import('./frame.js').then(({ tellOfDownload }) => tellOfDownload(name), reportError);
  return `${name} was handed to the browser.`;
}
