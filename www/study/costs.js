// What tools would fetch.

import { shownSettings } from './study-state.js';

export class Costs {
  #engine;
  #store;
  /** Questions that were not answered yet. @type {Map<Tool, AbortController>} */
  #asking = new Map();

  /**
   * @param {import('../engine/client.js').EngineClient} engine
   * @param {import('./store.js').Store} store
   */
  constructor(engine, store) {
    this.#engine = engine;
    this.#store = store;
  }

  /**
   * Asks what a tool would fetch now. Where that cannot be said, running the
   * tool will tell why.
   * @param {Tool} tool
   * @param {() => { figures?: string } | Promise<{ figures?: string }>} [args]
   */
  async ask(tool, args = () => ({})) {
    const settings = shownSettings(this.#store.state);
    const controller = new AbortController();
    // An estimate may draw prompts for a while: a later question or a run ends it.
    this.#asking.get(tool)?.abort();
    this.#asking.set(tool, controller);
    const { signal } = controller;
    const ask = async () =>
      this.#engine.call('estimate', { settings, step: tool, ...(await args()) }, { signal });
    const cost = await ask().catch(() => null);
    if (signal.aborted) return;
    this.#store.set({ estimates: { ...this.#store.state.estimates, [tool]: cost } });
  }

  /** Ends all questions, since something runs. */
  end() {
    for (const asking of this.#asking.values()) asking.abort();
  }
}
