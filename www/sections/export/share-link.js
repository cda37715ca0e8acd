// Sharing the settings: the link, a file where the link is too long, and a
// citation of what the page shows.

import { BUILD } from '../../build.js';
import { byId } from '../../kit/dom.js';
import { saveFile } from '../../kit/save-file.js';
import { fileName } from '../../study/file-name.js';
import { plural } from '../../kit/format.js';
import { LONGEST_LINK, linkTo } from '../../study/link.js';
import { shownStudy } from '../../study/demo.js';
import { part } from '../../kit/part.js';
import { asProblem } from '../../kit/problem.js';
import { Note } from './note.js';
import { setUpShareMenu } from './share-menu.js';

/** @param {import('../../study/study.js').Study} study */
export function setUpShareLink(study) {
  const note = new Note('link');
  const box = byId('link-box', HTMLInputElement);
  const save = byId('settings-save', HTMLButtonElement);

  /** @param {string} text */
  const report = (text) => note.report(text);

  // What was said of one link is not true of the next.
  study.watch(
    ({ settings }) => settings,
    () => note.show(''),
  );

  byId('copy-link', HTMLButtonElement).addEventListener('click', async () => {
    const link = linkTo(study.state.link);
    box.hidden = true;
    if (link.length > LONGEST_LINK) {
      report(
        `Not copied: this link has ${plural(link.length, 'character')}, and chats and mail programs cut links of more than ${LONGEST_LINK}. Save the settings as a file and send that; whoever opens it here gets the same prompts and numbers.`,
      );
      save.focus();
      return;
    }
    try {
      await navigator.clipboard.writeText(link);
      report('Link copied.');
    } catch {
      // Without the clipboard, the link stands selected, ready to be copied.
      box.hidden = false;
      box.value = link;
      box.select();
      box.scrollIntoView({ block: 'nearest' });
      report('The browser did not allow copying; the link is selected below.');
    }
  });

  save.addEventListener('click', () => {
    const { settings } = study.state;
    const file = { schema: 'headscope-settings/1', build: BUILD, settings };
    const name = fileName(settings, 'settings', 'json');
    const text = `${JSON.stringify(file, null, 2)}\n`;
    report(saveFile(name, new Blob([text], { type: 'application/json' })));
  });

  setUpCitation(study, report);
  setUpShareMenu(study);
}

/**
 * @param {import('../../study/study.js').Study} study
 * @param {(text: string) => void} report
 */
function setUpCitation(study, report) {
  const fold = byId('cite-fold', HTMLDetailsElement);
  const text = byId('cite-text', HTMLPreElement);
  const show = async () => {
    if (!fold.open) return;
    try {
      const { citation } = await part('The citation', () => import('./citation.js'));
      text.textContent = citation(shownStudy(study.state), new Date());
    } catch (thrown) {
      const { what, next } = asProblem(thrown);
      text.textContent = `${what} ${next}`;
    }
  };
  fold.addEventListener('toggle', show);
  study.subscribe(show);
  byId('cite-copy', HTMLButtonElement).addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text.textContent ?? '');
      report('Citation copied.');
    } catch {
      getSelection()?.selectAllChildren(text);
      report('The browser did not allow copying; the citation is selected.');
    }
  });
}
