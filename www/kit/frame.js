// The page in a frame of another: what it cannot do there, it says.

import { announce } from './announce.js';
import { button, el } from './dom.js';

/** @type {HTMLElement | undefined} */
let bar;

/**
 * Says that a file may not have arrived. A page of another site cannot be asked
 * whether it forbids downloads, and no browser tells.
 * @param {string} name
 */
export function tellOfDownload(name) {
  const text = downloadsForbidden()
    ? `${name} was not saved: the page that shows Headscope in this frame forbids downloads.`
    : `Did ${name} not arrive? The page that shows Headscope in this frame may forbid downloads.`;
  bar?.remove();
  const close = button('Close', 'button small quiet', () => bar?.remove());
  const link = el('a', {
    class: 'button small',
    href: location.href,
    target: '_blank',
    rel: 'noopener',
    text: 'Open in a tab',
  });
  bar = el(
    'div',
    { class: 'update', role: 'status' },
    el('p', { text }),
    el('div', { class: 'button-row' }, link, close),
  );
  document.body.append(bar);
  announce(text);
}

/** Whether the page around is known to forbid downloads. */
function downloadsForbidden() {
  // Nothing is told of a page of another site.
  const rights = window.frameElement?.getAttribute('sandbox');
  return rights != null && !rights.split(/\s+/).includes('allow-downloads');
}
