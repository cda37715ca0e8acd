// A tool beyond the three steps. What it would fetch is asked for only once it is to be
// seen: while its fold is open, or when it is scrolled to.

import { byId } from '../kit/dom.js';
import { onceNear } from '../kit/near.js';
import { setUpStep } from './step.js';
import { SMALL_FETCH, isHere } from '../study/following.js';
import { shownSettings } from '../study/study-state.js';
import { followUp } from './steps.js';

/**
 * @param {import('../study/study.js').Study} study
 * @param {Tool} tool
 * @param {object} options
 * @param {string} [options.fold] id of the `details` it sits in, if it sits in one
 * @param {string} options.about what it will run, before its cost
 * @param {() => object | Promise<object>} [options.args] what it takes beside the settings
 * @param {() => { figures?: string } | Promise<{ figures?: string }>} [options.costArgs]
 * @param {boolean} [options.costs] whether it may fetch more than a few words
 */
export function setUpTool(study, tool, { fold: id, about, args, costArgs, costs = true }) {
  const fold = id ? byId(id, HTMLDetailsElement) : null;
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
  let seen = false;
  async function ask() {
    const { outdated, task, model } = study.state;
    const now = `${outdated[tool] ?? 0} ${model !== null}`;
    if (!(fold?.open ?? seen) || task || now === asked) return;
    asked = now;
    await study.askCost(tool, costArgs);
  }
  fold?.addEventListener('toggle', ask);
  onceNear(byId(`step-${tool}`, HTMLDivElement), () => {
    seen = true;
    ask();
  });
  study.watch(
    ({ task }) => task !== null,
    (busy) => {
      // What a task fetched is no longer to be fetched.
      if (!busy) asked = '';
    },
  );
  study.subscribe(ask);
}

/**
 * Runs a tool by itself whenever its result is missing, where that takes nothing that is
 * not here, or little of the site's own model. What was cancelled or failed waits for its
 * button.
 * @param {import('../study/study.js').Study} study
 * @param {Tool} tool
 * @param {() => object} args what it takes beside the settings
 * @param {() => string} [also] what else its result stands on
 */
export function followTool(study, tool, args, also = () => '') {
  /** What it was last run for. */
  let asked = '';
  study.subscribe((state) => {
    const { pattern, task, waiting, following, goesOn, imported, problems } = state;
    if (!study.runsByItself || !pattern || imported || problems[tool]) return;
    if (task || waiting.length > 0 || following || goesOn) return;
    const now = `${state.outdated[tool] ?? 0} ${state.model?.id} ${pattern.head} ${also()}`;
    const missing = state.estimates[tool]?.bytes ?? Infinity;
    const most = isHere(shownSettings(state)) ? SMALL_FETCH : 0;
    if (now === asked || missing > most) return;
    asked = now;
    study.useTool(tool, args);
  });
}
