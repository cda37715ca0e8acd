// The page's own check: with GPT-2 small and the notebook's settings, every
// score that the notebook printed stands beside ours.

import { default_settings } from './pkg/headscope.js';
import { byId, el } from './dom.js';
import { score as figure, signed } from './format.js';
import { besidePrinted, distance, report } from './printed-scores.js';
import { sortableTable } from './sortable-table.js';

/** The settings that have to be the notebook's; the rest only changes what is shown. */
const FIXED = /** @type {const} */ ([
  'seed',
  'n',
  'len',
  'cats',
  'words',
  'text',
  'head',
  'metric',
  'target',
  'kind',
  'ablate',
]);

/** @param {import('./study.js').Study} study */
export function setUpPublished(study) {
  const line = byId('published', HTMLParagraphElement);
  const fold = byId('published-fold', HTMLDetailsElement);
  const table = byId('published-table', HTMLDivElement);
  const applies = byId('published-applies', HTMLParagraphElement);
  const defaults = default_settings();
  /** @type {Ablations | null} */
  let shown = null;
  study.subscribe(async ({ ablations, settings }) => {
    const same = FIXED.every((key) => settings[key] === defaults[key]);
    applies.textContent = explain(settings, same, ablations !== null);
    if (ablations === shown) return;
    shown = ablations;
    line.hidden = true;
    fold.hidden = true;
    if (!ablations || settings.model !== 'gpt2' || !same) return;
    const rows = await compare(ablations).catch(() => null);
    if (ablations !== shown) return;
    line.textContent = rows
      ? report(rows)
      : 'The notebook’s printed scores did not arrive, so there is nothing to compare with.';
    line.hidden = false;
    fold.hidden = rows === null;
    table.replaceChildren(...(rows ? [rowsTable(rows)] : []));
  });
}

/**
 * @param {Settings} settings
 * @param {boolean} same
 * @param {boolean} done
 */
function explain({ model }, same, done) {
  if (model !== 'gpt2') {
    return 'The comparison does not apply: the published numbers are those of the real GPT-2 small, and another model is chosen.';
  }
  if (!same) {
    return 'The comparison applies to the notebook’s own settings: seed 5, 30 sequences of 12 words from 4 categories, head L1H5, cell mean, notebook preset. The settings shown differ.';
  }
  return done ? '' : 'Run ablations, above, to put our scores beside the notebook’s.';
}

/** @param {Ablations} ablations */
async function compare(ablations) {
  const response = await fetch(new URL('./data/gpt2/notebook.json', import.meta.url));
  return besidePrinted(ablations, await response.json());
}

/** @typedef {import('./printed-scores.js').Row} Row */

/** @param {Row[]} rows */
function rowsTable(rows) {
  const number = (/** @type {(row: Row) => number} */ sortBy) => ({ sortBy, figures: true });
  return sortableTable(
    `The notebook’s ${rows.length} printed scores beside ours`,
    [
      {
        label: 'Ablation',
        show: ({ what }) => el('code', { text: what }),
        sortBy: ({ what }) => what,
      },
      { label: 'Prompt', show: ({ prompt }) => String(prompt), ...number(({ prompt }) => prompt) },
      { label: 'Printed', show: (row) => figure(row.printed), ...number((row) => row.printed) },
      { label: 'Ours', show: (row) => figure(row.ours), ...number((row) => row.ours ?? 0) },
      {
        label: 'Difference',
        show: ({ ours, printed }) => (ours === null ? '–' : signed(ours - printed)),
        ...number(distance),
      },
    ],
    rows,
  );
}
