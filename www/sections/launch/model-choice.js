// The choice of model beside the Start button.

import { byId, debounce } from '../../kit/dom.js';
import { holdsLink } from '../../study/link.js';
import { setUpMenu } from '../../kit/menu.js';
import { part } from '../../kit/part.js';
import { asProblem, settingText } from '../../kit/problem.js';

const NAMED = ['gpt2', 'tiny', 'file'];

/** @param {import('../../study/study.js').Study} study */
export function setUpModelChoice(study) {
  const radios = /** @type {NodeListOf<HTMLInputElement>} */ (
    document.querySelectorAll('input[name="model"]')
  );
  const address = byId('model-address', HTMLInputElement);
  const byAddress = byId('model-url', HTMLInputElement);
  const error = byId('model-error', HTMLParagraphElement);
  const note = byId('model-note', HTMLParagraphElement);
  const files = byId('model-files', HTMLInputElement);
  const byFile = byId('model-file', HTMLInputElement);
  const menu = byId('model-menu', HTMLDetailsElement);
  setUpMenu(menu);
  /** The model in force, as it was last shown here. @type {string | null} */
  let shown = null;
  /** Counts what was picked: of two, the later one is wanted. */
  let picks = 0;

  /**
   * While what is chosen here is no model yet, Start waits and says why.
   * @param {string | null} why
   * @param {string} [message] what is wrong with what was given
   */
  function wait(why, message = '') {
    error.textContent = message;
    // What is wrong with a choice is told beside it.
    if (message !== '') menu.open = true;
    address.setAttribute('aria-invalid', String(byAddress.checked && message !== ''));
    study.hold(why);
  }

  /**
   * Shows a model as the chosen one.
   * @param {string} model
   */
  function show(model) {
    shown = model;
    const named = NAMED.includes(model);
    for (const radio of radios) radio.checked = radio.value === (named ? model : 'url');
    // What is being typed stays as it is.
    if (!named && document.activeElement !== address) address.value = model;
    wait(null);
  }

  function chooseAddress() {
    if (!byAddress.checked) return;
    const given = address.value.trim();
    if (given === '') {
      wait('Give the name or the address of the model first.');
      return;
    }
    const preview = study.preview({ model: given });
    const { model } = preview.settings;
    if (preview.refused || model === 'file') {
      wait(
        'What is given above for the model is not understood.',
        preview.refused?.message ?? 'Pick the file itself, in the field below.',
      );
      return;
    }
    study.adopt(preview);
    show(model);
  }

  /** @param {FileList | null | undefined} list */
  async function chooseFiles(list) {
    const picked = [...(list ?? [])];
    if (picked.length === 0) return;
    const turn = ++picks;
    byFile.checked = true;
    note.textContent = '';
    // A Start pressed now would be of the model before, and end when these are taken.
    wait('The picked files are being looked at.');
    try {
      const load = () => import('./model-files.js');
      const { sortModelFiles } = await part('What sorts the files of a model', load);
      const { weights, config, tokenizer, note: told } = await sortModelFiles(picked);
      if (turn !== picks) return;
      note.textContent = told;
      const taken = study.pickFile(weights, config, tokenizer);
      show('file');
      await taken;
    } catch (thrown) {
      if (turn !== picks) return;
      const { what, next } = asProblem(thrown);
      wait('Pick the file of a model first.', `${what} ${next}`);
    }
  }

  files.addEventListener('change', () => chooseFiles(files.files));
  // Picked before this module had come.
  if (files.files?.length) chooseFiles(files.files);

  for (const radio of radios) {
    radio.addEventListener('change', () => {
      picks += 1;
      note.textContent = '';
      if (radio === byAddress) {
        address.focus();
        chooseAddress();
      } else if (radio !== byFile) {
        study.change({ model: radio.value });
        show(radio.value);
      } else if (files.files?.length) {
        chooseFiles(files.files);
      } else {
        wait('Pick the file of a model first.');
        files.click();
      }
    });
  }
  address.addEventListener('input', () => {
    byAddress.checked = true;
  });
  address.addEventListener('input', debounce(400, chooseAddress));
  address.addEventListener('change', () => {
    chooseAddress();
    const { settings, held } = study.state;
    // In the form that links carry.
    if (byAddress.checked && held === null) address.value = settings.model;
  });
  // Another link is another choice.
  addEventListener('hashchange', () => {
    if (holdsLink()) show(study.state.settings.model);
  });

  study.subscribe(({ settings }) => {
    if (settings.model !== shown) show(settings.model);
  });
  study.watch(
    ({ settingProblems }) => settingProblems.find(({ key }) => key === 'model'),
    (problem) => {
      if (problem) error.textContent = settingText(problem);
    },
  );
}
