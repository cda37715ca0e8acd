// The settings panel: each control checks its value, says what is wrong beside
// itself, and leaves the last good value in force.

import { byId, debounce } from '../../kit/dom.js';
import { settingText } from '../../kit/problem.js';
import { kindOf, metricOf } from '../../study/catalogue.js';
import { lackComplaint } from '../../labels/heads.js';
import { ORDINARY_SENTENCE, POST_PROMPT } from '../../study/presets.js';
import { textTooLong, textsOf } from '../../study/study-state.js';
import { fillChoices } from './choices.js';

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control */

/**
 * @typedef {object} Field
 * @property {keyof Settings} key also the id of the control
 * @property {new () => Control} type
 * @property {(settings: Settings, state: import('../../study/study-state.js').StudyState) => string} [lacks]
 *   why what was read cannot be of the model that is open; nothing if it can
 * @property {(settings: Settings) => string | null} [idle] what stands in the control while
 *   the setting makes no difference
 * @property {(state: import('../../study/study-state.js').StudyState) => string} [wrong] what is wrong
 *   with the value in force, if that turned out later
 */

/**
 * A number that makes no difference beside a text.
 * @param {'seed' | 'n' | 'len' | 'cats' | 'repeat'} key
 * @returns {Field}
 */
const ofDrawn = (key) => ({
  key,
  type: HTMLInputElement,
  idle: ({ text }) => (text === null ? null : 'your text'),
});

/** @type {Field[]} */
const FIELDS = [
  ofDrawn('seed'),
  ofDrawn('n'),
  ofDrawn('len'),
  ofDrawn('cats'),
  ofDrawn('repeat'),
  {
    key: 'prompt',
    type: HTMLInputElement,
    idle: (settings) => (textsOf(settings).length === 1 ? 'your text' : null),
  },
  {
    key: 'head',
    type: HTMLInputElement,
    lacks: ({ head }, state) => lackComplaint(head, state),
  },
  { key: 'metric', type: HTMLSelectElement },
  { key: 'kind', type: HTMLSelectElement },
  { key: 'against', type: HTMLSelectElement },
  { key: 'over', type: HTMLSelectElement },
  { key: 'text', type: HTMLTextAreaElement, wrong: textTooLong },
];

/** @param {import('../../study/study.js').Study} study */
export function setUpSettings(study) {
  fillChoices();
  byId('settings-reset', HTMLButtonElement).addEventListener('click', () => study.reset());
  for (const field of FIELDS) bind(study, field);

  const metricHint = byId('metric-hint', HTMLParagraphElement);
  const kindHint = byId('kind-hint', HTMLSpanElement);
  study.subscribe(({ settings }) => {
    metricHint.textContent = metricOf(settings.metric)?.hint ?? '';
    kindHint.textContent = kindOf(settings.kind)?.hint ?? '';
  });

  byId('text-example', HTMLButtonElement).addEventListener('click', () => {
    study.change({ text: ORDINARY_SENTENCE });
  });
  byId('text-post', HTMLButtonElement).addEventListener('click', () => {
    study.change({ text: POST_PROMPT });
  });
  byId('text-clear', HTMLButtonElement).addEventListener('click', () =>
    study.change({ text: null }),
  );

  foldOnNarrowScreens();
}

/**
 * @param {import('../../study/study.js').Study} study
 * @param {Field} field
 */
function bind(study, { key, type, lacks, idle, wrong }) {
  const control = byId(key, type);
  const error = byId(`${key}-error`, HTMLParagraphElement);
  /** What this control last got from the settings, or gave to them. */
  let settled = '';
  /** The value that this stands for. */
  let meant = '';
  /** What stands here while the setting makes no difference. @type {string | null} */
  let resting = null;
  /** What was last said of this setting that came from elsewhere. @type {SettingProblem | undefined} */
  let told;
  /** What was last said of the value in force. */
  let complained = '';

  /** @param {string} message */
  function complain(message) {
    error.textContent = message;
    control.setAttribute('aria-invalid', String(message !== ''));
  }

  /** Whether an edit waits to be taken: it is later than whatever is set meanwhile. */
  let edited = false;

  function take() {
    edited = false;
    const preview = study.preview({ [key]: control.value });
    const { refused, settings } = preview;
    const lack = refused ? '' : (lacks?.(settings, study.state) ?? '');
    complain(
      lack
        ? `${lack} Until then ${study.state.settings[key]} stays in force.`
        : settingText(refused),
    );
    if (refused || lack) return;
    settled = control.value;
    meant = String(settings[key] ?? '');
    study.adopt(preview);
  }

  // What was typed and never in force goes with the settings.
  study.onReset(() => {
    meant = String(study.state.settings[key] ?? '');
    settled = meant;
    control.value = resting === null ? settled : '';
    complain('');
  });

  const eager = control instanceof HTMLSelectElement;
  const soon = debounce(350, take);
  control.addEventListener(eager ? 'change' : 'input', () => {
    edited = !eager;
    if (eager) take();
    else soon();
  });

  study.subscribe((state) => {
    const { settings, settingProblems } = state;
    const value = String(settings[key] ?? '');
    // Typing `l1h5` or `07` is not undone while it means what is in force.
    if ((meant !== value || settled === '') && !edited) {
      if (settled !== value && resting === null) control.value = value;
      if (settled !== value) complain('');
      settled = value;
      meant = value;
    }
    const instead = idle?.(settings) ?? null;
    if (instead !== resting && control instanceof HTMLInputElement) {
      resting = instead;
      control.disabled = instead !== null;
      control.placeholder = instead ?? '';
      control.value = instead === null ? value : '';
    }
    const problem = settingProblems.find((each) => each.key === key);
    if (problem !== told) complain(settingText(problem));
    told = problem;
    const trouble = wrong?.(state) ?? '';
    if ((trouble || complained) && control.value === settled) complain(trouble);
    // A link's text may be folded away.
    const fold = control.closest('details');
    if (trouble && !complained && fold) fold.open = true;
    complained = trouble;
  });
}

/** Beside the results the panel stays open; above them it would hide them. */
function foldOnNarrowScreens() {
  const panel = byId('settings', HTMLDetailsElement);
  const wide = matchMedia('(min-width: 64rem)');
  const fit = () => {
    panel.open = wide.matches;
  };
  wide.addEventListener('change', fit);
  fit();
}
