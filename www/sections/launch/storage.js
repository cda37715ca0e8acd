// What is kept on this device, and the way to be rid of it.

import { announce } from '../../kit/announce.js';
import { byId } from '../../kit/dom.js';
import { bytes } from '../../kit/format.js';

/** @param {import('../../study/study.js').Study} study */
export function setUpStorage(study) {
  const text = byId('storage-text', HTMLSpanElement);
  const clear = byId('storage-clear', HTMLButtonElement);

  async function show() {
    const stored = await study.storage().catch(() => null);
    // Of a thread that is gone nothing is learned; the next step asks again.
    if (!stored) return;
    const { bytes: kept, note } = stored;
    text.textContent = note ?? `Cache: ${kept === 0 ? 'empty' : bytes(kept)}`;
    // Its place is kept, so that nothing moves when there is something to clear.
    clear.classList.toggle('vacant', kept === 0);
  }

  clear.addEventListener('click', async () => {
    await study.clearStorage();
    await show();
    byId('step-head', HTMLDivElement).querySelector('button')?.focus();
    announce('The cache is cleared.');
  });

  // What is kept is counted at first, and again once something was downloaded.
  let stale = true;
  study.subscribe(({ task, promptSet }) => {
    if ((task?.progress?.network ?? 0) > 0) stale = true;
    if (task || !promptSet || !stale) return;
    stale = false;
    show();
  });
}
