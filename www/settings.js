// The settings panel: each control checks its value, says what is wrong beside
// itself, and leaves the last good value in force.

import { check_settings, default_settings } from './pkg/headscope.js';
import { byId, debounce } from './dom.js';
import { settingText } from './problem.js';

const METRIC_HINTS = {
  'cell-mean': 'Mean attention over all cells of the target; more means more.',
  'row-mass':
    'Attention summed on the target’s cells, averaged over rows that have one; more means more.',
  surprisal: 'Mean of −ln of that sum over all rows; less means more attention.',
};

const KIND_HINTS = {
  notebook:
    'The preset runs both embeddings, and the patterns and the MLP of every layer below the head: for L1H5 the notebook’s four.',
  'position-mean':
    'The replacement is the mean over the positions of the same prompt, beginning-of-text included.',
  'dataset-mean': 'The replacement is the mean over the kept prompts, position by position.',
  'global-mean': 'The replacement is the mean over prompts and positions.',
  zero: 'The replacement is zero; for one head’s output, its value bias stays, as in TransformerLens.',
  resample: 'The replacement comes from another kept prompt, in a seeded order.',
  'head-mean': 'Every head’s attention pattern is replaced by the mean over the layer’s heads.',
};

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control */

/**
 * @typedef {object} Field
 * @property {keyof Settings} key also the id of the control
 * @property {new () => Control} type
 * @property {(text: string) => Partial<Settings> | string} read a patch, or what is wrong
 * @property {(settings: Settings) => string | null} [idle] what stands in the control while
 *   the setting makes no difference
 */

/** @type {Field[]} */
const FIELDS = [
  { key: 'seed', type: HTMLInputElement, read: (text) => whole('seed', text) },
  { key: 'n', type: HTMLInputElement, read: (text) => whole('n', text) },
  { key: 'len', type: HTMLInputElement, read: (text) => whole('len', text) },
  { key: 'cats', type: HTMLInputElement, read: (text) => whole('cats', text) },
  {
    key: 'prompt',
    type: HTMLInputElement,
    read: (text) => whole('prompt', text),
    // A text is the only prompt there is.
    idle: ({ text }) => (text === null ? null : 'your text'),
  },
  { key: 'head', type: HTMLInputElement, read: (text) => ({ head: text.trim().toUpperCase() }) },
  {
    key: 'metric',
    type: HTMLSelectElement,
    read: (text) => ({ metric: /** @type {Metric} */ (text) }),
  },
  { key: 'kind', type: HTMLSelectElement, read: (text) => ({ kind: /** @type {Kind} */ (text) }) },
  {
    key: 'against',
    type: HTMLSelectElement,
    read: (text) => ({ against: text === '' ? null : /** @type {Kind} */ (text) }),
  },
  {
    key: 'over',
    type: HTMLSelectElement,
    read: (text) => ({ over: /** @type {'kept' | 'prompt'} */ (text) }),
  },
  {
    key: 'text',
    type: HTMLTextAreaElement,
    read: (text) => ({ text: text.trim() === '' ? null : text }),
  },
];

export const ORDINARY_SENTENCE =
  'On Monday the old truck stood by the river, and a white bird sat on a chair near the bed.';

/** @param {import('./study.js').Study} study */
export function setUpSettings(study) {
  for (const field of FIELDS) bind(study, field);

  const metricHint = byId('metric-hint', HTMLParagraphElement);
  const kindHint = byId('kind-hint', HTMLSpanElement);
  study.subscribe(({ settings }) => {
    metricHint.textContent = METRIC_HINTS[settings.metric];
    kindHint.textContent = KIND_HINTS[settings.kind];
  });

  byId('text-example', HTMLButtonElement).addEventListener('click', () => {
    study.change({ text: ORDINARY_SENTENCE });
  });
  byId('text-clear', HTMLButtonElement).addEventListener('click', () =>
    study.change({ text: null }),
  );
  byId('settings-reset', HTMLButtonElement).addEventListener('click', () => {
    study.change({ ...default_settings(), model: study.state.settings.model });
  });

  foldOnNarrowScreens();
}

/**
 * @param {import('./study.js').Study} study
 * @param {Field} field
 */
function bind(study, { key, type, read, idle }) {
  const control = byId(key, type);
  const error = byId(`${key}-error`, HTMLParagraphElement);
  /** What this control last got from the settings, or gave to them. */
  let settled = '';
  /** What stands here while the setting makes no difference. @type {string | null} */
  let resting = null;
  /** What was last said of this setting that came from elsewhere. @type {SettingProblem | undefined} */
  let told;

  /** @param {string} message */
  function complain(message) {
    error.textContent = message;
    control.setAttribute('aria-invalid', String(message !== ''));
  }

  function take() {
    const patch = read(control.value);
    if (typeof patch === 'string') {
      complain(`${patch} ${stays(study.state.settings[key])}`);
      return;
    }
    const found = check_settings({ ...study.state.settings, ...patch });
    const problem = found.find((each) => each.key === key);
    complain(problem ? `${problem.message} ${stays(study.state.settings[key])}` : '');
    if (problem) return;
    settled = control.value;
    study.change(patch);
  }

  const eager = control instanceof HTMLSelectElement;
  control.addEventListener(eager ? 'change' : 'input', eager ? take : debounce(350, take));

  study.subscribe(({ settings, settingProblems }) => {
    const value = String(settings[key] ?? '');
    const same = read(settled);
    // Typing `l1h5` or `07` is not undone while it means what is in force.
    if (typeof same === 'string' || String(same[key] ?? '') !== value || settled === '') {
      if (settled !== value) control.value = value;
      if (settled !== value) complain('');
      settled = value;
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
  });
}

/**
 * What is in force while a control holds a value that cannot be.
 * @param {string | number | null} value
 */
function stays(value) {
  const short = value !== null && String(value).length <= 20;
  return short ? `Until then ${value} stays in force.` : 'Until then it stays as it was.';
}

/**
 * @param {keyof Settings} key
 * @param {string} text
 * @returns {Partial<Settings> | string}
 */
function whole(key, text) {
  const trimmed = text.trim();
  if (!/^\d+$/.test(trimmed)) return 'Give a whole number, 0 or more.';
  return { [key]: Number(trimmed) };
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
