// Sets of prompts that the page proposes. They begin with a kept one; what a link or the
// visitor chose stays as it is.

import { shownPrompt } from './study-state.js';

/** @type {PromptSet} */
const NO_PROMPTS = { prompts: [], categories: [], kept: [], target: null };
/** Whether the next prompts are to begin with a kept one. */
let wantsKept = false;

/**
 * The prompts that stand. Under settings that draw nothing no earlier ones may.
 * @param {import('./study-state.js').StudyState} state
 */
export function drawnPrompts({ promptSet, problems }) {
  return problems.prompts ? NO_PROMPTS : promptSet;
}

/**
 * Makes a change that the page offers: of the prompts that it draws a kept one is
 * shown, if the shown one is dropped.
 * @param {import('./study.js').Study} study
 * @param {Patch} patch
 * @returns {boolean} whether it draws other prompts
 */
export function propose(study, patch) {
  const preview = study.preview(patch);
  const draws = preview.stale.prompts !== undefined;
  wantsKept = draws;
  study.adopt(preview);
  return draws;
}

/** @param {import('./study.js').Study} study */
export function beginWithKept(study) {
  study.watch(drawnPrompts, (promptSet, { settings }) => {
    if (!promptSet || !wantsKept) return;
    wantsKept = false;
    const [first] = promptSet.kept;
    const kept = promptSet.prompts[shownPrompt(settings)]?.kept;
    if (first !== undefined && !kept) study.change({ prompt: first });
  });
}
