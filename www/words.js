// The editor of the word table: CSV in a textarea, files in and out.

import { check_settings, format_words, parse_words } from './pkg/headscope.js';
import { byId, debounce, saveFile } from './dom.js';
import { asProblem } from './problem.js';

/**
 * @param {import('./study.js').Study} study
 * @param {string} original the table the site comes with
 */
export function setUpWords(study, original) {
  const editor = byId('words', HTMLTextAreaElement);
  const error = byId('words-error', HTMLParagraphElement);
  const file = byId('words-file', HTMLInputElement);
  const plain = format_words(parse_words(original).rows);
  /** @type {string | null | undefined} */
  let shown;
  /** What was last said of a table that came from elsewhere. @type {SettingProblem | undefined} */
  let told;

  /** @param {string} message */
  function complain(message) {
    error.textContent = message;
    editor.setAttribute('aria-invalid', String(message !== ''));
  }

  function take() {
    try {
      const csv = format_words(parse_words(editor.value).rows);
      const words = csv === plain ? null : csv;
      const problem = check_settings({ ...study.state.settings, words }).find(
        ({ key }) => key === 'words' || key === 'cats',
      );
      complain(problem ? `${problem.message} The table before this edit stays in force.` : '');
      if (problem) return;
      shown = words;
      study.change({ words });
    } catch (thrown) {
      const { what, next } = asProblem(thrown);
      complain(`${what} ${next} The table before this edit stays in force.`);
    }
  }

  editor.addEventListener('input', debounce(400, take));
  byId('words-load', HTMLButtonElement).addEventListener('click', () => file.click());
  file.addEventListener('change', async () => {
    const chosen = file.files?.[0];
    // Choosing the same file again should load it again.
    file.value = '';
    if (!chosen) return;
    editor.value = await chosen.text();
    take();
  });
  byId('words-save', HTMLButtonElement).addEventListener('click', () => {
    const csv = study.state.settings.words ?? plain;
    saveFile('headscope-words.csv', new Blob([csv], { type: 'text/csv' }));
  });
  byId('words-reset', HTMLButtonElement).addEventListener('click', () => {
    editor.value = plain;
    take();
  });

  study.subscribe(({ settings, settingProblems }) => {
    if (settings.words !== shown) {
      shown = settings.words;
      editor.value = shown ?? plain;
      complain('');
    }
    const problem = settingProblems.find(({ key }) => key === 'words');
    if (problem !== told) complain(problem?.message ?? '');
    told = problem;
  });
}
