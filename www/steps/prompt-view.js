// A view of other heads on the shown prompt. It is computed by itself where its
// layers are loaded; a button that says what it costs loads those that are not.

import { byId } from '../kit/dom.js';
import { cost, setUpStep } from './step.js';

/** A run that takes longer than this, in milliseconds, shows its progress and a Cancel. */
const LONG = 400;

/** @typedef {import('../study/study-state.js').StudyState} StudyState */

/**
 * @param {import('../study/study.js').Study} study
 * @param {'pins' | 'thumbnails'} tool
 * @param {object} view
 * @param {(state: StudyState) => boolean} view.wanted
 * @param {(state: StudyState) => boolean} view.lacks whether layers are missing in what there is
 * @returns {() => void} to be called when it may have become wanted
 */
export function setUpPromptView(study, tool, { wanted, lacks }) {
  const step = byId(`step-${tool}`, HTMLDivElement);

  setUpStep(
    study,
    tool,
    () => study.useTool(tool, () => ({ fetch: true })),
    ({ pattern, estimates, imported }) => ({
      ready: pattern !== null && !imported,
      done: false,
      note: cost(estimates[tool]) || 'Some layers are not loaded yet.',
    }),
  );

  /** What it was last computed for: a Cancel is not to compute it again. */
  let asked = '';
  function ask() {
    const { state } = study;
    const { settings, model, pattern, further, task, goesOn, problems, imported } = state;
    if (!wanted(state) || !pattern || further[tool] || task || goesOn || problems[tool]) return;
    if (imported) return;
    const now = JSON.stringify([{ ...settings, view: null, head: '' }, model?.id, pattern.prompt]);
    if (now === asked) return;
    asked = now;
    study.useTool(tool, () => ({ fetch: false }));
  }

  let takesLong = false;
  let timer = 0;
  study.subscribe(() => {
    ask();
    const running = study.state.task?.step === tool;
    if (running && timer === 0) {
      timer = window.setTimeout(() => {
        takesLong = true;
        show();
      }, LONG);
    } else if (!running) {
      clearTimeout(timer);
      timer = 0;
      takesLong = false;
    }
    show();
  });
  study.watch(
    ({ further }) => further[tool],
    (_, state) => {
      if (lacks(state)) study.askCost(tool);
    },
  );

  function show() {
    step.hidden = !lacks(study.state) && !takesLong && !study.state.problems[tool];
  }

  return () => {
    asked = '';
    ask();
  };
}
