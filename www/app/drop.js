// Files and folders that are dropped on the page. What they are decides where they go,
// not where they fell: file-kind.js, which comes when something is dropped, sorts them.

import { byId } from '../kit/dom.js';
import { part } from '../kit/part.js';
import { showProblem } from '../kit/problem-box.js';
import { asProblem } from '../kit/problem.js';

export function setUpDrop() {
  const slot = byId('open-problem', HTMLDivElement);
  // A dropped file would otherwise take the place of the page.
  addEventListener('dragover', (event) => {
    if (holdsFiles(event)) event.preventDefault();
  });
  addEventListener('drop', async (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    // What was dropped can be asked for in this task alone.
    const items = [...(event.dataTransfer?.items ?? [])].filter(({ kind }) => kind === 'file');
    const entries = items.map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
    try {
      showProblem(slot, null);
      const load = () => import('./file-kind.js');
      const { takeDropped } = await part('What sorts dropped files', load);
      await takeDropped(entries);
    } catch (thrown) {
      showProblem(slot, asProblem(thrown));
      slot.scrollIntoView({ block: 'nearest' });
    }
  });
}

/**
 * A text that is dragged from one field to another is none of this.
 * @param {DragEvent} event
 */
function holdsFiles({ dataTransfer }) {
  return dataTransfer?.types.includes('Files') ?? false;
}
