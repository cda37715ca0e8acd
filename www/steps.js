// What each of the three steps says beside its button.

import { bytes, plural } from './format.js';
import { cost, setUpStep } from './step.js';

/** @param {import('./study.js').Study} study */
export function setUpSteps(study) {
  setUpStep(study, 'head', ({ promptSet, pattern, model, estimates }) => {
    const loaded = pattern && model;
    return {
      ready: promptSet !== null,
      done: pattern !== null,
      note: loaded ? loadedNote(model) : cost(estimates.head) || 'Getting ready…',
    };
  });

  setUpStep(study, 'scores', ({ promptSet, pattern, scores, estimates }) => ({
    ready: pattern !== null,
    done: scores !== null,
    note: followUp(pattern, promptSet, scores, estimates.scores),
  }));

  setUpStep(study, 'ablations', ({ promptSet, pattern, ablations, estimates }) => ({
    ready: pattern !== null,
    done: ablations !== null,
    note: followUp(pattern, promptSet, ablations, estimates.ablations),
  }));
}

/** @param {ModelInfo} model */
function loadedNote({ name, n_layer, n_head, read, note, storage_note }) {
  const size = `${plural(n_layer, 'layer')} of ${plural(n_head, 'head')}`;
  const came = [
    read.network > 0 && `${bytes(read.network)} from the network`,
    read.cache > 0 && `${bytes(read.cache)} from cache`,
  ].filter(Boolean);
  const origin = came.length > 0 ? `Read ${came.join(' and ')}.` : '';
  return [`${name} is open: ${size}.`, origin, note, storage_note].filter(Boolean).join(' ');
}

/**
 * @param {PatternResult | null} pattern
 * @param {PromptSet | null} promptSet
 * @param {object | null} result
 * @param {Estimate | null} estimate
 */
function followUp(pattern, promptSet, result, estimate) {
  if (!pattern) return 'Press Start first.';
  if (result) return 'These belong to the settings shown.';
  const runs = promptSet ? `Runs ${plural(promptSet.kept.length, 'kept prompt')}. ` : '';
  return runs + cost(estimate);
}
