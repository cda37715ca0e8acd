// What each of the three steps says beside its button.

import { plural } from './format.js';
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
function loadedNote({ name, n_layer, n_head, note }) {
  const size = `${plural(n_layer, 'layer')} of ${plural(n_head, 'head')}`;
  return `${name} is open: ${size}.${note ? ` ${note}` : ''}`;
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
