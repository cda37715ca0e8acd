// The steps that change the state of the page. Views subscribe and draw
// what they are given; nothing here touches the DOM.

import { reconcile } from './pkg/headscope.js';
import { asProblem, isCancelled } from './problem.js';
import { NOTHING, firstState, hasResults, stillTrue, touches } from './study-state.js';

/**
 * What a change of settings may fetch by itself once Start was pressed: a few
 * rows of the embedding, but never another layer.
 */
const SMALL_FETCH = 2_000_000;

/** What the engine calls the tools. */
const METHODS = /** @type {const} */ ({
  pins: 'pinned',
  thumbnails: 'thumbnails',
  categories: 'categories',
  contrasts: 'contrast',
  seeds: 'many_seeds',
  text: 'read_text',
  continuation: 'continue_text',
  check: 'self_check',
});

/** @typedef {import('./study-state.js').StudyState} StudyState */
/** @typedef {(state: StudyState) => void} Listener */

export class Study {
  #engine;
  /** @type {StudyState} */
  #state;
  /** @type {Listener[]} */
  #listeners = [];
  /** @type {AbortController | null} */
  #controller = null;
  /** The tools' questions for their cost. @type {Map<Tool, AbortController>} */
  #asking = new Map();
  /** Resolves when the running step has ended, however it ended. */
  #idle = Promise.resolve();
  /** Counts changes of settings, so that only the latest is followed up. */
  #turn = 0;
  /** Whether the prompts shown are not those of the settings. */
  #mustRedraw = false;
  /** Whether the pattern shown is not that of the settings. */
  #stalePattern = false;
  /** The file that the imported results are from, to fall back to. */
  #importedText = '';
  /** What was here before an import. @type {{ settings: Settings, text: string | null } | null} */
  #before = null;
  /** What the model could not use when it was last loaded. @type {SettingProblem[]} */
  #modelProblems = [];

  /**
   * @param {import('./engine.js').EngineClient} engine
   * @param {Settings} settings
   * @param {SettingProblem[]} settingProblems
   */
  constructor(engine, settings, settingProblems) {
    this.#engine = engine;
    this.#state = firstState(settings, settingProblems);
  }

  get state() {
    return this.#state;
  }

  /** @param {Listener} listener */
  subscribe(listener) {
    this.#listeners.push(listener);
    listener(this.#state);
  }

  /** Draws the prompts: at first, and again after that failed. */
  open() {
    return this.#follow({ redraw: true, mayFetch: false });
  }

  /**
   * Changes settings. What is impossible beside the change is put right, and
   * said. Results that depended on them go; prompts are drawn again, and so is
   * the head, if the change needs no more than `SMALL_FETCH`.
   * @param {Partial<Settings>} patch
   */
  change(patch) {
    const { settings, problems } = reconcile({ ...this.#state.settings, ...patch });
    const others = this.#state.settingProblems.filter(({ key }) => !(key in patch));
    const changed = this.#replaceSettings(settings, merge(others, problems));
    if (changed.length > 0) this.#follow({ redraw: redraws(changed, settings), mayFetch: true });
  }

  /**
   * Takes over the settings of a link, which never starts a download.
   * @param {Settings} settings
   * @param {SettingProblem[]} settingProblems
   */
  openLink(settings, settingProblems) {
    const changed = this.#replaceSettings(settings, settingProblems);
    if (changed.length > 0) this.#follow({ redraw: redraws(changed, settings), mayFetch: false });
  }

  /** Shows the head; with `run=all` in the link, goes on to everything else. */
  async start() {
    this.#set({ goesOn: true });
    await this.#takeSteps();
    this.#set({ goesOn: false });
  }

  async #takeSteps() {
    await this.#whenIdle();
    if (!(await this.#showHead()) || this.#state.settings.run !== 'all') return;
    await this.#whenIdle();
    if (!(await this.scoreHeads())) return;
    await this.#whenIdle();
    await this.runAblations();
  }

  /** Loads what the shown head needs and computes its pattern. */
  #showHead() {
    return this.#run('head', async (options) => {
      const { settings, imported } = this.#state;
      const { model, pattern } = await this.#computeHead(settings, options).catch(
        async (thrown) => {
          // The engine let go of the file's results; the page still shows them.
          if (imported) await this.#engine.call('import_results', { text: this.#importedText });
          throw thrown;
        },
      );
      const others = this.#state.settingProblems.filter(
        (problem) => !this.#modelProblems.includes(problem),
      );
      this.#modelProblems = model.problems;
      this.#set({
        // Of a file's results none may stand beside what is computed here.
        ...(imported ? NOTHING : {}),
        imported: null,
        settings: { ...this.#state.settings, head: model.head },
        settingProblems: merge(others, model.problems),
        model,
        pattern,
      });
    });
  }

  /**
   * @param {Settings} settings
   * @param {{ signal: AbortSignal, onProgress: (progress: Progress) => void }} options
   */
  async #computeHead(settings, options) {
    const model = await this.#engine.call('load', { settings }, options);
    // A model that lacks the head asked for shows another, and says so.
    const shown = { ...settings, head: model.head };
    return { model, pattern: await this.#engine.call('pattern', { settings: shown }, options) };
  }

  scoreHeads() {
    return this.#run('scores', async (options) => {
      const { settings } = this.#state;
      this.#set({ scores: await this.#engine.call('score_heads', { settings }, options) });
    });
  }

  runAblations() {
    return this.#run('ablations', async (options) => {
      const { settings } = this.#state;
      this.#set({ ablations: await this.#engine.call('run_ablations', { settings }, options) });
    });
  }

  /**
   * Takes a model from the visitor's disk.
   * @param {File} file
   * @param {File | null} config
   */
  async pickFile(file, config) {
    // Said to the engine first, so that a Start right after finds the file there.
    const picked = this.#engine.call('pick_file', { file, config });
    this.change({ model: 'file' });
    // Another file under the same name is another model all the same.
    this.#set({ model: null, ...NOTHING });
    await picked;
    await this.#follow({ redraw: false, mayFetch: false });
  }

  /**
   * Shows the results of a file in place of what is here. A file that cannot be
   * used is thrown as a Problem, and everything stays.
   * @param {string} text
   * @param {Pick<import('./study-state.js').Imported, 'from' | 'name'>} source
   */
  async openFile(text, source) {
    const { settings, pattern } = this.#state;
    const before = pattern ? await this.exportText('export_json') : null;
    await this.#import(text, source);
    this.#before = source.from === 'file' ? { settings, text: before } : null;
  }

  /** Goes back to what was here before a file was opened. */
  async closeFile() {
    this.cancel();
    await this.#whenIdle();
    const before = this.#before ?? { settings: this.#state.settings, text: null };
    this.#before = null;
    if (before.text) {
      await this.#import(before.text, { from: 'kept', name: '' });
      return;
    }
    this.#set({ ...NOTHING, model: null });
    this.openLink(before.settings, []);
  }

  /**
   * @param {string} text
   * @param {Pick<import('./study-state.js').Imported, 'from' | 'name'>} source
   */
  async #import(text, source) {
    const file = await this.#engine.call('import_results', { text });
    const { build, model, settings, promptSet, pattern, scores, ablations } = file;
    const { reading, self_check, ...tools } = file.further;
    const turn = ++this.#turn;
    this.#mustRedraw = false;
    this.#stalePattern = false;
    this.#importedText = text;
    this.#set({
      settings,
      settingProblems: [],
      promptSet,
      model: null,
      pattern,
      scores,
      ablations,
      further: { ...tools, text: reading, check: self_check },
      imported: { ...source, build, model },
      problems: {},
    });
    await this.#estimate(turn);
  }

  /**
   * The tokens of each of these words.
   * @param {string[]} words
   */
  wordTokens(words) {
    return this.#engine.call('word_tokens', { words });
  }

  /** What is kept on this device. */
  storage() {
    return this.#engine.call('storage', {});
  }

  async clearStorage() {
    await this.#engine.call('clear_storage', {});
    await this.#estimate(this.#turn);
  }

  /**
   * The open model is opened again at the next step, its weights shared out anew.
   * @param {number} threads
   */
  async useThreads(threads) {
    await this.#engine.call('use_threads', { threads });
    await this.#estimate(this.#turn);
  }

  /**
   * Runs a tool; `args` gives what it takes beside the settings.
   * @param {Tool} tool
   * @param {() => object | Promise<object>} [args]
   */
  useTool(tool, args = () => ({})) {
    return this.#run(tool, async (options) => {
      const { settings } = this.#state;
      const all = /** @type {any} */ ({ settings, ...(await args()) });
      const result = await this.#engine.call(METHODS[tool], all, options);
      this.#set({ further: { ...this.#state.further, [tool]: result } });
    });
  }

  /**
   * Asks what a tool would fetch now. Where that cannot be said, running the
   * tool will tell why.
   * @param {Tool} tool
   * @param {() => { figures?: string } | Promise<{ figures?: string }>} [args]
   */
  async askCost(tool, args = () => ({})) {
    const { settings } = this.#state;
    const controller = new AbortController();
    // An estimate may draw prompts for a while: a later question or a run ends it.
    this.#asking.get(tool)?.abort();
    this.#asking.set(tool, controller);
    const { signal } = controller;
    const ask = async () =>
      this.#engine.call('estimate_tool', { settings, tool, ...(await args()) }, { signal });
    const cost = await ask().catch(() => null);
    if (signal.aborted) return;
    this.#set({ estimates: { ...this.#state.estimates, [tool]: cost } });
  }

  cancel() {
    this.#controller?.abort();
  }

  /** @param {'export_json' | 'export_csv'} format */
  exportText(format) {
    return this.#engine.call(format, {});
  }

  /**
   * @param {Settings} settings
   * @param {SettingProblem[]} settingProblems
   */
  #replaceSettings(settings, settingProblems) {
    const before = this.#state.settings;
    const keys = /** @type {(keyof Settings)[]} */ (Object.keys(settings));
    const changed = keys.filter((key) => settings[key] !== before[key]);
    const { task, model } = this.#state;
    if (task && touches(task.step, changed, settings)) this.cancel();
    this.#set({
      ...stillTrue(this.#state, changed, settings),
      settings,
      settingProblems,
      model: changed.includes('model') ? null : model,
    });
    // The old pattern stays until the new one is there, so that stepping
    // through prompts does not flicker; `#follow` drops it if none will come.
    if (touches('head', changed, settings)) this.#stalePattern = true;
    return changed;
  }

  /** @param {{ redraw: boolean, mayFetch: boolean }} options */
  async #follow({ redraw, mayFetch }) {
    const turn = ++this.#turn;
    this.#mustRedraw ||= redraw;
    await this.#idle;
    if (turn !== this.#turn) return;
    if (this.#mustRedraw && !(await this.#drawPrompts(turn))) return;
    await this.#estimate(turn);
    if (turn !== this.#turn || !this.#stalePattern) return;
    const started = this.#state.model !== null;
    const missing = this.#state.estimates.head?.bytes;
    const allowed = mayFetch ? SMALL_FETCH : 0;
    await this.#whenIdle();
    if (turn !== this.#turn || !this.#stalePattern) return;
    if (started && missing != null && missing <= allowed) await this.#showHead();
    if (this.#stalePattern && turn === this.#turn) this.#set({ pattern: null });
  }

  /**
   * @param {number} turn
   * @returns {Promise<boolean>} whether the prompts are there and still wanted
   */
  async #drawPrompts(turn) {
    const { settings } = this.#state;
    try {
      const promptSet = await this.#engine.call('prompts', { settings });
      if (turn !== this.#turn) return false;
      this.#mustRedraw = false;
      this.#set({ promptSet, problems: { ...this.#state.problems, prompts: null } });
      return true;
    } catch (thrown) {
      if (turn === this.#turn) this.#fail('prompts', thrown);
      return false;
    }
  }

  /** @param {number} turn */
  async #estimate(turn) {
    const { settings } = this.#state;
    /** @param {'head' | 'scores' | 'ablations'} step */
    const ask = (step) => this.#engine.call('estimate', { settings, step }).catch(() => null);
    const [head, scores, ablations] = await Promise.all([
      ask('head'),
      ask('scores'),
      ask('ablations'),
    ]);
    if (turn !== this.#turn) return;
    this.#set({ estimates: { ...this.#state.estimates, head, scores, ablations } });
  }

  /** A step that just ended may have been followed by another. */
  async #whenIdle() {
    while (this.#controller) await this.#idle;
  }

  /**
   * Runs a step: one at a time, with progress, ending in a result, a problem,
   * or (cancelled) in the state before.
   * @param {Step} step
   * @param {(options: { signal: AbortSignal, onProgress: (progress: Progress) => void }) => Promise<void>} work
   * @returns {Promise<boolean>} whether it ended in a result
   */
  async #run(step, work) {
    // Nothing but a Start computes beside what is from a file.
    if (this.#controller || (this.#state.imported && step !== 'head')) return false;
    const controller = new AbortController();
    this.#controller = controller;
    for (const asking of this.#asking.values()) asking.abort();
    let settle = () => {};
    this.#idle = new Promise((resolve) => (settle = resolve));
    this.#set({
      task: { step, progress: null },
      problems: { ...this.#state.problems, [step]: null },
    });
    /** @param {Progress} progress */
    const onProgress = (progress) => this.#set({ task: { step, progress } });
    try {
      await work({ signal: controller.signal, onProgress });
      if (step === 'head') this.#stalePattern = false;
      return true;
    } catch (thrown) {
      if (!isCancelled(thrown)) this.#fail(step, thrown);
      return false;
    } finally {
      this.#controller = null;
      this.#set({ task: null });
      settle();
      this.#estimate(this.#turn);
    }
  }

  /**
   * @param {import('./study-state.js').Place} place
   * @param {unknown} thrown
   */
  #fail(place, thrown) {
    this.#set({ problems: { ...this.#state.problems, [place]: asProblem(thrown) } });
  }

  /**
   * A view that fails stops neither the other views nor the study.
   * @param {Partial<StudyState>} patch
   */
  #set(patch) {
    this.#state = { ...this.#state, ...patch };
    if (this.#state.imported && !hasResults(this.#state)) this.#state.imported = null;
    for (const listener of this.#listeners) {
      try {
        listener(this.#state);
      } catch (thrown) {
        reportError(thrown);
      }
    }
  }
}

/**
 * Reports of settings, the later one where both are of the same.
 * @param {SettingProblem[]} earlier
 * @param {SettingProblem[]} later
 */
function merge(earlier, later) {
  const told = new Set(later.map(({ key }) => key));
  return [...earlier.filter(({ key }) => !told.has(key)), ...later];
}

/**
 * @param {(keyof Settings)[]} changed
 * @param {Settings} settings
 */
function redraws(changed, settings) {
  return touches('prompts', changed, settings);
}
