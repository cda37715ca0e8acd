// How many threads share the work at a model: as many as the machine has cores,
// up to a few, unless the visitor chose otherwise on this device.

import { announce } from '../../kit/announce.js';
import { byId, el } from '../../kit/dom.js';

const KEY = 'headscope-threads';

/** More threads than this wait for one another more than they work. */
const MOST_BY_DEFAULT = 4;
const MOST = 16;

const cores = () => Math.min(navigator.hardwareConcurrency || 1, MOST);

/** @returns {number} */
export function chosenThreads() {
  try {
    const chosen = Number(localStorage.getItem(KEY));
    if (Number.isInteger(chosen) && chosen >= 1) return Math.min(chosen, MOST);
  } catch {
    // Without storage the machine decides.
  }
  return Math.min(cores(), MOST_BY_DEFAULT);
}

/** @param {import('../../study/study.js').Study} study */
export function setUpThreads(study) {
  const choice = byId('threads', HTMLSelectElement);
  const most = Math.max(cores(), chosenThreads());
  for (let threads = 1; threads <= most; threads += 1) {
    choice.append(el('option', { text: String(threads), value: String(threads) }));
  }
  choice.value = String(chosenThreads());
  choice.addEventListener('change', async () => {
    const threads = Number(choice.value);
    try {
      localStorage.setItem(KEY, String(threads));
    } catch {
      // The choice then lasts as long as the page.
    }
    await study.useThreads(threads);
    announce(`The model runs on ${threads === 1 ? 'one thread' : `${threads} threads`}.`);
  });
  study.subscribe(({ task }) => {
    choice.disabled = task !== null;
  });
}
