// Ready-made word tables, each with what else of its study belongs to it.

import { capital } from '../kit/format.js';
import { catalogue, kindOf, metricName } from './catalogue.js';

/** Words that are one token small, capitalised and in capitals. */
const CASED = ['red', 'green', 'white', 'black', 'gold', 'cat', 'car', 'bus', 'table', 'sea'];

/** A table in which every category is one word, as CSV. */
export function caseVariants() {
  const row = (/** @type {string} */ word) =>
    [word, word[0]?.toUpperCase() + word.slice(1), word.toUpperCase()].join(',');
  return `${CASED.map(row).join('\n')}\n`;
}

export const ORDINARY_SENTENCE =
  'On Monday the old truck stood by the river, and a white bird sat on a chair near the bed.';

/**
 * @typedef {object} WordPreset
 * @property {string} id
 * @property {string} label
 * @property {string} about
 * @property {Partial<Settings>} patch
 */

/** What is said of the presets of the catalogue. */
const STUDIES = {
  notebook: {
    label: 'The notebook’s',
    about: (/** @type {Preset} */ { metric }) =>
      `Ten categories of six words, ${metricName(metric)}, and the notebook’s four ablations.`,
  },
  post: {
    label: 'The post’s measure',
    about: (/** @type {Preset} */ { metric, kind }) =>
      `${capital(metricName(metric))} and ablation by the ${kindOf(kind)?.words}, as the post has them. Its own list of words is not part of this page: the words are the notebook’s.`,
  },
};

/** @type {WordPreset} */
const CASES = {
  id: 'case',
  label: 'Case variants',
  about: 'Every category is one word: red, Red, RED.',
  patch: { words: caseVariants() },
};

/**
 * Those there are; not before the module is there.
 * @returns {WordPreset[]}
 */
export function presets() {
  const measures = Object.entries(catalogue().presets);
  const studies = measures.map(([id, preset]) => {
    const { label, about } = STUDIES[/** @type {keyof typeof STUDIES} */ (id)];
    return { id, label, about: about(preset), patch: { words: null, ...preset } };
  });
  return [...studies, CASES];
}

/**
 * The preset that settings are, if they are one.
 * @param {Settings} settings
 */
export function presetOf(settings) {
  const same = (/** @type {WordPreset} */ { patch }) =>
    Object.entries(patch).every(
      ([key, value]) => settings[/** @type {keyof Settings} */ (key)] === value,
    );
  return presets().find(same);
}
