// What follows a change: prompts are drawn again, costs asked for again, and what takes
// next to nothing is computed again. Where the model would have to be loaded first, the
// site's own one shows the study meanwhile.

import { change } from '../pkg/headscope.js';
import { isCancelled, mergeProblems } from '../kit/problem.js';
import { OWN } from './demo.js';
import { inForce, shownSettings, stepsOfRun } from './study-state.js';

/**
 * What a change of settings may fetch by itself once Start was pressed: a few
 * rows of the embedding, but never another layer.
 */
export const SMALL_FETCH = 2_000_000;

/** What may take longer than this, in seconds, waits for its button. */
const LONGEST_UNASKED = 3;
/** So long may what runs in the background take, and so often it begins anew. */
const LONGEST_BEHIND = 60;
const MOST_TRIES = 8;
/** Milliseconds that the page is left alone before. */
const SOON = 500;
/** Multiplications and additions a second of a slow machine, on one thread. */
const PACE = 25e9;

/** What goes on by itself once the head is shown. */
const FURTHER = /** @type {const} */ (['scores', 'ablations']);

export class Following {
  #engine;
  #store;
  #jobs;
  #take;
  /** Counts changes of settings, so that only the latest is followed up. */
  #turn = 0;
  /** Whether what the latest change asks for may be fetched, up to `SMALL_FETCH`. */
  #mayFetch = false;
  /** Whether the prompts shown are not those of the settings. */
  #mustRedraw = false;
  /** Whether the costs told are not those of the settings. */
  staleCosts = true;
  /** Whether what costs next to nothing runs unasked. */
  byItself;
  /** Whether the pattern shown is not that of the settings. */
  stalePattern = false;

  /**
   * @param {import('../engine/client.js').EngineClient} engine
   * @param {import('./store.js').Store} store
   * @param {import('./jobs.js').Jobs} jobs
   * @param {boolean} byItself whether what costs next to nothing runs unasked
   * @param {Record<'demo' | 'head' | 'scores' | 'ablations', () => Promise<boolean>>} take
   */
  constructor(engine, store, jobs, byItself, take) {
    this.#engine = engine;
    this.#store = store;
    this.#jobs = jobs;
    this.byItself = byItself;
    this.#take = take;
  }

  /**
   * @param {object} options
   * @param {boolean} options.redraw whether the change drew other prompts
   * @param {boolean} options.mayFetch whether the head may fetch up to `SMALL_FETCH`
   */
  async follow({ redraw, mayFetch }) {
    const turn = this.supersede();
    this.#mayFetch = mayFetch;
    this.#mustRedraw ||= redraw;
    try {
      await this.#followUp(turn, mayFetch);
      await this.goOn(turn);
    } finally {
      const { following, coming } = this.#store.state;
      if (turn === this.#turn && (following || coming.length > 0)) {
        this.#store.set({ following: false, coming: [] });
      }
    }
  }

  /** Goes on with the latest change, after what superseded it came to nothing. */
  resume() {
    return this.follow({ redraw: false, mayFetch: this.#mayFetch });
  }

  /**
   * Whose results will follow by themselves where a change made them untrue.
   * @param {Change['stale']} stale
   * @returns {Step[]}
   */
  comingAfter(stale) {
    const { state } = this.#store;
    if (!this.byItself || state.imported || !state.pattern) return [];
    const shown = FURTHER.filter((step) => state[step] || state.coming.includes(step));
    return shown.filter((step) => stale[step] !== undefined || state.coming.includes(step));
  }

  /**
   * Goes on to all heads' scores and to the ablations, where nothing has to be fetched and
   * they take a moment, or where the link asks for them. What is cancelled ends it.
   * @param {number} [turn]
   */
  async goOn(turn = this.#turn) {
    if (!this.byItself) return;
    // What opening the model told, and what it fetched, changes what is left to fetch.
    const { demo, pattern, imported, scores, ablations } = this.#store.state;
    if (pattern && !demo && !imported && !(scores && ablations)) await this.estimate(turn);
    for (const step of FURTHER) {
      const { state } = this.#store;
      if (turn !== this.#turn || state.imported || !state.pattern || this.stalePattern) return;
      if (state[step] || !this.#mayRun(step)) continue;
      if (!(await this.#take[step]())) return;
    }
    this.#scoreLoaded(turn).then(() => this.#drawSeeds(turn));
  }

  /**
   * The heads that are loaded, where all of them would take a download.
   * @param {number} turn
   */
  async #scoreLoaded(turn) {
    const settings = shownSettings(this.#store.state);
    const lacks = () => !this.#store.state.scores && !this.#store.state.loaded;
    const loaded = await this.#behind(turn, 'loaded_scores', { settings }, lacks);
    if (loaded && lacks()) this.#store.set({ loaded });
  }

  /**
   * Other seeds. What goes wrong is told when the visitor runs them.
   * @param {number} turn
   */
  async #drawSeeds(turn) {
    const settings = shownSettings(this.#store.state);
    const lacks = async () => {
      const { scores, further } = this.#store.state;
      return scores !== null && !further.seeds && (await this.#seedsAreHere(settings));
    };
    const found = await this.#behind(turn, 'tool', { seeds: { settings } }, lacks);
    const seeds = /** @type {Seeds | undefined} */ (found);
    if (seeds) this.#store.set({ further: { ...this.#store.state.further, seeds } });
  }

  /**
   * Asks the engine in the background: whatever else is asked of it goes first, and then
   * this begins anew.
   * @template {'loaded_scores' | 'tool'} Name
   * @param {number} turn
   * @param {Name} name
   * @param {RequestOf<Name>} ask
   * @param {() => boolean | Promise<boolean>} wanted
   * @returns {Promise<AnswerTo<Name> | undefined>} nothing where it is not wanted any more
   */
  async #behind(turn, name, ask, wanted) {
    const { pattern } = this.#store.state;
    const stands = () => {
      const now = this.#store.state;
      return turn === this.#turn && now.pattern === pattern && pattern !== null && !now.imported;
    };
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, SOON));
      await this.#jobs.whenIdle();
      if (!stands() || !(await wanted())) return undefined;
      const givesWay = new AbortController();
      const found = await this.#engine
        .call(name, ask, { givesWay })
        .catch((thrown) => (isCancelled(thrown) ? null : undefined));
      if (found !== null) return stands() ? found : undefined;
    }
    return undefined;
  }

  /**
   * Whether other seeds need nothing that is not here, and take no longer than a minute.
   * @param {Settings} settings
   */
  async #seedsAreHere(settings) {
    const { state } = this.#store;
    const [from = 0, to = 0] = settings.seeds.split('-').map(Number);
    const each = seconds(state, 'scores') + seconds({ ...state, settings }, 'ablations');
    if (!((to - from + 1) * each < LONGEST_BEHIND)) return false;
    if (isHere(settings)) return true;
    const cost = await this.#engine.call('estimate', { settings, step: 'seeds' }).catch(() => null);
    return cost?.bytes === 0;
  }

  /** @param {'scores' | 'ablations'} step */
  #mayRun(step) {
    const { state } = this.#store;
    const asked = stepsOfRun(shownSettings(state)).includes(step);
    // Where there is nothing to score, only who asked for it is told of a problem.
    if (!asked && !state.pattern?.scorable) return false;
    if (state.demo) return true;
    const fetched = state.estimates[step]?.bytes;
    const here = fetched === 0 || (isHere(state.settings) && fetched != null);
    return here && (asked || seconds(state, step) < LONGEST_UNASKED);
  }

  /** What follows an earlier change is not wanted any more. */
  supersede() {
    return ++this.#turn;
  }

  /** Prompts and pattern came with the settings, as those of a file do. */
  settle() {
    this.#mustRedraw = false;
    this.stalePattern = false;
  }

  /** @param {number} [turn] */
  async estimate(turn = this.#turn) {
    const { state } = this.#store;
    const shown = shownSettings(state);
    /**
     * @param {'head' | 'scores' | 'ablations'} step
     * @param {Settings} settings
     */
    const ask = (step, settings) =>
      this.#engine.call('estimate', { settings, step }).catch(() => null);
    const [head, scores, ablations] = await Promise.all([
      ask('head', state.settings),
      ask('scores', shown),
      ask('ablations', shown),
    ]);
    if (turn !== this.#turn) return;
    this.staleCosts = false;
    this.#store.set({ estimates: { ...this.#store.state.estimates, head, scores, ablations } });
  }

  /**
   * @param {number} turn
   * @param {boolean} mayFetch
   */
  async #followUp(turn, mayFetch) {
    const store = this.#store;
    await this.#jobs.whenIdle();
    if (turn !== this.#turn) return;
    if (this.#mustRedraw && !(await this.#drawPrompts(turn))) return;
    if (this.staleCosts) await this.estimate(turn);
    const wanted = () => this.stalePattern || (this.byItself && store.state.pattern === null);
    if (turn !== this.#turn || !wanted()) return;
    await this.#jobs.whenIdle();
    if (turn !== this.#turn || !wanted()) return;
    const { settings, model, demo, estimates, imported, held } = store.state;
    const missing = estimates.head?.bytes;
    const started = model !== null && demo === null;
    const byItself = this.byItself && !imported && held === null;
    // What a file of the visitor’s holds is not known before it is opened.
    const here = byItself && (missing === 0 || (isHere(settings) && estimates.head));
    if (here || (started && missing != null && missing <= (mayFetch ? SMALL_FETCH : 0))) {
      await this.#take.head();
    } else if (byItself && (await this.#take.demo()) && store.state.demo) {
      this.stalePattern = false;
    }
    if (this.stalePattern && turn === this.#turn) store.set({ pattern: null, demo: null });
  }

  /**
   * @param {number} turn
   * @returns {Promise<boolean>} whether the prompts are there and still wanted
   */
  async #drawPrompts(turn) {
    const store = this.#store;
    const { settings } = store.state;
    try {
      const promptSet = await this.#engine.call('prompts', { settings });
      if (turn !== this.#turn) return false;
      this.#mustRedraw = false;
      store.set({ promptSet, problems: { ...store.state.problems, prompts: null } });
      // Painted cells may lie beyond a text, which nobody knows before it is split into tokens.
      const left = promptSet.target;
      if (left) {
        store.set({
          ...inForce(change(settings, { target: left.target })),
          settingProblems: mergeProblems(store.state.settingProblems, [left.problem]),
        });
      }
      return true;
    } catch (thrown) {
      if (turn !== this.#turn) return false;
      // Nothing of earlier prompts may stand under settings that draw none.
      store.set({ pattern: null });
      store.fail('prompts', thrown);
      return false;
    }
  }
}

/**
 * Whether a model comes from the site itself or from the visitor's disk.
 * @param {Settings} settings
 */
export function isHere({ model }) {
  return model === OWN || model === 'file';
}

/**
 * What a step may take on a slow machine, reckoned from the matrices of each layer.
 * @param {import('./study-state.js').StudyState} state
 * @param {'scores' | 'ablations'} step
 */
function seconds({ settings, model, promptSet, pattern }, step) {
  if (!model || !promptSet || !pattern) return Infinity;
  const kept = promptSet.prompts.filter((prompt) => prompt.kept);
  const tokens = kept.reduce((sum, { token_ids }) => sum + token_ids.length, 0);
  const layer = 24 * model.d_model ** 2 * tokens;
  if (step === 'scores') return (layer * model.n_layer) / PACE;
  const below = Number(/^L(\d+)/.exec(pattern.head)?.[1] ?? model.n_layer);
  const components = settings.ablate === 'all' ? 2 + below * (model.n_head + 3) : 4;
  return (layer * below * components * (settings.against ? 2 : 1)) / PACE;
}
