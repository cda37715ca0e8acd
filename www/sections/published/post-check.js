// The second check: the head's pattern on the post's prompt beside the one that the code
// beside the post carries. It takes what the heatmap takes, and runs nothing of its own.

import { byId } from '../../kit/dom.js';
import { siteText } from '../../kit/part.js';
import { CellCanvas } from '../../kit/cell-canvas.js';
import { patternView } from '../../labels/pattern-view.js';
import { parseLook } from '../../study/look.js';
import { POST_PROMPT, POST_WORDS } from '../../study/presets.js';
import { shownSettings } from '../../study/study-state.js';

/** The figures are rounded to five places. */
const TOLERANCE = 0.0001;

/** The settings under which it applies. */
const NEEDED = /** @type {const} */ ({ text: POST_PROMPT, head: 'L1H5', alpha: 1 });

/**
 * @typedef {object} PostPattern
 * @property {number[]} token_ids
 * @property {number[][]} pattern_rows of each destination, to its sources
 */

/** @param {import('../../study/study.js').Study} study */
export function setUpPostCheck(study) {
  const line = byId('post-check', HTMLParagraphElement);
  const fold = byId('post-fold', HTMLDetailsElement);
  const offer = byId('post-show', HTMLButtonElement);
  const [theirs, ours] = ['post-theirs', 'post-ours'].map(still);
  /** @type {PostPattern | null} */
  let published = null;

  offer.addEventListener('click', () => study.change({ ...NEEDED, words: POST_WORDS }));

  study.watch(
    (state) => [state.pattern, shownSettings(state)],
    async ([pattern, settings], state) => {
      const same = Object.entries(NEEDED).every(
        ([key, value]) => settings[/** @type {keyof Settings} */ (key)] === value,
      );
      offer.hidden = same;
      fold.hidden = true;
      line.textContent = explain(settings, same, pattern);
      if (settings.model !== 'gpt2' || !same || !pattern) return;
      published ??= await read().catch(() => null);
      if (pattern !== study.state.pattern) return;
      if (!published) {
        line.textContent =
          'The post’s pattern did not arrive, so there is nothing to compare with.';
        return;
      }
      line.textContent = report(pattern, published, state.promptSet);
      fold.hidden = false;
      const look = parseLook(settings.view);
      const view = (/** @type {Float32Array} */ figures) =>
        patternView({ ...pattern, pattern: figures }, state.promptSet, look, settings.target);
      theirs?.show(view(square(published.pattern_rows)));
      ours?.show(view(pattern.pattern));
    },
  );
}

/**
 * A heatmap that nothing is done with.
 * @param {string} id
 */
function still(id) {
  const nothing = () => {};
  const on = { point: nothing, pick: nothing, leave: nothing };
  return new CellCanvas(byId(id, HTMLCanvasElement), byId(`${id}-scroll`, HTMLDivElement), on);
}

/** @returns {Promise<PostPattern>} */
async function read() {
  return JSON.parse(await siteText('The post’s pattern', './data/gpt2/post-pattern.json'));
}

/**
 * @param {Settings} settings
 * @param {boolean} same
 * @param {PatternResult | null} pattern
 */
function explain({ model }, same, pattern) {
  if (model !== 'gpt2') return 'Needs GPT-2 small: another model is shown.';
  if (!same) return 'Needs the post’s prompt of 64 tokens, head L1H5 and no steering.';
  return pattern ? '' : 'Load GPT-2 small to put our pattern beside the post’s.';
}

/**
 * @param {PatternResult} ours
 * @param {PostPattern} published
 * @param {PromptSet | null} promptSet
 */
function report({ n, pattern, prompt }, published, promptSet) {
  const ids = promptSet?.prompts[prompt]?.token_ids ?? [];
  const { token_ids } = published;
  if (ids.length !== token_ids.length || ids.some((id, i) => id !== token_ids[i])) {
    return 'Check against the post: not passed, the tokens differ from the published ones.';
  }
  const distances = published.pattern_rows.flatMap((row, q) =>
    row.map((weight, k) => Math.abs(weight - (pattern[q * n + k] ?? Infinity))),
  );
  const largest = Math.max(...distances);
  const found = `Largest difference ${largest.toExponential(1)} over ${distances.length} weights.`;
  return largest <= TOLERANCE
    ? `Check against the post: its published pattern of L1H5 is reached. ${found}`
    : `Check against the post: its published pattern of L1H5 is not reached to within ${TOLERANCE}. ${found}`;
}

/** @param {number[][]} rows of a lower triangle */
function square(rows) {
  const pattern = new Float32Array(rows.length ** 2);
  rows.forEach((row, q) => pattern.set(row, q * rows.length));
  return pattern;
}
