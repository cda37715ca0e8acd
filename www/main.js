// Wires the page together: loads the Rust module, starts the worker, opens the
// study the link describes, and hands it to every view.

import { setUpAblations } from './ablations.js';
import { setUpCategoryMatrix } from './category-matrix.js';
import { setUpComponentChoice } from './component-choice.js';
import { setUpContrasts } from './contrasts.js';
import { Crosshair } from './crosshair.js';
import { byId } from './dom.js';
import { EngineClient } from './engine.js';
import { setUpExport } from './export.js';
import { setUpHeadMap } from './headmap.js';
import { setUpHeatmap } from './heatmap.js';
import { keepPlace, keepResults, restorePlace, restoreResults } from './keep.js';
import { setUpLinkNotice } from './link-notice.js';
import { onLinkChange, readLink, writeLink } from './link.js';
import { setUpModelChoice } from './model-choice.js';
import { showProblem } from './problem-box.js';
import { setUpOpenFile } from './open-file.js';
import { setUpPins } from './pins.js';
import { setUpPrompts } from './prompts.js';
import { setUpPublished } from './published.js';
import { setUpReading } from './reading.js';
import { setUpSeeds } from './seeds.js';
import { setUpSelfCheck } from './self-check.js';
import { setUpSettings } from './settings.js';
import { setUpShare } from './share.js';
import { setUpShortcuts } from './shortcuts.js';
import { setUpSteps } from './steps.js';
import { setUpStorage } from './storage.js';
import { stateName } from './study-state.js';
import { Study } from './study.js';
import { setUpTarget } from './target.js';
import { setUpTheme } from './theme.js';
import { chosenThreads, setUpThreads } from './threads.js';
import { setUpTokenLink } from './token-link.js';
import { setUpTourOffer } from './tour-offer.js';
import { parse_words } from './pkg/headscope.js';
import { loadWasm } from './wasm.js';
import { setUpWords } from './words.js';

/** Milliseconds after which the first view has settled. */
const SETTLED = 2000;

async function openStudy() {
  const [module, words] = await Promise.all([loadWasm(), fetchText('./data/semantic_words.csv')]);
  const { settings, problems } = readLink();
  const study = new Study(new EngineClient(module, chosenThreads()), settings, problems);

  setUpSteps(study);
  setUpLinkNotice(study);
  setUpModelChoice(study);
  setUpStorage(study);
  setUpThreads(study);
  setUpSettings(study);
  setUpTarget(study);
  setUpWords(study, words);
  setUpPrompts(study);
  const crosshair = new Crosshair(study);
  setUpHeatmap(study, crosshair);
  setUpPins(study, crosshair);
  setUpTokenLink(study, crosshair);
  whenOpened('thumbnails-fold', async () => {
    const { setUpThumbnails } = await import('./thumbnails.js');
    setUpThumbnails(study);
  });
  setUpCategoryMatrix(study);
  setUpHeadMap(study);
  setUpComponentChoice(study);
  setUpAblations(study);
  setUpPublished(study);
  setUpSelfCheck(study);
  setUpSeeds(study);
  setUpContrasts(study, parse_words(words).rows);
  setUpReading(study);
  setUpExport(study);
  setUpShare(study);
  setUpOpenFile(study);
  setUpShortcuts(study);
  setUpTourOffer(study);

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
  const { setUpOffline } = await import('./offline.js');
  await setUpOffline(study);
}

/**
 * Sets up what a fold holds when it is opened for the first time.
 * @param {string} id
 * @param {() => Promise<void>} setUp
 */
function whenOpened(id, setUp) {
  const fold = byId(id, HTMLDetailsElement);
  fold.addEventListener('toggle', () => setUp().catch(reportError), { once: true });
}

/** @param {Study} study */
function followState(study) {
  study.subscribe((state) => {
    document.documentElement.dataset.state = stateName(state);
  });
}

/** @param {Study} study */
function followLink(study) {
  let written = study.state.settings;
  study.subscribe(({ settings }) => {
    if (settings === written) return;
    written = settings;
    writeLink(settings);
  });
  onLinkChange(() => {
    const { settings, problems } = readLink();
    study.openLink(settings, problems);
  });
}

/** @param {string} path */
async function fetchText(path) {
  const response = await fetch(new URL(path, import.meta.url));
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.text();
}

/** @param {unknown} thrown */
function reportFailedStart(thrown) {
  document.documentElement.dataset.state = 'error';
  byId('note-head', HTMLParagraphElement).textContent = '';
  showProblem(
    byId('launch-problem', HTMLDivElement),
    {
      what: `Headscope could not start in this browser (${thrown instanceof Error ? thrown.message : thrown}).`,
      kept: 'The link keeps your settings.',
      next: 'It needs WebAssembly with SIMD: Chrome or Edge 91, Firefox 89, Safari 16.4, or later. If yours is newer, check the connection and reload.',
      offers: ['retry'],
      key: null,
    },
    () => location.reload(),
  );
}

setUpTheme();
openStudy().catch(reportFailedStart);
