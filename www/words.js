// The word table: its rows, the same as CSV, presets, files in and out, undo.

import { check_settings, format_words, parse_words } from './pkg/headscope.js';
import { announce } from './announce.js';
import { byId, debounce, el, isOff, saveFile, setOff } from './dom.js';
import { bytes } from './format.js';
import { History } from './history.js';
import { asProblem } from './problem.js';
import { isTyping } from './shortcuts.js';
import { PRESETS, presetOf } from './word-presets.js';
import { WordRows } from './word-rows.js';

/** Largest file that is read, in bytes; the longest table is shorter. */
const LARGEST = 3_000_000;

const KEPT = 'The table before this edit stays in force.';

/**
 * @param {import('./study.js').Study} study
 * @param {string} original the table the site comes with
 */
export function setUpWords(study, original) {
  const fold = byId('words-fold', HTMLDetailsElement);
  const text = byId('words', HTMLTextAreaElement);
  const error = byId('words-error', HTMLParagraphElement);
  const undo = byId('words-undo', HTMLButtonElement);
  const redo = byId('words-redo', HTMLButtonElement);
  const plain = format_words(parse_words(original).rows);
  const rows = new WordRows(
    byId('words-rows', HTMLOListElement),
    debounce(400, () => takeFrom('rows')),
    (words) => study.wordTokens(words),
  );
  /** @type {History<string | null>} */
  const history = new History(study.state.settings.words);
  /** What the rows and the text were last made of; a draft may have gone on. @type {string | null | undefined} */
  let shown;
  /** What was last said of a table that came from elsewhere. @type {SettingProblem | undefined} */
  let told;

  /** @param {string} message */
  function complain(message) {
    error.textContent = message;
    text.setAttribute('aria-invalid', String(message !== ''));
    showSteps();
  }

  function showSteps() {
    setOff(undo, !history.canUndo && error.textContent === '');
    setOff(redo, !history.canRedo);
  }

  /**
   * Puts a table in force, or says what is wrong with it.
   * @param {string} csv
   * @returns {boolean} whether it is in force now
   */
  function take(csv) {
    try {
      const sound = format_words(parse_words(csv).rows);
      const words = sound === plain ? null : sound;
      const problem = check_settings({ ...study.state.settings, words }).find(
        ({ key }) => key === 'words' || key === 'cats',
      );
      complain(problem ? `${problem.message} ${KEPT}` : '');
      if (problem) return false;
      shown = words;
      study.change({ words });
      return true;
    } catch (thrown) {
      const { what, next } = asProblem(thrown);
      complain(`${what} ${next} ${KEPT}`);
      return false;
    }
  }

  /**
   * Takes what was edited, in the rows or in the text, and lets the other follow.
   * @param {'rows' | 'text'} edited
   */
  function takeFrom(edited) {
    if (!take(edited === 'rows' ? rows.csv : text.value)) return;
    if (edited === 'rows') text.value = study.state.settings.words ?? plain;
    else rows.show(parse_words(text.value).rows);
  }

  /** Shows the table in force, and no draft. */
  function show() {
    shown = study.state.settings.words;
    text.value = shown ?? plain;
    rows.show(parse_words(text.value).rows);
    complain('');
  }

  fold.addEventListener('toggle', () => rows.tell());
  text.addEventListener(
    'input',
    debounce(400, () => takeFrom('text')),
  );
  byId('words-add', HTMLButtonElement).addEventListener('click', () => rows.add());

  /** @param {-1 | 1} by */
  function step(by) {
    const draft = error.textContent !== '';
    // A draft that was never in force is the first thing to be undone.
    const words = draft && by === -1 ? history.current : history.step(by);
    study.change({ words });
    show();
    announce(by === -1 ? 'Undone.' : 'Redone.');
  }
  undo.addEventListener('click', () => !isOff(undo) && step(-1));
  redo.addEventListener('click', () => !isOff(redo) && step(1));
  addEventListener('keydown', (event) => {
    const key = event.key.toLowerCase();
    if (!(event.ctrlKey || event.metaKey) || !['z', 'y'].includes(key)) return;
    // Text fields have an undo of their own.
    if (!fold.open || isTyping(event)) return;
    const by = key === 'y' || event.shiftKey ? 1 : -1;
    if (isOff(by === 1 ? redo : undo)) return;
    event.preventDefault();
    step(by);
  });

  setUpPresets(study);
  const inForce = () => study.state.settings.words ?? plain;
  setUpFiles(inForce, complain, (csv) => {
    if (take(csv)) show();
    else text.value = csv;
  });

  study.subscribe(({ settings, settingProblems }) => {
    if (settings.words !== history.current) history.push(settings.words);
    if (settings.words !== shown) show();
    showSteps();
    const problem = settingProblems.find(({ key }) => key === 'words');
    if (problem !== told) complain(problem?.message ?? '');
    told = problem;
  });
}

/** @param {import('./study.js').Study} study */
function setUpPresets(study) {
  const select = byId('words-preset', HTMLSelectElement);
  const hint = byId('words-preset-hint', HTMLParagraphElement);
  const own = el('option', { value: '', text: 'A table of your own', disabled: '', hidden: '' });
  select.append(own, ...PRESETS.map(({ id, label }) => el('option', { value: id, text: label })));
  select.addEventListener('change', () => {
    const preset = PRESETS.find(({ id }) => id === select.value);
    if (preset) study.change(preset.patch);
  });
  study.subscribe(({ settings }) => {
    const preset = presetOf(settings);
    own.textContent =
      settings.words === null ? 'The notebook’s table, other measure' : 'A table of your own';
    select.value = preset?.id ?? '';
    hint.textContent = preset?.about ?? '';
  });
}

/**
 * @param {() => string} csv the table in force
 * @param {(message: string) => void} complain
 * @param {(csv: string) => void} take
 */
function setUpFiles(csv, complain, take) {
  const file = byId('words-file', HTMLInputElement);
  byId('words-load', HTMLButtonElement).addEventListener('click', () => file.click());
  file.addEventListener('change', async () => {
    const chosen = file.files?.[0];
    // Choosing the same file again should load it again.
    file.value = '';
    if (!chosen) return;
    if (chosen.size > LARGEST) {
      complain(`${chosen.name} has more than ${bytes(LARGEST)} and is no word table. ${KEPT}`);
      return;
    }
    take(await chosen.text());
  });
  byId('words-save', HTMLButtonElement).addEventListener('click', () => {
    saveFile('headscope-words.csv', new Blob([csv()], { type: 'text/csv' }));
  });
}
