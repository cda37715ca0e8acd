// The choice of model beside the Start button.

import { check_settings } from './pkg/headscope.js';
import { byId, debounce } from './dom.js';
import { asProblem, settingText } from './problem.js';

const NAMED = ['gpt2', 'tiny', 'file'];

/** @param {import('./study.js').Study} study */
export function setUpModelChoice(study) {
  const radios = /** @type {NodeListOf<HTMLInputElement>} */ (
    document.querySelectorAll('input[name="model"]')
  );
  const address = byId('model-address', HTMLInputElement);
  const byAddress = byId('model-url', HTMLInputElement);
  const error = byId('model-error', HTMLParagraphElement);
  const files = byId('model-files', HTMLInputElement);
  const byFile = byId('model-file', HTMLInputElement);

  /** @param {string} message */
  function complain(message) {
    error.textContent = message;
    address.setAttribute('aria-invalid', String(message !== ''));
  }

  function chooseAddress() {
    const model = address.value.trim();
    const problem = check_settings({ ...study.state.settings, model }).find(
      ({ key }) => key === 'model',
    );
    if (model === '' || NAMED.includes(model)) {
      complain('Give the http(s) address of the folder; until then the model stays as it was.');
    } else if (problem) {
      complain(`${problem.message} Until then the model stays as it was.`);
    } else {
      complain('');
      study.change({ model });
    }
  }

  /** @param {FileList | null | undefined} picked */
  async function chooseFiles(picked) {
    const all = [...(picked ?? [])];
    const file = all.find(({ name }) => !name.endsWith('.json'));
    if (!file) {
      complain('Pick a model.safetensors; until then the model stays as it was.');
      return;
    }
    complain('');
    byFile.checked = true;
    try {
      await study.pickFile(file, all.find(({ name }) => name.endsWith('.json')) ?? null);
    } catch (thrown) {
      const { what, next } = asProblem(thrown);
      complain(`${what} ${next}`);
    }
  }

  files.addEventListener('change', () => chooseFiles(files.files));
  // Picked before this module had come.
  if (files.files?.length) chooseFiles(files.files);
  const card = /** @type {HTMLElement} */ (files.closest('.launch'));
  card.addEventListener('dragover', (event) => event.preventDefault());
  card.addEventListener('drop', (event) => {
    const dropped = [...(event.dataTransfer?.files ?? [])];
    // A results file is opened wherever it is dropped.
    if (dropped.every(({ name }) => name.endsWith('.json') && name !== 'config.json')) return;
    event.preventDefault();
    chooseFiles(event.dataTransfer?.files);
  });

  for (const radio of radios) {
    radio.addEventListener('change', () => {
      if (radio === byFile) {
        files.click();
        return;
      }
      if (radio === byAddress) {
        address.focus();
        if (address.value) chooseAddress();
        return;
      }
      complain('');
      study.change({ model: radio.value });
    });
  }
  address.addEventListener('input', () => {
    byAddress.checked = true;
  });
  address.addEventListener('input', debounce(400, chooseAddress));

  /** @type {string | null} */
  let shown = null;
  study.subscribe(({ settings, settingProblems }) => {
    const problem = settingProblems.find(({ key }) => key === 'model');
    if (problem) complain(settingText(problem));
    if (settings.model === shown) return;
    shown = settings.model;
    const named = NAMED.includes(shown);
    for (const radio of radios) radio.checked = radio.value === (named ? shown : 'url');
    if (!named && address.value !== shown) address.value = shown;
  });
}
