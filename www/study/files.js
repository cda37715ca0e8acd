// Files of results: those that take the place of what is here, and those that are
// written of it.

import { BUILD } from '../build.js';
import { change } from '../pkg/headscope.js';
import { NOTHING, hasResults, inForce, shownSettings, stillTrue } from './study-state.js';

/**
 * Results on show that no file can be written of.
 * @type {Problem}
 */
const UNHELD = {
  what: 'No file was written: the computing thread that held these results is gone.',
  kept: 'The results stay on show, and the link keeps the settings.',
  next: 'Press Start to compute them again.',
  offers: [],
  key: null,
};

/** @typedef {Pick<import('./study-state.js').Imported, 'from' | 'name'>} Source */

export class Files {
  #engine;
  #store;
  #jobs;
  #following;
  #openLink;
  /** @type {Promise<void> | null} */
  #opening = null;
  /** Counts files that were opened or picked: of two, the later one is wanted. */
  #turn = 0;
  /** The file that the imported results are from, to fall back to. */
  #importedText = '';
  /** The last results file that was written, and of which results. @type {{ text: string, of: import('./study-state.js').StudyState } | null} */
  #exported = null;
  /** Whether the engine lost the results on show, and no file of them is left. */
  #unheld = false;
  /** What was here before an import. @type {{ settings: Settings, text: string | null } | null} */
  #before = null;

  /**
   * @param {import('../engine/client.js').EngineClient} engine
   * @param {import('./store.js').Store} store
   * @param {import('./jobs.js').Jobs} jobs
   * @param {import('./following.js').Following} following
   * @param {(settings: Settings, problems: SettingProblem[]) => void} openLink
   */
  constructor(engine, store, jobs, following, openLink) {
    this.#engine = engine;
    this.#store = store;
    this.#jobs = jobs;
    this.#following = following;
    this.#openLink = openLink;
  }

  /** A file that is being opened, if there is one: what is chosen meanwhile comes after it. */
  get opening() {
    return this.#opening;
  }

  /**
   * Counts in a file that was opened or picked.
   * @returns {() => boolean} whether it is still the latest
   */
  takeTurn() {
    const turn = ++this.#turn;
    return () => turn === this.#turn;
  }

  /**
   * Shows the results of a file in place of what is here, and ends what runs. A
   * file that cannot be used is thrown as a Problem, and everything stays.
   * @param {string | Promise<string>} text
   * @param {Source} source
   * @returns {Promise<boolean>} whether it is shown; not where another came after it
   */
  open(text, source) {
    const isLatest = this.takeTurn();
    return this.#inTurn(async () => {
      const content = await text;
      if (!isLatest()) return false;
      // Every file of ours names its schema; for another, nothing need be given up.
      if (content.includes('"headscope-')) this.#jobs.stop('a file was opened');
      await this.#jobs.whenIdle();
      const { settings, pattern } = this.#store.state;
      const before = pattern ? await this.exportText('export_json').catch(() => null) : null;
      if (!isLatest()) return false;
      await this.#import(content, source);
      this.#before = source.from === 'file' ? { settings, text: before } : null;
      return true;
    });
  }

  /** Goes back to what was here before a file was opened. */
  async close() {
    const isLatest = this.takeTurn();
    this.#jobs.stop(null);
    await this.#inTurn(async () => {
      await this.#jobs.whenIdle();
      if (!isLatest()) return false;
      const before = this.#before ?? { settings: this.#store.state.settings, text: null };
      this.#before = null;
      const { text } = before;
      const back = text && this.#import(text, { from: 'kept', name: '' });
      // What cannot be read again is computed again.
      if (back && (await back.then(() => true).catch(() => false))) return true;
      this.#store.set({ ...NOTHING, demo: null, model: null });
      this.#openLink(before.settings, []);
      return true;
    });
  }

  /**
   * Files are opened one after another, and what is chosen meanwhile comes after.
   * @param {() => Promise<boolean>} open
   */
  #inTurn(open) {
    const opened = Promise.resolve(this.#opening).then(open);
    const over = opened.then(
      () => {},
      () => {},
    );
    this.#opening = over;
    over.then(() => {
      if (this.#opening === over) this.#opening = null;
    });
    return opened;
  }

  /**
   * @param {string} text
   * @param {Source} source
   */
  async #import(text, source) {
    const turn = this.#following.supersede();
    try {
      await this.#show(text, source);
    } catch (thrown) {
      this.#following.resume();
      throw thrown;
    }
    this.#following.estimate(turn);
  }

  /**
   * @param {string} text
   * @param {Source} source
   */
  async #show(text, source) {
    const file = await this.#engine.call('import_results', text);
    const { build, model, pattern, scores, ablations, further } = file;
    const changed = change(this.#store.state.settings, file.settings);
    this.#following.settle();
    this.#importedText = text;
    this.#unheld = false;
    this.#store.set({
      ...inForce(changed),
      outdated: stillTrue(this.#store.state, changed.stale).outdated,
      settingProblems: [],
      demo: null,
      promptSet: file.prompt_set,
      model: null,
      pattern,
      scores,
      loaded: null,
      ablations,
      further,
      imported: { ...source, build, model },
      problems: {},
      stopped: {},
      following: false,
    });
  }

  /** Gives the engine the file's results again, which the page still shows. */
  restoreImported() {
    return this.#engine.call('import_results', this.#importedText);
  }

  /** What is on show was computed by the engine that is there now. */
  setHeld() {
    this.#unheld = false;
  }

  /**
   * Gives a new worker the results on show, for files to be written of them. As
   * after a reload, nothing is computed beside them until a Start.
   */
  holdAgain() {
    const { model, imported, demo } = this.#store.state;
    if (!hasResults(this.#store.state)) return;
    if (demo) {
      // Whoever wants it again need not have its files.
      this.#store.set({ ...NOTHING, demo: null, model: null });
      return;
    }
    const text = imported ? this.#importedText : this.#exportedText();
    this.#unheld = text === null;
    this.#store.set({ imported: imported ?? { from: 'kept', name: '', build: BUILD, model } });
    if (text === null) return;
    this.#importedText = text;
    this.#engine.call('import_results', text).catch(() => {
      this.#unheld = true;
    });
  }

  /** The last results file, if it is of what is on show. */
  #exportedText() {
    if (!this.#exported) return null;
    const { text, of } = this.#exported;
    const { pattern, scores, ablations, further } = this.#store.state;
    const same =
      of.pattern === pattern &&
      of.scores === scores &&
      of.ablations === ablations &&
      of.further === further;
    return same ? text : null;
  }

  /**
   * @param {'export_json' | 'export_csv'} format
   * @returns {Promise<string>}
   */
  async exportText(format) {
    const of = this.#store.state;
    const text = await this.#engine.call(format, shownSettings(of));
    if (this.#unheld) throw UNHELD;
    if (format === 'export_json') this.#exported = { text, of };
    return text;
  }
}
