// The page's side of the service worker: has the site's files kept, and offers a
// new version when one is ready. Without service workers everything else works.

import { BUILD_HASH } from '../build.js';
import { announce } from '../kit/announce.js';
import { byId, button, el } from '../kit/dom.js';
import { siteUrl } from '../kit/site.js';

/** @param {import('../study/study.js').Study} study */
export async function setUpOffline(study) {
  // A page that is not served securely has none, and some private windows refuse.
  if (!BUILD_HASH || !('serviceWorker' in navigator) || bytesAreDear()) return;
  try {
    const registration = await navigator.serviceWorker.register(siteUrl('service-worker.js'), {
      updateViaCache: 'none',
    });
    offerUpdates(registration);
    const { active } = await navigator.serviceWorker.ready;
    if (!active) return;
    if (!navigator.serviceWorker.controller) await ask(active, 'serve', BUILD_HASH);
    keepBundledModel(study, active);
  } catch {
    // The page then needs the network, as any other.
  }
}

/**
 * Whether the visitor asked to save bytes, or the line is slow: the page then asks for
 * nothing that is not needed now. Not every browser tells.
 */
function bytesAreDear() {
  const { saveData, effectiveType } = /** @type {any} */ (navigator).connection ?? {};
  return saveData === true || ['slow-2g', '2g'].includes(effectiveType);
}

/**
 * @param {ServiceWorker} worker
 * @param {string} what
 * @param {string} [version]
 * @returns {Promise<{ result?: unknown, failed?: boolean }>}
 */
function ask(worker, what, version) {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
    worker.postMessage({ ask: what, version }, [port2]);
  });
}

/**
 * Whoever has started the bundled model can study it without a network from then
 * on: the parts that no study needed yet follow behind it.
 * @param {import('../study/study.js').Study} study
 * @param {ServiceWorker} worker
 */
function keepBundledModel(study, worker) {
  let asked = false;
  study.subscribe(({ model, task }) => {
    if (asked || task || model?.id !== 'tiny') return;
    asked = true;
    ask(worker, 'keepModel');
  });
}

/** @param {ServiceWorkerRegistration} registration */
function offerUpdates(registration) {
  const offer = () => {
    // The first version has nothing to take over from.
    if (registration.waiting && navigator.serviceWorker.controller) showOffer(registration.waiting);
  };
  offer();
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', offer);
  });
}

/** @param {ServiceWorker} waiting */
function showOffer(waiting) {
  const bar = byId('update', HTMLDivElement);
  const text = el('p', { text: 'A new version of this page is ready.' });
  const reload = button('Reload', 'button small primary', async () => {
    // Everything comes from the new version from the moment it takes over.
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload());
    const { result } = await ask(waiting, 'takeOver');
    if (Number(result) <= 0) return;
    text.textContent =
      'Close this page’s other tabs first, so that none is left with half of each version.';
    announce(text.textContent);
  });
  const later = button('Later', 'button small quiet', () => {
    bar.hidden = true;
  });
  bar.replaceChildren(text, el('div', { class: 'button-row' }, reload, later));
  bar.hidden = false;
}
