// What the page knows at a moment, and what depends on which settings.

/** @typedef {'prompts' | Task} Place where a problem is shown */

/**
 * @typedef {object} StudyState
 * @property {Settings} settings
 * @property {string} link the text after `#` for them
 * @property {SettingProblem[]} settingProblems what could not be used of the link or beside a change
 * @property {Partial<Record<Outcome, number>>} outdated how often changes of settings made each result untrue
 * @property {PromptSet | null} promptSet
 * @property {Settings | null} demo those of the site's own model, while its results stand in for the ones of a model that is not loaded
 * @property {ModelInfo | null} model
 * @property {PatternResult | null} pattern
 * @property {HeadScores | null} scores
 * @property {PartialScores | null} loaded scores of the heads that are loaded, until all heads have theirs
 * @property {Ablations | null} ablations
 * @property {Imported | null} imported where the results are from, if not computed by this page
 * @property {Partial<ToolResults>} further what the tools beyond the three steps found
 * @property {Partial<Record<Step, Estimate | null>>} estimates
 * @property {{ step: Task, progress: Progress | null } | null} task
 * @property {Task[]} waiting steps that were pressed while the task ran
 * @property {number} choices how often the visitor changed settings here, and not by a link
 * @property {string | null} held why Start waits for the visitor
 * @property {boolean} goesOn whether a Start is not through with its steps
 * @property {boolean} following whether a change of settings is not through with what follows
 * @property {Step[]} coming steps whose old results are on show until new ones follow by themselves
 * @property {Partial<Record<Task, string>>} stopped why steps ended that nobody cancelled
 * @property {string} threadNote what became of the threads that compute
 * @property {Partial<Record<Place, Problem | null>>} problems
 */

/**
 * Where results are from that were read from a file: one that the visitor opened,
 * or what this tab kept over a reload.
 * @typedef {object} Imported
 * @property {'file' | 'kept'} from
 * @property {string} name of the file
 * @property {string} build of the page that computed them
 * @property {ImportedModel | null} model
 */

/** Why each result is untrue now, as a clause. @typedef {Change['stale']} Stale */

/**
 * Nothing drawn, nothing loaded.
 * @param {Pick<StudyState, 'settings' | 'link'>} inForce
 * @param {SettingProblem[]} settingProblems
 * @returns {StudyState}
 */
export function firstState({ settings, link }, settingProblems) {
  return {
    settings,
    link,
    settingProblems,
    outdated: {},
    demo: null,
    promptSet: null,
    model: null,
    pattern: null,
    scores: null,
    loaded: null,
    ablations: null,
    imported: null,
    further: {},
    estimates: {},
    task: null,
    waiting: [],
    choices: 0,
    held: null,
    goesOn: false,
    following: false,
    coming: [],
    stopped: {},
    threadNote: '',
    problems: {},
  };
}

/**
 * The settings that belong to what is on show.
 * @param {Pick<StudyState, 'settings' | 'demo'>} state
 */
export function shownSettings({ settings, demo }) {
  return demo ?? settings;
}

/**
 * The visitor's texts: each line that is not empty is one.
 * @param {Pick<Settings, 'text'>} settings
 */
export function textsOf({ text }) {
  return text?.split(/\r?\n/).filter((line) => line.trim() !== '') ?? [];
}

/**
 * The number of the shown prompt: a text alone is the only one there is.
 * @param {Settings} settings
 */
export function shownPrompt(settings) {
  return textsOf(settings).length === 1 ? 0 : settings.prompt;
}

/**
 * What to say of a text that is too long for the model; nothing of one that is
 * not, as far as is known.
 * @param {StudyState} state
 */
export function textTooLong({ settings, demo, promptSet, model, problems }) {
  if (settings.text === null || demo) return '';
  const { prompts = [] } = promptSet ?? {};
  const long = model && prompts.find(({ tokens }) => tokens.length > model.n_ctx);
  if (long)
    return `${prompts.length > 1 ? `Text ${long.sequence}` : 'Your text'} has ${long.tokens.length} tokens, beginning-of-text included, and this model takes ${model.n_ctx}. Shorten it.`;
  const problem = [problems.prompts, problems.head].find((each) => each?.key === 'len');
  return problem ? `${problem.what} Shorten the text.` : '';
}

/**
 * What is left of a state's results and problems after a change of settings. The
 * pattern stays until a new one is there.
 * @param {StudyState} state
 * @param {Stale} stale
 * @returns {Pick<StudyState, 'scores' | 'loaded' | 'ablations' | 'further' | 'problems' | 'outdated'>}
 */
export function stillTrue({ scores, loaded, ablations, further, problems, outdated }, stale) {
  const untrue = /** @type {Outcome[]} */ (Object.keys(stale));
  const counted = untrue.map((each) => [each, (outdated[each] ?? 0) + 1]);
  return {
    scores: stale.scores ? null : scores,
    loaded: stale.scores ? null : loaded,
    ablations: stale.ablations ? null : ablations,
    further: without(further, stale),
    problems: without(problems, stale),
    outdated: { ...outdated, ...Object.fromEntries(counted) },
  };
}

/**
 * @template {object} T
 * @param {T} results
 * @param {Stale} stale
 * @returns {T}
 */
function without(results, stale) {
  const fresh = Object.entries(results).filter(([name]) => !(name in stale));
  return /** @type {T} */ (Object.fromEntries(fresh));
}

/**
 * What a change puts in force.
 * @param {Change} changed
 * @returns {Pick<StudyState, 'settings' | 'link'>}
 */
export function inForce({ settings, link }) {
  return { settings, link };
}

/** No results, as a change of state. */
export const NOTHING = /** @type {const} */ ({
  pattern: null,
  scores: null,
  loaded: null,
  ablations: null,
  further: {},
});

/**
 * Whether a state holds any results.
 * @param {StudyState} state
 */
export function hasResults({ pattern, scores, ablations, further }) {
  return Boolean(pattern || scores || ablations) || Object.values(further).some(Boolean);
}

/**
 * What the words of `run` stand for, in the order in which it is done.
 * @type {Map<string, (Tool | 'scores' | 'ablations')[]>}
 */
const RUN = new Map([
  ['all', ['scores', 'ablations']],
  ['circuits', ['circuits']],
  ['lens', ['lens', 'attribution']],
  ['output', ['output']],
  ['seeds', ['seeds']],
]);

/**
 * The steps that a Start goes on to.
 * @param {Settings} settings
 */
export function stepsOfRun({ run }) {
  return (run?.split('.') ?? []).flatMap((word) => RUN.get(word) ?? []);
}

/**
 * The one word for where the page stands, for `<html data-state>`. With results
 * from a file it stands at the start: nothing is computed until Start.
 * @param {StudyState} state
 */
export function stateName(state) {
  const { task, following, goesOn, problems, pattern, scores, ablations, imported } = state;
  if (task) return ['head', 'demo'].includes(task.step) ? 'loading' : 'running';
  if (following) return 'running';
  if (Object.values(problems).some(Boolean)) return 'error';
  if (!pattern || imported) return 'start';
  // Between two steps of a Start nothing is under way for a moment.
  if (goesOn) return 'running';
  if (scores && ablations) return 'done';
  const steps = stepsOfRun(state.settings);
  const has = (/** @type {typeof steps[number]} */ step) =>
    step === 'scores' || step === 'ablations' ? state[step] : state.further[step];
  return steps.length > 0 && steps.every(has) ? 'done' : 'ready';
}

/**
 * The model whose results are shown, for `<html data-model>`: its id in the link, or
 * nothing. A pattern outlives its model until the next one's is there.
 * @param {StudyState} state
 * @param {string} before
 */
export function shownModel(state, before) {
  if (!hasResults(state)) return '';
  return state.imported?.model?.id ?? state.model?.id ?? before;
}
