// The site's own model, which runs by itself where the link's model would have to be
// loaded first: the page is alive before it asks for anything.

import { change } from '../pkg/headscope.js';
import { isCancelled } from '../kit/problem.js';
import { NOTHING } from './study-state.js';
import { catalogue } from './catalogue.js';

/** The site's own model, as links call it. */
export const OWN = 'tiny';

/**
 * The link's study on the site's own model, as far as that can do it: a text and words of
 * the visitor's own wait for the model that was chosen.
 * @param {Settings} settings
 */
function demoOf(settings) {
  const ablate = settings.ablate === 'all' ? 'all' : null;
  const own = { model: OWN, text: null, words: null, ablate, pins: null, run: null, embed: null };
  return change(settings, own).settings;
}

/**
 * The state as a study of what is on show, with its own settings and link: of the demo
 * they are not those in force.
 * @param {import('./study-state.js').StudyState} state
 */
export function shownStudy(state) {
  if (!state.demo) return state;
  return { ...state, settings: state.demo, link: change(state.demo, {}).link };
}

export class Demo {
  #engine;
  #store;
  #jobs;

  /**
   * @param {import('../engine/client.js').EngineClient} engine
   * @param {import('./store.js').Store} store
   * @param {import('./jobs.js').Jobs} jobs
   */
  constructor(engine, store, jobs) {
    this.#engine = engine;
    this.#store = store;
    this.#jobs = jobs;
  }

  /**
   * Shows a head of the site's own model. Where that fails nothing is said: nobody asked
   * for it, and the page waits for Start as it would without.
   */
  show() {
    return this.#jobs.run('demo', async (options) => {
      const { settings } = this.#store.state;
      const { seed, prompt, head, metric, target, view } = settings;
      // Prompts that are too long for it give way to the usual ones.
      const usual = { ...catalogue().defaults, seed, prompt, head, metric, target, view };
      for (const each of [settings, usual]) {
        try {
          return await this.#compute(demoOf(each), options);
        } catch (thrown) {
          if (isCancelled(thrown) || options.signal.aborted) throw thrown;
        }
      }
    });
  }

  /**
   * Has the engine compute again what of the demo is on show, after it let go of that for
   * a model that could not be shown.
   */
  async restore() {
    const { demo: settings, scores, ablations } = this.#store.state;
    if (!settings) return;
    try {
      await this.#engine.call('load', { settings });
      await this.#engine.call('pattern', { settings });
      if (scores) await this.#engine.call('scores', { settings });
      if (ablations) await this.#engine.call('ablations', { settings });
    } catch {
      // It stays on show; a file of it then lacks what could not be computed.
    }
  }

  /** Ends it where it is not through yet. */
  stop() {
    this.#jobs.stop(null, (step) => step === 'demo');
  }

  /**
   * @param {Settings} settings
   * @param {{ signal: AbortSignal, onProgress: (progress: Progress) => void }} options
   */
  async #compute(settings, options) {
    const promptSet = await this.#engine.call('prompts', { settings }, options);
    const model = await this.#engine.call('load', { settings }, options);
    const demo = { ...settings, head: model.head };
    const pattern = await this.#engine.call('pattern', { settings: demo }, options);
    this.#store.set({ ...NOTHING, demo, model, pattern, promptSet });
  }
}
