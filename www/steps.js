// What each of the three steps says beside its button.

import { byId } from './dom.js';
import { bytes, plural } from './format.js';
import { cost, setUpStep } from './step.js';
import { shownPrompt } from './study-state.js';

/** @param {import('./study.js').Study} study */
export function setUpSteps(study) {
  const loadedNote = byId('loaded-note', HTMLSpanElement);
  study.subscribe(({ model }) => {
    loadedNote.textContent = [model?.note, model?.storage_note].filter(Boolean).join(' ');
  });

  setUpStep(
    study,
    'head',
    () => study.start(),
    ({ promptSet, pattern, model, estimates, imported }) => {
      const loaded = pattern && model;
      return {
        ready: promptSet !== null,
        done: pattern !== null && !imported,
        note: loaded ? opened(model) : cost(estimates.head) || 'Getting ready…',
      };
    },
  );

  setUpStep(
    study,
    'scores',
    () => study.scoreHeads(),
    ({ promptSet, pattern, scores, estimates, settings, imported }) => ({
      ready: pattern !== null && !imported,
      done: scores !== null,
      note: followUp(
        pattern,
        runs(promptSet, settings.over, shownPrompt(settings)),
        scores,
        estimates.scores,
        imported,
      ),
    }),
  );

  setUpStep(
    study,
    'ablations',
    () => study.runAblations(),
    ({ promptSet, pattern, ablations, estimates, imported }) => ({
      ready: pattern !== null && !imported,
      done: ablations !== null,
      note: followUp(pattern, runs(promptSet, 'kept', 0), ablations, estimates.ablations, imported),
    }),
  );
}

/** @param {ModelInfo} model */
function opened({ n_layer, n_head, read }) {
  const size = `${plural(n_layer, 'layer')} of ${plural(n_head, 'head')}`;
  const came = [
    read.network > 0 && `${bytes(read.network)} from the network`,
    read.cache > 0 && `${bytes(read.cache)} from cache`,
  ].filter(Boolean);
  const origin = came.length > 0 ? `Read ${came.join(' and ')}.` : '';
  return `Open: ${size}. ${origin}`;
}

/**
 * @param {PromptSet | null} promptSet
 * @param {'kept' | 'prompt'} over
 * @param {number} prompt the shown one
 */
function runs(promptSet, over, prompt) {
  if (!promptSet) return '';
  if (over === 'prompt') {
    return promptSet.prompts[prompt]?.kept === false
      ? 'The shown prompt is dropped and has no score: show a kept one. '
      : 'Runs the shown prompt alone. ';
  }
  return `Runs ${plural(promptSet.kept.length, 'kept prompt')}. `;
}

/**
 * What the note of a step after the first says.
 * @param {PatternResult | null} pattern
 * @param {string} what what it will run
 * @param {object | null | undefined} result
 * @param {Estimate | null | undefined} estimate
 * @param {object | null} imported
 */
export function followUp(pattern, what, result, estimate, imported) {
  if (imported)
    return result ? 'Read from the file.' : 'Not in the file. Press Start to compute it here.';
  if (!pattern) return 'Press Start first.';
  return result ? 'These belong to the settings shown.' : what + cost(estimate);
}
