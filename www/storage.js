// What is kept on this device, and the way to be rid of it.

import { announce } from './announce.js';
import { byId } from './dom.js';
import { bytes } from './format.js';

/** @param {import('./study.js').Study} study */
export function setUpStorage(study) {
  const text = byId('storage-text', HTMLSpanElement);
  const clear = byId('storage-clear', HTMLButtonElement);

  async function show() {
    const { bytes: kept, used, granted, note } = await study.storage();
    const room = used !== null && granted ? ` of ${bytes(granted)} granted` : '';
    text.textContent =
      note ??
      (kept === 0
        ? 'Nothing is kept on this device.'
        : `Kept here: ${bytes(used ?? kept)}${room}.`);
    // Its place is kept, so that nothing moves when there is something to clear.
    clear.classList.toggle('vacant', kept === 0);
    clear.textContent = `Clear downloaded weights (${bytes(kept)})`;
  }

  clear.addEventListener('click', async () => {
    await study.clearStorage();
    await show();
    byId('step-head', HTMLDivElement).querySelector('button')?.focus();
    announce('The downloaded weights are cleared.');
  });

  let busy = true;
  study.subscribe(({ task, promptSet }) => {
    const wasBusy = busy;
    busy = task !== null || promptSet === null;
    if (wasBusy && !busy) show();
  });
}
