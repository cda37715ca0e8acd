// Results and settings from a file, and the notice that says where the results shown
// are from.

import { announce } from '../../kit/announce.js';
import { byId, button, el } from '../../kit/dom.js';
import { bytes } from '../../kit/format.js';
import { showProblem } from '../../kit/problem-box.js';
import { asProblem } from '../../kit/problem.js';

/** Largest file that is read, in bytes. */
const LARGEST = 64_000_000;

/** @param {import('../../study/study.js').Study} study */
export function setUpImport(study) {
  const input = byId('open-file', HTMLInputElement);
  const slot = byId('open-problem', HTMLDivElement);
  const note = byId('open-note', HTMLParagraphElement);

  /** @param {File | null | undefined} file */
  async function open(file) {
    if (!file) return;
    try {
      showProblem(slot, null);
      note.textContent = '';
      // Of two files the later one is wanted.
      if (!(await study.openFile(textOf(file), { from: 'file', name: file.name }))) return;
      const { imported } = study.state;
      note.textContent = imported ? '' : `The settings of ${file.name} are in force.`;
      announce(imported ? `The results of ${file.name} are shown.` : note.textContent);
      if (imported) byId('import-notice', HTMLDivElement).scrollIntoView({ block: 'nearest' });
    } catch (thrown) {
      showProblem(slot, asProblem(thrown));
      slot.scrollIntoView({ block: 'nearest' });
    }
  }

  for (const opener of document.querySelectorAll('[data-open-file]')) {
    opener.addEventListener('click', () => input.click());
  }
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    open(file);
    // Choosing the same file again should open it again.
    input.value = '';
  });

  setUpNotice(study);
}

/** @param {File} file */
async function textOf(file) {
  if (file.size > LARGEST) {
    /** @type {Problem} */
    const problem = {
      what: `${file.name} has ${bytes(file.size)}, and a results file has at most ${bytes(LARGEST)}.`,
      kept: 'What the page shows is kept.',
      next: 'Choose a file that Export JSON or Download settings wrote.',
      offers: [],
      key: null,
    };
    throw problem;
  }
  return file.text();
}

/** @param {import('../../study/study.js').Study} study */
function setUpNotice(study) {
  const notice = byId('import-notice', HTMLDivElement);
  /** @param {import('../../study/study-state.js').Imported | null} shown */
  function show(shown) {
    notice.hidden = shown === null;
    notice.replaceChildren();
    if (!shown) return;
    const back = shown.from === 'file' ? 'Close' : 'Forget them';
    notice.append(
      el(
        'div',
        { class: 'import-card' },
        el(
          'div',
          {},
          el('p', {
            class: 'import-title',
            text:
              shown.from === 'file'
                ? `Showing saved results from ${shown.name}`
                : 'Results from before',
          }),
          el('p', { class: 'muted small', text: origin(shown) }),
        ),
        el(
          'div',
          { class: 'button-row' },
          button('Recompute', 'button small', () => study.start()),
          button(back, 'button small', () => {
            study.closeFile();
            byId('main', HTMLElement).focus();
          }),
        ),
      ),
    );
  }
  study.watch(({ imported }) => imported, show, null);
}

/** @param {import('../../study/study-state.js').Imported} imported */
function origin({ from, build, model }) {
  const by = model
    ? ` with the model ${model.id} (${model.n_layer} layers of ${model.n_head} heads)`
    : '';
  const computed = `Computed by build ${build}${by}`;
  return from === 'file'
    ? `${computed}, and read from the file: nothing was computed here, and no model is loaded.`
    : `${computed} and kept by this tab. No model is loaded.`;
}
