// The notebook's printed scores beside ours: the figures, without the page.

import { correlation, plural, score as figure } from '../../kit/format.js';

/** The notebook printed four places. */
const TOLERANCE = 0.0001;

/** What the notebook's file calls the four components; the kind follows. */
const PRINTED_AS = {
  embed: 'embed',
  pos_embed: 'pos_embed',
  'L0.pattern': 'L0 pattern',
  'L0.mlp': 'L0 mlp_out',
};

/**
 * @typedef {object} Notebook
 * @property {number[]} kept_sequences
 * @property {{ second_kept_sequence_no_ablation: number, per_kept_sequence: Record<string, number[]> }} same_category_attention_L1H5
 */

/** @typedef {{ what: string, prompt: number, printed: number, ours: number | null }} Row */

/**
 * Every printed score, the one without ablation first, with ours beside it.
 * @param {Pick<Ablations, 'rows'>} ablations
 * @param {Notebook} notebook
 * @returns {Row[]}
 */
export function besidePrinted({ rows }, notebook) {
  const { kept_sequences, same_category_attention_L1H5: printed } = notebook;
  const [, second] = kept_sequences;
  const any = rows[0];
  const compared = Object.entries(PRINTED_AS).flatMap(([component, called]) => {
    const names = Object.keys(printed.per_kept_sequence);
    const name = names.find((each) => each.startsWith(`${called} `)) ?? called;
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

/**
 * Infinite where ours is missing.
 * @param {Row} row
 */
export function distance({ ours, printed }) {
  return ours === null ? Infinity : Math.abs(ours - printed);
}

/**
 * @param {Row[]} rows
 * @returns {string} how many are reached, the largest difference, the correlation
 */
export function report(rows) {
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
