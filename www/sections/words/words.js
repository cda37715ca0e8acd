// The word table: its rows, the same as CSV, presets, files in and out, undo.

import { parse_words } from '../../pkg/headscope.js';
import { announce } from '../../kit/announce.js';
import { byId, debounce, el, isOff, setOff, isTyping } from '../../kit/dom.js';
import { saveFile } from '../../kit/save-file.js';
import { bytes } from '../../kit/format.js';
import { History } from '../../kit/history.js';
import { part } from '../../kit/part.js';
import { asProblem } from '../../kit/problem.js';
import { presetOf, presets } from '../../study/presets.js';
import { propose } from '../../study/proposal.js';
import { WordRows } from './word-rows.js';

/** Largest file that is read, in bytes; the longest table is shorter. */
const LARGEST = 3_000_000;

const KEPT = 'The table before this edit stays in force.';

/**
 * @param {import('../../study/study.js').Study} study
 * @param {string} original the table the site comes with
 */
export function setUpWords(study, original) {
  const fold = byId('words-fold', HTMLDetailsElement);
  const text = byId('words', HTMLTextAreaElement);
  const error = byId('words-error', HTMLParagraphElement);
  const notice = byId('words-notice', HTMLParagraphElement);
  const undo = byId('words-undo', HTMLButtonElement);
  const redo = byId('words-redo', HTMLButtonElement);
  const plain = parse_words(original).csv;
  const rows = new WordRows(
    byId('words-rows', HTMLOListElement),
    debounce(400, () => takeFrom('rows')),
    (words) => study.wordTokens(words),
  );
  /** @type {History<string | null>} */
  const history = new History(study.state.settings.words);
  /** What the rows and the text were last made of; a draft may have gone on. @type {string | null | undefined} */
  let shown;
  /** What is to be known of how the table in force was read from its file. */
  let howRead = '';

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
      const { csv: sound } = parse_words(csv);
      const words = sound === plain ? null : sound;
      const preview = study.preview({ words });
      // No table is taken that has too few rows for the categories in force.
      const problem = preview.problems.find(({ key }) => key === 'words' || key === 'cats');
      complain(problem ? `${problem.message} ${KEPT}` : '');
      if (problem) return false;
      shown = words;
      study.adopt(preview);
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
    if (edited === 'rows') text.value = inForce();
    else rows.show(parse_words(text.value));
  }

  /** Says what in the table in force is hardly meant. The built-in one is as it should be. */
  async function showNotices() {
    const { words } = study.state.settings;
    if (words === null) {
      notice.textContent = '';
      return;
    }
    const load = () => import('./word-notices.js');
    const { noticesOf } = await part('What looks over word tables', load);
    if (words === study.state.settings.words)
      notice.textContent = [howRead, ...noticesOf(parse_words(words))].join(' ').trim();
  }

  /** @param {unknown} thrown */
  const sayWhy = (thrown) => {
    notice.textContent = asProblem(thrown).what;
  };

  /** Shows the table in force, and no draft. */
  function show() {
    shown = study.state.settings.words;
    text.value = shown ?? plain;
    rows.show(parse_words(text.value));
    complain('');
  }

  fold.addEventListener('toggle', () => rows.tell());
  byId('words-open', HTMLButtonElement).addEventListener('click', () => {
    fold.open = true;
    fold.scrollIntoView({ block: 'start' });
    fold.querySelector('summary')?.focus({ preventScroll: true });
  });
  study.onReset(show);
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

  /**
   * Puts a file's table in force, or says why not.
   * @param {File} file
   */
  async function open(file) {
    try {
      if (file.size > LARGEST)
        throw new Error(`has more than ${bytes(LARGEST)} and is no word table.`);
      const { textOf } = await part('What reads tables', () => import('./table-file.js'));
      const read = textOf(await file.arrayBuffer());
      if (take(read.text)) {
        howRead = read.notice;
        show();
        showNotices().catch(sayWhy);
      } else text.value = read.text;
    } catch (thrown) {
      const why =
        thrown instanceof Error ? `${file.name} ${thrown.message}` : asProblem(thrown).what;
      complain(`${why} ${KEPT}`);
    }
  }
  setUpFiles(inForce, open);

  study.subscribe(({ settings: { words } }) => {
    if (words !== history.current) history.push(words);
    if (words !== shown) show();
    showSteps();
  });
  study.watch(
    ({ settings }) => settings.words,
    () => {
      howRead = '';
      showNotices().catch(sayWhy);
    },
    null,
  );
  study.watch(
    ({ settingProblems }) => settingProblems.find(({ key }) => key === 'words'),
    (problem) => complain(problem?.message ?? ''),
  );
}

/** @param {import('../../study/study.js').Study} study */
function setUpPresets(study) {
  const select = byId('words-preset', HTMLSelectElement);
  const hint = byId('words-preset-hint', HTMLParagraphElement);
  const own = el('option', { value: '', text: 'Custom', disabled: '', hidden: '' });
  select.append(own, ...presets().map(({ id, label }) => el('option', { value: id, text: label })));
  select.addEventListener('change', () => {
    const preset = presets().find(({ id }) => id === select.value);
    if (preset) propose(study, preset.patch);
  });
  study.subscribe(({ settings }) => {
    const preset = presetOf(settings);
    select.value = preset?.id ?? '';
    hint.textContent = preset?.about ?? '';
  });
}

/**
 * @param {() => string} csv the table in force
 * @param {(file: File) => Promise<void>} open
 */
function setUpFiles(csv, open) {
  const file = byId('words-file', HTMLInputElement);
  byId('words-load', HTMLButtonElement).addEventListener('click', () => file.click());
  file.addEventListener('change', async () => {
    const chosen = file.files?.[0];
    // Choosing the same file again should load it again.
    file.value = '';
    if (chosen) await open(chosen);
  });
  byId('words-save', HTMLButtonElement).addEventListener('click', () => {
    announce(saveFile('headscope-words.csv', new Blob([csv()], { type: 'text/csv' })));
  });
}
