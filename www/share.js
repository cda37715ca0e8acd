// Sharing the settings: the link, a file where the link is too long, and a
// citation of what the page shows.

import { announce } from './announce.js';
import { BUILD } from './build.js';
import { byId, saveFile } from './dom.js';
import { fileName } from './file-name.js';
import { plural } from './format.js';
import { LONGEST_LINK, linkTo } from './link.js';

/** @param {import('./study.js').Study} study */
export function setUpShare(study) {
  const note = byId('share-note', HTMLParagraphElement);
  const box = byId('link-box', HTMLInputElement);
  const save = byId('settings-save', HTMLButtonElement);

  /** @param {string} text */
  function report(text) {
    note.textContent = text;
    announce(text);
  }

  // What was said of one link is not true of the next.
  let { settings: spokenOf } = study.state;
  study.subscribe(({ settings }) => {
    if (settings === spokenOf) return;
    spokenOf = settings;
    note.textContent = '';
  });

  byId('copy-link', HTMLButtonElement).addEventListener('click', async () => {
    const link = linkTo(study.state.settings);
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
      report('The browser did not allow copying; the link is selected below.');
    }
  });

  save.addEventListener('click', () => {
    const { settings } = study.state;
    const file = { schema: 'headscope-settings/1', build: BUILD, settings };
    const name = fileName(settings, 'settings', 'json');
    saveFile(name, new Blob([`${JSON.stringify(file, null, 2)}\n`], { type: 'application/json' }));
    report(`Saved ${name}.`);
  });

  setUpCitation(study, report);
}

/**
 * @param {import('./study.js').Study} study
 * @param {(text: string) => void} report
 */
function setUpCitation(study, report) {
  const fold = byId('cite-fold', HTMLDetailsElement);
  const text = byId('cite-text', HTMLPreElement);
  const show = async () => {
    if (!fold.open) return;
    const { citation } = await import('./citation.js');
    text.textContent = citation(study.state, new Date());
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
