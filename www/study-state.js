// What the page knows at a moment, and what depends on which settings.

/** @typedef {'prompts' | Step} Place where a problem is shown */

/**
 * @typedef {object} StudyState
 * @property {Settings} settings
 * @property {SettingProblem[]} settingProblems what the link or the model could not use
 * @property {PromptSet | null} promptSet
 * @property {ModelInfo | null} model
 * @property {PatternResult | null} pattern
 * @property {HeadScores | null} scores
 * @property {Ablations | null} ablations
 * @property {Record<Step, Estimate | null>} estimates
 * @property {{ step: Step, progress: Progress | null } | null} task
 * @property {Record<Place, Problem | null>} problems
 */

/** What each result was computed from: when one of these changes, it is stale. */
const DRAW = /** @type {const} */ (['model', 'seed', 'n', 'len', 'cats', 'words', 'text']);
const DEPENDS = {
  prompts: DRAW,
  head: /** @type {const} */ ([...DRAW, 'head', 'prompt', 'metric']),
  scores: /** @type {const} */ ([...DRAW, 'metric']),
  ablations: /** @type {const} */ ([...DRAW, 'head', 'metric', 'kind']),
};

/**
 * Nothing drawn, nothing loaded.
 * @param {Settings} settings
 * @param {SettingProblem[]} settingProblems
 * @returns {StudyState}
 */
export function firstState(settings, settingProblems) {
  return {
    settings,
    settingProblems,
    promptSet: null,
    model: null,
    pattern: null,
    scores: null,
    ablations: null,
    estimates: { head: null, scores: null, ablations: null },
    task: null,
    problems: { prompts: null, head: null, scores: null, ablations: null },
  };
}

/**
 * Whether a result depends on one of these settings.
 * @param {keyof typeof DEPENDS} result
 * @param {(keyof Settings)[]} keys
 */
export function touches(result, keys) {
  return DEPENDS[result].some((key) => keys.includes(key));
}

/**
 * The one word for where the page stands, for `<html data-state>`.
 * @param {StudyState} state
 */
export function stateName({ task, problems, pattern, scores, ablations }) {
  if (task) return task.step === 'head' ? 'loading' : 'running';
  if (Object.values(problems).some(Boolean)) return 'error';
  if (!pattern) return 'start';
  return scores && ablations ? 'done' : 'ready';
}
