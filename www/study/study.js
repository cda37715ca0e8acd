// The steps that change the state of the page. Views subscribe and draw
// what they are given; nothing here touches the DOM.

import { change } from '../pkg/headscope.js';
import { mergeProblems } from '../kit/problem.js';
import { catalogue } from './catalogue.js';
import { Costs } from './costs.js';
import { Demo } from './demo.js';
import { Files } from './files.js';
import { Following } from './following.js';
import { Jobs } from './jobs.js';
import { lockedCell } from './look.js';
import { Store } from './store.js';
import { NOTHING, inForce, shownSettings, stepsOfRun, stillTrue } from './study-state.js';

/** The step of Start itself. */
const HEAD = /** @type {const} */ ('head');

/**
 * What a change would come to.
 * @typedef {Change & { patch: Patch, refused: SettingProblem | undefined }} Preview
 */

export class Study {
  #engine;
  #store;
  #jobs;
  #following;
  #files;
  #demo;
  #costs;
  #take = {
    demo: () => this.#demo.show(),
    head: () => this.#showHead(),
    scores: () => this.scoreHeads(),
    ablations: () => this.runAblations(),
  };
  /** @type {(() => void)[]} */
  #resetListeners = [];
  /** What the model could not use when it was last loaded. @type {SettingProblem[]} */
  #modelProblems = [];

  /**
   * @param {import('../engine/client.js').EngineClient} engine
   * @param {ReadLink} link
   * @param {boolean} byItself whether what costs next to nothing runs unasked
   */
  constructor(engine, link, byItself) {
    const store = new Store(link, link.problems);
    const jobs = new Jobs(store, {
      begin: () => this.#costs.end(),
      // What arrived is no longer to be fetched.
      fetch: () => (following.staleCosts = true),
      idle: () => following.staleCosts && following.estimate(),
    });
    const following = new Following(engine, store, jobs, byItself, this.#take);
    const files = new Files(engine, store, jobs, following, (...link) => this.openLink(...link));
    this.#engine = engine;
    this.#store = store;
    this.#jobs = jobs;
    this.#following = following;
    this.#files = files;
    this.#demo = new Demo(engine, store, jobs);
    this.#costs = new Costs(engine, store);
    engine.onNote = (threadNote) => store.set({ threadNote });
    engine.onRestart = () => files.holdAgain();
  }

  get state() {
    return this.#store.state;
  }

  /** @param {import('./store.js').Listener} listener */
  subscribe(listener) {
    this.#store.subscribe(listener);
  }

  /**
   * Calls back whenever what is selected of the state differs: see `Store.watch`.
   * @template const T
   * @param {(state: import('./study-state.js').StudyState) => T} select
   * @param {(selected: T, state: import('./study-state.js').StudyState) => void} effect
   * @param {T} [known] what needs no call at first
   */
  watch(select, effect, known) {
    this.#store.watch(select, effect, known);
  }

  /** Whether what costs next to nothing runs unasked. */
  get runsByItself() {
    return this.#following.byItself;
  }

  /** @param {boolean} on whether what costs next to nothing runs unasked */
  runByItself(on) {
    this.#following.byItself = on;
    if (on) this.#following.follow({ redraw: false, mayFetch: false });
    else this.cancel();
  }

  /** Draws the prompts: at first, and again after that failed. */
  open() {
    return this.#following.follow({ redraw: true, mayFetch: false });
  }

  /**
   * What a change would come to, which a control may want to know before it is made:
   * its values may be refused, and other settings may have to follow.
   * @param {Patch} patch
   * @returns {Preview}
   */
  preview(patch) {
    const found = change(this.state.settings, patch);
    return { ...found, patch, refused: found.problems.find(({ key }) => key in patch) };
  }

  /**
   * Changes settings. What is impossible beside the change is put right, and
   * said. Results that depended on them go; prompts are drawn again, and so is
   * the head, if that needs next to nothing.
   * @param {Patch} patch
   */
  change(patch) {
    this.adopt(this.preview(patch));
  }

  /**
   * Makes a change that was looked at.
   * @param {Preview} preview of the settings in force
   */
  adopt(preview) {
    const { patch, problems } = preview;
    if (this.#files.opening) {
      this.#files.opening.then(() => this.change(patch));
      return;
    }
    const others = this.state.settingProblems.filter(({ key }) => !(key in patch));
    this.#takeSettings(preview, mergeProblems(others, problems), true);
  }

  /** Puts all settings back but the model, and lets drafts go with them. */
  reset() {
    this.change({ ...catalogue().defaults, model: this.state.settings.model });
    for (const listener of this.#resetListeners) listener();
  }

  /**
   * Calls back when all settings are reset, once they are in force.
   * @param {() => void} listener
   */
  onReset(listener) {
    this.#resetListeners.push(listener);
  }

  /**
   * Takes over the settings of a link, which never starts a download.
   * @param {Settings} settings
   * @param {SettingProblem[]} settingProblems what of the link could not be used
   */
  openLink(settings, settingProblems) {
    if (this.#files.opening) {
      this.#files.opening.then(() => this.openLink(settings, settingProblems));
      return;
    }
    this.#takeSettings(change(this.state.settings, settings), settingProblems, false);
  }

  /** Shows the head, and goes on to what the link’s `run` names. */
  async start() {
    await this.#files.opening;
    this.#demo.stop();
    this.#store.set({ goesOn: true });
    await this.#takeSteps();
    this.#store.set({ goesOn: false });
    await this.#following.goOn();
  }

  async #takeSteps() {
    const steps = [{ step: HEAD, take: this.#take.head }, ...this.#stepsOf(this.state.settings)];
    for (const [index, { step, take }] of steps.entries()) {
      if (await take()) continue;
      // What ended one of them keeps the others from running.
      const why = this.state.stopped[step];
      const left = steps.slice(index).map((each) => [each.step, why]);
      if (why) this.#store.set({ stopped: { ...this.state.stopped, ...Object.fromEntries(left) } });
      return;
    }
  }

  /**
   * What a link’s `run` has a Start go on to.
   * @param {Settings} settings
   */
  #stepsOf(settings) {
    return stepsOfRun(settings).map((step) => {
      if (step === 'scores' || step === 'ablations') return { step, take: this.#take[step] };
      const cell = lockedCell(settings.view);
      const ask = step === 'circuits' ? { cell, all_heads: true, direct: true } : {};
      return { step, take: () => this.useTool(step, () => ask) };
    });
  }

  /** Loads what the shown head needs and computes its pattern. */
  #showHead() {
    return this.#run('head', async (options) => {
      const { settings, imported, demo } = this.state;
      const { model, pattern } = await this.#computeHead(settings, options).catch(
        async (thrown) => {
          // The engine let go of the results that the page still shows.
          if (imported) await this.#files.restoreImported();
          if (demo) await this.#demo.restore();
          throw thrown;
        },
      );
      const others = this.state.settingProblems.filter(
        (problem) => !this.#modelProblems.includes(problem),
      );
      this.#modelProblems = model.problems;
      this.#files.setHeld();
      // The demo may have drawn others than the link's.
      const prompts = demo && (await this.#engine.call('prompts', { settings }, options));
      this.#store.set({
        // Of a file's results, and of the demo's, none may stand beside what is computed here.
        ...(this.state.imported || this.state.demo ? NOTHING : {}),
        imported: null,
        demo: null,
        ...inForce(change(this.state.settings, { head: model.head })),
        settingProblems: mergeProblems(others, model.problems),
        model,
        pattern,
        // A model with a tokenizer of its own reads the prompts otherwise.
        promptSet: model.prompt_set ?? prompts ?? this.state.promptSet,
      });
      this.#following.stalePattern = false;
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
      const settings = shownSettings(this.state);
      this.#store.set({ scores: await this.#engine.call('scores', { settings }, options) });
    });
  }

  runAblations() {
    return this.#run('ablations', async (options) => {
      const settings = shownSettings(this.state);
      this.#store.set({ ablations: await this.#engine.call('ablations', { settings }, options) });
    });
  }

  /** @param {string | null} held why Start waits while the choice of a model is not complete */
  hold(held) {
    if (held !== this.state.held) this.#store.set({ held });
  }

  /**
   * Takes a model from the visitor's disk. Another file under the same name is
   * another model all the same.
   * @param {File[]} weights one file, or all that the model is divided into
   * @param {File | null} config
   * @param {File[]} tokenizer its files, if there are any
   */
  async pickFile(weights, config, tokenizer) {
    const isLatest = this.#files.takeTurn();
    await this.#files.opening;
    if (!isLatest()) return;
    this.#jobs.stop('another file was picked');
    // Said to the engine first, so that a Start right after finds the file there.
    const files = [...weights, ...(config ? [config] : []), ...tokenizer];
    const given = { weights: weights.length, config: config !== null };
    const picked = this.#engine.call('pick_file', given, { files });
    this.change({ model: 'file' });
    this.#store.set({
      model: null,
      demo: null,
      ...NOTHING,
      problems: { prompts: this.state.problems.prompts },
    });
    this.#following.staleCosts = true;
    await picked;
    // The file before may have had a tokenizer of its own.
    if (isLatest()) await this.#following.follow({ redraw: true, mayFetch: false });
  }

  /**
   * Shows the results of a file in place of what is here, and ends what runs. A
   * file that cannot be used is thrown as a Problem, and everything stays.
   * @param {string | Promise<string>} text
   * @param {import('./files.js').Source} source
   * @returns {Promise<boolean>} whether it is shown; not where another came after it
   */
  openFile(text, source) {
    return this.#files.open(text, source);
  }

  /** Goes back to what was here before a file was opened. */
  closeFile() {
    return this.#files.close();
  }

  /**
   * The results on show as a file.
   * @param {'export_json' | 'export_csv'} format
   */
  exportText(format) {
    return this.#files.exportText(format);
  }

  /**
   * Asks the engine for what a file is to hold, in its turn, with progress and a Cancel.
   * What goes wrong is thrown.
   * @template T
   * @param {(engine: import('../engine/client.js').EngineClient, options: Parameters<import('./jobs.js').Work>[0]) => Promise<T>} work
   * @returns {Promise<T>}
   */
  inTurn(work) {
    return new Promise((resolve, reject) => {
      const job = this.#jobs.run('export', (options) =>
        work(this.#engine, options).then(resolve, reject),
      );
      // One that never got its turn; any other is settled by now.
      job.then(() => reject({ cancelled: true }));
    });
  }

  /** @param {string[]} words of which the tokens are wanted */
  wordTokens(words) {
    return this.#engine.call('word_tokens', words);
  }

  /** What is kept on this device. */
  storage() {
    return this.#engine.call('storage', null);
  }

  async clearStorage() {
    await this.#engine.call('clear_storage', null);
    await this.#following.estimate();
  }

  /**
   * The open model is opened again at the next step, its weights shared out anew.
   * @param {number} threads
   */
  async useThreads(threads) {
    await this.#engine.call('use_threads', threads);
    await this.#following.estimate();
  }

  /**
   * Runs a tool; `args` gives what it takes beside the settings.
   * @param {Tool} tool
   * @param {() => object | Promise<object>} [args]
   */
  useTool(tool, args = () => ({})) {
    return this.#run(tool, async (options) => {
      const settings = shownSettings(this.state);
      const ask = /** @type {AskTool} */ ({ [tool]: { settings, ...(await args()) } });
      const result = await this.#engine.call('tool', ask, options);
      this.#store.set({ further: { ...this.state.further, [tool]: result } });
    });
  }

  /**
   * Asks what a tool would fetch now.
   * @param {Tool} tool
   * @param {() => { figures?: string } | Promise<{ figures?: string }>} [args]
   */
  askCost(tool, args) {
    return this.#costs.ask(tool, args);
  }

  /** Ends what runs and what waits for its turn, as the visitor asked. */
  cancel() {
    this.#jobs.stop(null);
  }

  /**
   * @param {Change} changed
   * @param {SettingProblem[]} settingProblems
   * @param {boolean} isChoice whether the visitor made it here: then what follows may fetch a little
   */
  #takeSettings(changed, settingProblems, isChoice) {
    const { settings, stale } = changed;
    for (const step of this.#jobs.steps) {
      const because = stale[step === 'demo' || step === 'export' ? 'head' : step];
      if (because) this.#jobs.stop(because, (each) => each === step);
    }
    const { pattern, model, following } = this.state;
    const coming = this.#following.comingAfter(stale);
    this.#store.set({
      ...stillTrue(this.state, stale),
      ...inForce(changed),
      settingProblems,
      choices: this.state.choices + Number(isChoice),
      coming,
      following: following || (stale.head !== undefined && pattern !== null) || coming.length > 0,
      model: settings.model === this.state.settings.model ? model : null,
    });
    // The old pattern stays until the new one is there, so that stepping
    // through prompts does not flicker; it is dropped if none will come.
    if (stale.head) this.#following.stalePattern = true;
    if (stale.costs) this.#following.staleCosts = true;
    if (Object.keys(stale).length === 0) return;
    this.#following.follow({ redraw: stale.prompts !== undefined, mayFetch: isChoice });
  }

  /**
   * Runs a step in its turn.
   * @param {Step} step
   * @param {import('./jobs.js').Work} work
   * @returns {Promise<boolean>} whether it ended in a result
   */
  async #run(step, work) {
    if (this.#files.opening) {
      await this.#files.opening;
      if (this.state.imported) return false;
    }
    // Nothing is computed beside what is from a file.
    if (this.state.imported && step !== 'head' && !(await this.#showHead())) return false;
    return this.#jobs.run(step, work);
  }
}
