// What each of the three steps says beside its button.

import { byId } from '../kit/dom.js';
import { bytes, plural } from '../kit/format.js';
import { cost, setUpStep } from './step.js';
import { shownPrompt } from '../study/study-state.js';

/** @param {import('../study/study.js').Study} study */
export function setUpSteps(study) {
  const loadedNote = byId('loaded-note', HTMLSpanElement);
  const threadNote = byId('thread-note', HTMLParagraphElement);
  study.watch(
    ({ model, demo }) => (demo ? null : model),
    (model) => {
      loadedNote.textContent = [model?.note, model?.storage_note].filter(Boolean).join(' ');
    },
  );
  study.watch(
    ({ threadNote: told }) => told,
    (told) => {
      threadNote.textContent = told;
    },
  );

  setUpStep(
    study,
    'head',
    () => study.start(),
    ({ promptSet, pattern, model, demo, settings, estimates, imported, problems, held }) => {
      // The demo stands in for the model that Start loads.
      const loaded = pattern && !demo ? model : null;
      const waits = problems.prompts ? '' : 'Getting ready…';
      return {
        ready: promptSet !== null && held === null,
        done: loaded !== null && !imported && held === null,
        note: held ?? (loaded ? opened(loaded, estimates.head) : cost(estimates.head) || waits),
        label: startLabel(settings.model, loaded !== null && !imported, estimates.head),
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

/** Longer names of models would leave no room beside the button. */
const LONGEST_NAME = 24;

/**
 * What Start is called: it names the model that it loads, and what that takes.
 * @param {string} model
 * @param {boolean} loaded
 * @param {Estimate | null | undefined} estimate
 */
function startLabel(model, loaded, estimate) {
  const called = { gpt2: 'GPT-2 small', tiny: 'the demo model', file: 'your file' };
  const known = Object.entries(called).find(([id]) => id === model)?.[1];
  // An address may end in anything, and on a hub in a branch or a commit.
  const path = model.replace(/\/(resolve|tree)\/[^/]+/, '').replace(/\/+$/, '');
  const last = path.split('/').at(-1) ?? '';
  const name = known ?? (last.length <= LONGEST_NAME ? last : 'this model');
  if (loaded) return `Run ${name} again`;
  const fetched = model in called && estimate?.bytes ? ` (${bytes(estimate.bytes)})` : '';
  return `${estimate?.bytes === 0 ? 'Open' : 'Load'} ${name}${fetched}`;
}

/**
 * What is open, and what was read of it by all that ran.
 * @param {ModelInfo} model
 * @param {Estimate | null | undefined} estimate
 */
function opened({ n_layer, n_head }, estimate) {
  const read = estimate?.read ?? { network: 0, cache: 0 };
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
      : 'The shown prompt alone. ';
  }
  return `${plural(promptSet.kept.length, 'prompt')}. `;
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
    return result ? 'Read from the file.' : 'Not in the file. Load the model to compute it.';
  if (!pattern) return 'Load a model first.';
  return result ? 'Up to date.' : what + cost(estimate);
}
