// Taking the study away: the link, the results file, the table, the picture.

import { announce } from './announce.js';
import { byId, isOff, saveFile, setOff } from './dom.js';
import { linkTo } from './link.js';
import { heatmapPicture } from './picture.js';
import { showProblem } from './problem-box.js';
import { asProblem } from './problem.js';

/** @param {import('./study.js').Study} study */
export function setUpExport(study) {
  const note = byId('export-note', HTMLParagraphElement);
  const problemSlot = byId('export-problem', HTMLDivElement);
  const box = byId('link-box', HTMLInputElement);

  /** @param {string} text */
  function report(text) {
    note.textContent = text;
    announce(text);
  }

  /** @param {string} ending */
  function fileName(ending) {
    const { head, seed, prompt } = study.state.settings;
    return `headscope-${head}-seed${seed}-prompt${prompt}.${ending}`;
  }

  /**
   * @param {string} id
   * @param {string} ending
   * @param {() => Promise<Blob>} make
   */
  function exportButton(id, ending, make) {
    const element = byId(id, HTMLButtonElement);
    element.addEventListener('click', async () => {
      if (isOff(element)) return;
      try {
        showProblem(problemSlot, null);
        const name = fileName(ending);
        saveFile(name, await make());
        report(`Saved ${name}.`);
      } catch (thrown) {
        showProblem(problemSlot, asProblem(thrown), () => element.click());
      }
    });
    return element;
  }

  const files = [
    exportButton('export-json', 'json', async () => {
      return new Blob([await study.exportText('export_json')], { type: 'application/json' });
    }),
    exportButton('export-csv', 'csv', async () => {
      return new Blob([await study.exportText('export_csv')], { type: 'text/csv' });
    }),
    exportButton('export-png', 'png', async () => {
      const { pattern, settings, model } = study.state;
      if (!pattern) throw new Error('there is no heatmap yet');
      return heatmapPicture(pattern, settings, model?.name ?? settings.model, linkTo(settings));
    }),
  ];

  byId('copy-link', HTMLButtonElement).addEventListener('click', async () => {
    const link = linkTo(study.state.settings);
    try {
      await navigator.clipboard.writeText(link);
      box.hidden = true;
      report('Link copied.');
    } catch {
      // Without the clipboard, the link stands selected, ready to be copied.
      box.hidden = false;
      box.value = link;
      box.select();
      report('The browser did not allow copying; the link is selected below.');
    }
  });

  /** What a report of a copy or a file belongs to. */
  let reported = study.state.settings;
  let ready = true;
  study.subscribe(({ pattern, task, settings }) => {
    for (const element of files) setOff(element, !pattern || task !== null);
    if (settings === reported && ready === (pattern !== null)) return;
    reported = settings;
    ready = pattern !== null;
    box.hidden = true;
    note.textContent = ready ? '' : 'Files can be exported once a head is shown.';
  });
}
