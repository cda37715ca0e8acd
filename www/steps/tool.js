// A tool beyond the three steps. It sits behind a fold; what it would fetch is
// asked for only while the fold is open.

import { byId } from '../kit/dom.js';
import { setUpStep } from './step.js';
import { followUp } from './steps.js';

/**
 * @param {import('../study/study.js').Study} study
 * @param {Tool} tool
 * @param {object} options
 * @param {string} options.fold id of the `details` it sits in
 * @param {string} options.about what it will run, before its cost
 * @param {() => object | Promise<object>} [options.args] what it takes beside the settings
 * @param {() => { figures?: string } | Promise<{ figures?: string }>} [options.costArgs]
 * @param {boolean} [options.costs] whether it may fetch more than a few words
 */
export function setUpTool(study, tool, { fold: id, about, args, costArgs, costs = true }) {
  const fold = byId(id, HTMLDetailsElement);
  setUpStep(
    study,
    tool,
    () => study.useTool(tool, args),
    ({ pattern, further, estimates, imported }) => ({
      ready: pattern !== null && !imported,
      done: further[tool] != null,
      note: followUp(pattern, about, further[tool], costs ? estimates[tool] : null, imported),
    }),
  );
  if (!costs) return;

  /** What the last estimate was asked for. */
  let asked = '';
  async function ask() {
    const { outdated, task, model } = study.state;
    const now = `${outdated[tool] ?? 0} ${model !== null}`;
    if (!fold.open || task || now === asked) return;
    asked = now;
    await study.askCost(tool, costArgs);
  }
  fold.addEventListener('toggle', ask);
  study.watch(
    ({ task }) => task !== null,
    (busy) => {
      // What a task fetched is no longer to be fetched.
      if (!busy) asked = '';
    },
  );
  study.subscribe(ask);
}
