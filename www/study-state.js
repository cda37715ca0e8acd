// What the page knows at a moment, and what depends on which settings.

/** @typedef {'prompts' | Step} Place where a problem is shown */

/**
 * @typedef {object} StudyState
 * @property {Settings} settings
 * @property {SettingProblem[]} settingProblems what could not be used of the link or beside a change
 * @property {PromptSet | null} promptSet
 * @property {ModelInfo | null} model
 * @property {PatternResult | null} pattern
 * @property {HeadScores | null} scores
 * @property {Ablations | null} ablations
 * @property {Imported | null} imported where the results are from, if not computed by this page
 * @property {Partial<ToolResults>} further what the tools beyond the three steps found
 * @property {Partial<Record<Step, Estimate | null>>} estimates
 * @property {{ step: Step, progress: Progress | null } | null} task
 * @property {boolean} goesOn whether a Start is not through with its steps
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

/** What each result was computed from: when one of these changes, it is stale. */
const DRAW = /** @type {const} */ (['model', 'seed', 'n', 'len', 'cats', 'words', 'text']);
const MEASURE = /** @type {const} */ (['metric', 'target']);
const ABLATE = /** @type {const} */ (['kind', 'ablate']);

/** @type {Record<Place, readonly (keyof Settings)[]>} */
const DEPENDS = {
  prompts: DRAW,
  head: [...DRAW, ...MEASURE, 'head', 'prompt'],
  scores: [...DRAW, ...MEASURE, 'over'],
  ablations: [...DRAW, ...MEASURE, ...ABLATE, 'head', 'against'],
  pins: [...DRAW, ...MEASURE, 'prompt', 'pins'],
  thumbnails: [...DRAW, ...MEASURE, 'prompt'],
  categories: [...DRAW, 'head'],
  contrasts: [...DRAW, ...MEASURE],
  seeds: ['model', 'n', 'len', 'cats', 'words', ...MEASURE, 'head', 'seeds'],
  text: [...DRAW, ...ABLATE, 'prompt'],
  continuation: [...DRAW, ...ABLATE, 'prompt'],
  check: ['model'],
};

/** @type {Tool[]} */
const TOOLS = [
  'pins',
  'thumbnails',
  'categories',
  'contrasts',
  'seeds',
  'text',
  'continuation',
  'check',
];

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
    imported: null,
    further: {},
    estimates: {},
    task: null,
    goesOn: false,
    problems: {},
  };
}

/**
 * The number of the shown prompt: a text is the only one there is.
 * @param {Settings} settings
 */
export function shownPrompt({ text, prompt }) {
  return text === null ? prompt : 0;
}

/**
 * Whether a result depends on one of these settings. Scores over the shown
 * prompt are that prompt's.
 * @param {Place} result
 * @param {(keyof Settings)[]} keys
 * @param {Settings} settings
 */
export function touches(result, keys, { over }) {
  if (result === 'scores' && over === 'prompt' && keys.includes('prompt')) return true;
  return DEPENDS[result].some((key) => keys.includes(key));
}

/**
 * What is left of a state's results and problems when these settings changed.
 * The pattern stays until a new one is there.
 * @param {StudyState} state
 * @param {(keyof Settings)[]} keys
 * @param {Settings} settings
 * @returns {Pick<StudyState, 'scores' | 'ablations' | 'further' | 'problems'>}
 */
export function stillTrue({ scores, ablations, further, problems }, keys, settings) {
  const places = /** @type {Place[]} */ (Object.keys(DEPENDS));
  const fresh = places.filter((place) => !touches(place, keys, settings));
  return {
    scores: fresh.includes('scores') ? scores : null,
    ablations: fresh.includes('ablations') ? ablations : null,
    further: Object.fromEntries(
      TOOLS.filter((tool) => fresh.includes(tool)).map((tool) => [tool, further[tool]]),
    ),
    problems: Object.fromEntries(fresh.map((place) => [place, problems[place] ?? null])),
  };
}

/** No results, as a change of state. */
export const NOTHING = /** @type {const} */ ({
  pattern: null,
  scores: null,
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
 * The one word for where the page stands, for `<html data-state>`. With results
 * from a file it stands at the start: nothing is computed until Start.
 * @param {StudyState} state
 */
export function stateName({ task, problems, pattern, scores, ablations, imported }) {
  if (task) return task.step === 'head' ? 'loading' : 'running';
  if (Object.values(problems).some(Boolean)) return 'error';
  if (!pattern || imported) return 'start';
  return scores && ablations ? 'done' : 'ready';
}
