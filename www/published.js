// The page's own check: with GPT-2 small and the notebook's settings, every
// ablated score is held against the one the notebook printed.

import { default_settings } from './pkg/headscope.js';
import { byId } from './dom.js';
import { plural, score as figure } from './format.js';

/** The notebook printed four places. */
const TOLERANCE = 0.0001;

/** What the notebook's file calls the four components. */
const PRINTED_AS = {
  embed: 'embed position-mean',
  pos_embed: 'pos_embed position-mean',
  'L0.pattern': 'L0 pattern head-mean',
  'L0.mlp': 'L0 mlp_out position-mean',
};

/** The settings that have to be the notebook's; the rest only changes what is shown. */
const FIXED = /** @type {const} */ ([
  'model',
  'seed',
  'n',
  'len',
  'cats',
  'words',
  'text',
  'head',
  'metric',
  'kind',
]);

/**
 * @typedef {object} Notebook
 * @property {number[]} kept_sequences
 * @property {{ per_kept_sequence: Record<string, number[]> }} same_category_attention_L1H5
 */

/** @param {import('./study.js').Study} study */
export function setUpPublished(study) {
  const line = byId('published', HTMLParagraphElement);
  const defaults = default_settings();
  /** @type {Ablations | null} */
  let shown = null;
  study.subscribe(async ({ ablations, settings }) => {
    if (ablations === shown) return;
    shown = ablations;
    line.hidden = true;
    if (!ablations || FIXED.some((key) => settings[key] !== defaults[key])) return;
    const text = await check(ablations);
    if (ablations !== shown) return;
    line.textContent = text;
    line.hidden = false;
  });
}

/** @param {Ablations} ablations */
async function check(ablations) {
  try {
    const response = await fetch(new URL('./data/gpt2/notebook.json', import.meta.url));
    return report(differences(ablations, await response.json()));
  } catch {
    return 'The notebook’s printed scores did not arrive, so there is nothing to compare with.';
  }
}

/**
 * The distance of each score from the printed one; infinite where there is none.
 * @param {Ablations} ablations
 * @param {Notebook} notebook
 */
function differences({ rows }, { kept_sequences, same_category_attention_L1H5: printed }) {
  return Object.entries(PRINTED_AS).flatMap(([component, name]) => {
    const row = rows.find((each) => each.component === component);
    return (printed.per_kept_sequence[name] ?? []).map((value, index) => {
      const place = row?.sequences.indexOf(kept_sequences[index] ?? -1) ?? -1;
      return Math.abs((row?.ablated[place] ?? Infinity) - value);
    });
  });
}

/** @param {number[]} distances */
function report(distances) {
  const agreeing = distances.filter((distance) => distance <= TOLERANCE).length;
  if (agreeing === distances.length) {
    const largest = Math.max(...distances).toFixed(5);
    return `Check against the notebook: all ${distances.length} printed scores are reached (largest difference ${largest}).`;
  }
  return `Check against the notebook: ${agreeing} of ${plural(distances.length, 'printed score')} are reached to within ${figure(TOLERANCE)}; the others differ.`;
}
