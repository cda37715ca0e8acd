// The page's own check: with GPT-2 small and the notebook's settings, every
// score that the notebook printed stands beside ours.

import { shownSettings } from '../../study/study-state.js';
import { byId } from '../../kit/dom.js';
import { siteUrl } from '../../kit/site.js';
import { catalogue } from '../../study/catalogue.js';

/** The settings that have to be the notebook's; the rest only changes what is shown. */
const FIXED = /** @type {const} */ ([
  'seed',
  'n',
  'len',
  'cats',
  'repeat',
  'words',
  'text',
  'head',
  'alpha',
  'metric',
  'target',
  'kind',
  'ablate',
]);

/** @param {import('../../study/study.js').Study} study */
export function setUpPublished(study) {
  const line = byId('published', HTMLParagraphElement);
  const fold = byId('published-fold', HTMLDetailsElement);
  const table = byId('published-table', HTMLDivElement);
  const applies = byId('published-applies', HTMLParagraphElement);
  const { defaults } = catalogue();
  /** @param {Settings} settings */
  const isNotebook = (settings) => FIXED.every((key) => settings[key] === defaults[key]);
  study.subscribe((state) => {
    const settings = shownSettings(state);
    applies.textContent = explain(settings, isNotebook(settings), state.ablations !== null);
  });
  /**
   * @param {Ablations | null} ablations
   * @param {import('../../study/study-state.js').StudyState} state
   */
  async function show(ablations, state) {
    const settings = shownSettings(state);
    line.hidden = true;
    fold.hidden = true;
    if (!ablations || settings.model !== 'gpt2' || !isNotebook(settings)) return;
    const found = await compare(ablations).catch(() => null);
    if (ablations !== study.state.ablations) return;
    line.textContent =
      found?.said ??
      'The notebook’s printed scores did not arrive, so there is nothing to compare with.';
    line.hidden = false;
    fold.hidden = found === null;
    table.replaceChildren(...(found ? [found.table] : []));
  }
  study.watch(({ ablations }) => ablations, show, null);
}

/**
 * @param {Settings} settings
 * @param {boolean} same
 * @param {boolean} done
 */
function explain({ model }, same, done) {
  if (model !== 'gpt2') {
    return 'Needs GPT-2 small: another model is shown.';
  }
  if (!same) {
    return 'Needs the original settings: seed 5, 30 prompts of 12 words from 4 categories, head L1H5, cell mean, the original study’s ablations. The settings shown differ.';
  }
  return done ? '' : 'Run ablations, above, to put our scores beside the notebook’s.';
}

/** @param {Ablations} ablations */
async function compare(ablations) {
  const [response, { besidePrinted, report }, { printedTable }] = await Promise.all([
    fetch(siteUrl('data/gpt2/notebook.json')),
    import('./printed-scores.js'),
    import('./printed-table.js'),
  ]);
  const rows = besidePrinted(ablations, await response.json());
  return { said: report(rows), table: printedTable(rows) };
}
