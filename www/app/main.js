// Wires the page together: loads the Rust module, starts the worker, opens the
// study the link describes, and hands it to every view.

import { setUpAblations } from '../sections/ablations/ablations.js';
import { setUpComponentChoice } from '../sections/ablations/component-choice.js';
import { Crosshair } from '../sections/pattern/crosshair.js';
import { byId, el, takeEditsOnPress } from '../kit/dom.js';
import { EngineClient, prepareWorker } from '../engine/client.js';
import { setUpDrop } from './drop.js';
import { setUpExport } from '../sections/export/export.js';
import { setUpHeadMap } from '../sections/scores/headmap.js';
import { setUpArcs } from '../sections/pattern/arcs.js';
import { setUpHeatmap } from '../sections/pattern/heatmap.js';
import { keepPlace, keepResults, restorePlace, restoreResults } from './session.js';
import { setUpLinkNotice } from '../sections/launch/link-notice.js';
import { onLinkChange, readLink, writeLink } from '../study/link.js';
import { runsByItself, setUpByItself } from '../sections/launch/by-itself.js';
import { setUpSent } from '../sections/launch/sent.js';
import { setUpModelChoice } from '../sections/launch/model-choice.js';
import { asProblem } from '../kit/problem.js';
import { showProblem } from '../kit/problem-box.js';
import { setUpImport } from '../sections/launch/import.js';
import { part } from '../kit/part.js';
import { onceNear } from '../kit/near.js';
import { setUpPins } from '../sections/pattern/pins.js';
import { setUpPrompts } from '../sections/prompts/prompts.js';
import { setUpPostCheck } from '../sections/published/post-check.js';
import { setUpPublished } from '../sections/published/published.js';
import { setUpSeeds } from '../sections/further/seeds.js';
import { setUpSettings } from '../sections/settings/settings.js';
import { setUpShareLink } from '../sections/export/share-link.js';
import { setUpShortcuts } from './shortcuts.js';
import { setUpSteps } from '../steps/steps.js';
import { setUpStorage } from '../sections/launch/storage.js';
import { shownModel, stateName } from '../study/study-state.js';
import { fileName } from '../study/file-name.js';
import { Study } from '../study/study.js';
import { nameTables } from '../kit/table-csv.js';
import { setUpTarget } from '../sections/settings/target.js';
import { setUpTheme } from '../kit/theme.js';
import { chosenThreads, setUpThreads } from '../sections/launch/threads.js';
import { setUpTokenLink } from '../sections/pattern/token-link.js';
import { setUpTourOffer } from '../sections/tour/tour-offer.js';
import { notebook_words, parse_words } from '../pkg/headscope.js';
import { loadWasm } from '../engine/wasm.js';
import { setUpVerdict } from '../sections/verdict/verdict.js';
import { setUpPhoneBar } from './phone-bar.js';
import { setUpStatusBar } from './status-bar.js';
import { setUpWords } from '../sections/words/words.js';

/** Settings that the back button leads back through. */
const STEPS = /** @type {const} */ (['head', 'prompt', 'seed']);

/** Milliseconds after which the first view has settled. */
const SETTLED = 2000;

/** Milliseconds after which the page says that it still waits for its own files. */
const PATIENCE = 20_000;

/** @type {Problem} */
const LATE = {
  what: `Parts of this page have not come for ${PATIENCE / 1000} seconds.`,
  kept: 'The link keeps your settings.',
  next: 'It starts by itself if they come; if not, check the connection and retry.',
  offers: ['retry'],
  key: null,
};

/** Fetches what the page cannot do without; a Retry fetches it again. */
async function begin() {
  const late = setTimeout(() => tellStart(LATE, () => location.reload()), PATIENCE);
  try {
    prepareWorker();
    const module = await loadWasm();
    clearTimeout(late);
    tellStart(null, () => {});
    await openStudy(new EngineClient(module, chosenThreads()));
  } catch (thrown) {
    clearTimeout(late);
    tellStart(asProblem(thrown), begin);
  }
}

/**
 * @param {Problem | null} problem
 * @param {() => void} onRetry
 */
function tellStart(problem, onRetry) {
  document.documentElement.dataset.state = problem ? 'error' : 'start';
  byId('note-head', HTMLParagraphElement).textContent = problem ? '' : 'Getting ready…';
  showProblem(byId('launch-problem', HTMLDivElement), problem, onRetry);
}

/** @param {EngineClient} engine */
async function openStudy(engine) {
  const byItself = runsByItself();
  const study = new Study(engine, readLink(), byItself);
  const words = notebook_words();

  nameTables((title) => fileName(study.state.settings, title, 'csv'));
  setUpSteps(study);
  setUpLinkNotice(study);
  setUpSent(study);
  setUpModelChoice(study);
  setUpStorage(study);
  setUpThreads(study);
  setUpByItself(study);
  setUpSettings(study);
  setUpTarget(study);
  setUpWords(study, words);
  setUpPrompts(study);
  const crosshair = new Crosshair(study);
  setUpHeatmap(study, crosshair);
  setUpPins(study, crosshair);
  setUpTokenLink(study, crosshair);
  setUpArcs(study, crosshair);
  setUpVerdict(study);
  setUpStatusBar(study);
  setUpPhoneBar(study);
  const compareCategories = async () => {
    const load = () => import('../sections/pattern/category-matrix.js');
    const { setUpCategoryMatrix } = await part('What compares categories', load);
    setUpCategoryMatrix(study);
  };
  // What a visit shows by itself is there for whoever prints or saves the page, too.
  whenNear('categories', compareCategories, (come) => {
    if (!byItself) return false;
    // After the demo’s heatmap, so that what Start waits for comes first.
    study.watch(
      ({ pattern }) => pattern !== null,
      (shown) => shown && come(),
      false,
    );
    return true;
  });
  setUpHeadMap(study);
  setUpComponentChoice(study);
  setUpAblations(study);
  setUpPublished(study);
  setUpPostCheck(study);
  whenOpened('check-fold', async () => {
    const load = () => import('../sections/published/self-check.js');
    const { setUpSelfCheck } = await part('What checks the model', load);
    setUpSelfCheck(study);
  });
  setUpSeeds(study);
  whenOpened('contrasts-fold', async () => {
    const load = () => import('../sections/further/contrasts.js');
    const { setUpContrasts } = await part('What compares heads and prompts', load);
    setUpContrasts(study, parse_words(words).rows);
  });
  whenOpened('text-fold', async () => {
    const load = () => import('../sections/further/reading.js');
    const { setUpReading } = await part('What reads a text', load);
    setUpReading(study);
  });
  whenNear('why', async () => {
    const load = () => import('../sections/why/why.js');
    const { setUpWhy } = await part('What takes a head apart', load);
    setUpWhy(study);
  });
  whenNear('what-for', async () => {
    const load = () => import('../sections/what-for/what-for.js');
    const { setUpWhatFor } = await part('What reads every layer', load);
    setUpWhatFor(study);
  });
  setUpExport(study);
  setUpShareLink(study);
  setUpImport(study);
  setUpDrop();
  setUpShortcuts(study);
  setUpTourOffer(study);

  if (study.state.settings.embed) {
    const { setUpEmbed } = await part('What frames a section', () => import('./embed.js'));
    setUpEmbed(study);
  }
  const { embed, view, ablate, text } = study.state.settings;
  if (!embed && (view ?? ablate ?? text) !== null) {
    // Without it the page opens at its top, as any other does.
    import('../sections/launch/landing.js').then(({ land }) => land(study)).catch(() => {});
  }
  followState(study);
  followLink(study);
  if (!(await restoreResults(study))) await study.open();
  restorePlace();
  keepResults(study);
  keepPlace();
  setTimeout(() => keepSite(study), SETTLED);
}

/**
 * What the first view needs comes first; to keep the site fetches all of it.
 * @param {Study} study
 */
async function keepSite(study) {
  try {
    const { setUpOffline } = await import('./offline.js');
    await setUpOffline(study);
  } catch {
    // Nobody asked for it: the next visit needs the network, as this one did.
  }
}

/**
 * Sets up what a fold holds when it is opened for the first time.
 * @param {string} id
 * @param {() => Promise<void>} setUp
 */
function whenOpened(id, setUp) {
  const fold = byId(id, HTMLDetailsElement);
  const slot = el('div');
  fold.querySelector('summary')?.after(slot);
  const open = async () => {
    try {
      showProblem(slot, null);
      await setUp();
    } catch (thrown) {
      showProblem(slot, asProblem(thrown), open);
    }
  };
  fold.addEventListener('toggle', open, { once: true });
}

/**
 * Sets up a section when it comes near the part of the page in sight.
 * @param {string} id
 * @param {() => Promise<void>} setUp
 * @param {(come: () => void) => boolean} [sooner] sees to that in another way, or says that it
 *   does not
 */
function whenNear(id, setUp, sooner = () => false) {
  const section = byId(id, HTMLElement);
  const slot = el('div');
  section.querySelector('.panel-intro, .part-title')?.after(slot);
  let isSetUp = false;
  const come = async () => {
    if (isSetUp) return;
    isSetUp = true;
    try {
      showProblem(slot, null);
      await setUp();
    } catch (thrown) {
      isSetUp = false;
      showProblem(slot, asProblem(thrown), come);
    }
  };
  if (!sooner(come)) onceNear(section, come);
}

/** @param {Study} study */
function followState(study) {
  const { dataset } = document.documentElement;
  study.subscribe((state) => {
    dataset.state = stateName(state);
    // Heatmaps are drawn once a frame, before this: whoever waits for it sees the new one.
    const tell = () => (dataset.model = shownModel(study.state, dataset.model ?? ''));
    if (document.hidden) tell();
    else requestAnimationFrame(tell);
  });
}

/** @param {Study} study */
function followLink(study) {
  let { settings: last, choices } = study.state;
  // The entry that the visitor came by is one to go back to.
  history.replaceState({ link: location.hash.slice(1) }, '');
  study.watch(
    ({ settings }) => settings,
    (settings, state) => {
      const isChoice = state.choices !== choices;
      const isStep = isChoice && STEPS.some((key) => settings[key] !== last[key]);
      choices = state.choices;
      last = settings;
      writeLink(state.link, isStep);
    },
    last,
  );
  onLinkChange(
    ({ settings, problems }) => study.openLink(settings, problems),
    () => study.state.link,
  );
}

setUpTheme();
takeEditsOnPress();
// The early script waits for this.
dispatchEvent(new Event('headscope-here'));
// Without an origin nothing of it works, and the early script has said so.
if (self.origin !== 'null') begin();
