// Ready-made word tables, each with what else of its study belongs to it.

/** Words that are one token small, capitalised and in capitals. */
const CASED = ['red', 'green', 'white', 'black', 'gold', 'cat', 'car', 'bus', 'table', 'sea'];

/** A table in which every category is one word, as CSV. */
export function caseVariants() {
  const row = (/** @type {string} */ word) =>
    [word, word[0]?.toUpperCase() + word.slice(1), word.toUpperCase()].join(',');
  return `${CASED.map(row).join('\n')}\n`;
}

/**
 * @typedef {object} Preset
 * @property {string} id
 * @property {string} label
 * @property {string} about
 * @property {Partial<Settings>} patch
 */

/** @type {Preset[]} */
export const PRESETS = [
  {
    id: 'notebook',
    label: 'The notebook’s',
    about: 'Ten categories of six words, cell mean, and the notebook’s four ablations.',
    patch: { words: null, metric: 'cell-mean', kind: 'notebook' },
  },
  {
    id: 'post',
    label: 'The post’s measure',
    about:
      'Surprisal and ablation by the global mean, as the post has them. Its own list of words is not part of this page: the words are the notebook’s.',
    patch: { words: null, metric: 'surprisal', kind: 'global-mean' },
  },
  {
    id: 'case',
    label: 'Case variants',
    about: 'Every category is one word: red, Red, RED.',
    patch: { words: caseVariants() },
  },
];

/**
 * The preset that settings are, if they are one.
 * @param {Settings} settings
 */
export function presetOf(settings) {
  const same = (/** @type {Preset} */ { patch }) =>
    Object.entries(patch).every(
      ([key, value]) => settings[/** @type {keyof Settings} */ (key)] === value,
    );
  return PRESETS.find(same);
}
