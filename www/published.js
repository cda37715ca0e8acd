// The page's own check: with GPT-2 small and the notebook's settings, every
// score that the notebook printed stands beside ours.

import { default_settings } from './pkg/headscope.js';
import { byId, el } from './dom.js';
import { correlation, plural, score as figure, signed } from './format.js';
import { sortableTable } from './sortable-table.js';

/** The notebook printed four places. */
const TOLERANCE = 0.0001;

/** What the notebook's file calls the four ablations, and its own words for them. */
const PRINTED_AS = {
  embed: 'embed position-mean',
  pos_embed: 'pos_embed position-mean',
  'L0.pattern': 'L0 pattern head-mean',
  'L0.mlp': 'L0 mlp_out position-mean',
};

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

/**
 * @typedef {object} Notebook
 * @property {number[]} kept_sequences
 * @property {{ second_kept_sequence_no_ablation: number, per_kept_sequence: Record<string, number[]> }} same_category_attention_L1H5
 */

/** @typedef {{ what: string, prompt: number, printed: number, ours: number | null }} Row */

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

/**
 * @param {Ablations} ablations
 * @returns {Promise<Row[]>}
 */
async function compare({ rows }) {
  const response = await fetch(new URL('./data/gpt2/notebook.json', import.meta.url));
  /** @type {Notebook} */
  const { kept_sequences, same_category_attention_L1H5: printed } = await response.json();
  const [, second] = kept_sequences;
  const any = rows[0];
  const compared = Object.entries(PRINTED_AS).flatMap(([component, name]) => {
    const row = rows.find((each) => each.component === component);
    return (printed.per_kept_sequence[name] ?? []).map((value, index) => {
      const prompt = kept_sequences[index] ?? -1;
      const ours = row?.ablated[row.sequences.indexOf(prompt)] ?? null;
      return { what: name, prompt, printed: value, ours };
    });
  });
  const baseline = {
    what: 'no ablation',
    prompt: second ?? -1,
    printed: printed.second_kept_sequence_no_ablation,
    ours: any?.baseline[any.sequences.indexOf(second ?? -1)] ?? null,
  };
  return [baseline, ...compared];
}

/** @param {Row} row */
function distance({ ours, printed }) {
  return ours === null ? Infinity : Math.abs(ours - printed);
}

/** @param {Row[]} rows */
function report(rows) {
  const agreeing = rows.filter((row) => distance(row) <= TOLERANCE).length;
  const largest = Math.max(...rows.map(distance));
  const related = correlation(
    rows.map(({ ours }) => ours ?? NaN),
    rows.map(({ printed }) => printed),
  );
  const figures = `Largest difference ${Number.isFinite(largest) ? largest.toFixed(5) : '–'}, correlation ${related.toFixed(5)}.`;
  if (agreeing === rows.length) {
    return `Check against the notebook: all ${rows.length} printed scores are reached. ${figures}`;
  }
  return `Check against the notebook: ${agreeing} of ${plural(rows.length, 'printed score')} are reached to within ${figure(TOLERANCE)}; the others differ. ${figures}`;
}

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
