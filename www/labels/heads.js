// Names and ranks of heads.

import { known_sizes } from '../pkg/headscope.js';

/**
 * @param {number} layer
 * @param {number} head
 */
export function headName(layer, head) {
  return `L${layer}H${head}`;
}

/**
 * @param {string} name
 * @returns {[number, number]}
 */
export function headIndex(name) {
  const match = /^L(\d+)H(\d+)$/.exec(name);
  return [Number(match?.[1] ?? -1), Number(match?.[2] ?? -1)];
}

/**
 * A head's place in the order of a model: L0H2 before L0H10 before L1H0.
 * @param {string} name
 */
export function headOrder(name) {
  const [layer, head] = headIndex(name);
  return layer * 1000 + head;
}

/**
 * Whether a model of this size has the head.
 * @param {[number, number]} index
 * @param {{ n_layer: number, n_head: number }} size
 */
export function isWithin([layer, head], { n_layer, n_head }) {
  return layer >= 0 && layer < n_layer && head >= 0 && head < n_head;
}

/**
 * What to say of a head that the model lacks, or of a part of a layer that it
 * lacks; nothing where it has it, or its size is not known yet.
 * @param {string} name as L12H3, or L12.mlp
 * @param {import('../study/study-state.js').StudyState} state
 */
export function lackComplaint(name, { model, demo, imported, settings }) {
  const size = (demo ? null : model) ?? imported?.model ?? known_sizes(settings.model);
  const [, layer, head = 0] = /^L(\d+)(?:H(\d+)|\.)/.exec(name) ?? [];
  if (!size || layer === undefined) return '';
  if (isWithin([Number(layer), Number(head)], size)) return '';
  const names = { gpt2: 'GPT-2 small', tiny: 'The demo model' };
  const named = Object.entries(names).find(([id]) => id === settings.model)?.[1] ?? 'This model';
  return `${named} has L0 to L${size.n_layer - 1}, H0 to H${size.n_head - 1}.`;
}

/**
 * @typedef {object} RankedHead
 * @property {string} name
 * @property {number} layer
 * @property {number} head
 * @property {number | null} mean
 * @property {number | null} sd
 * @property {number} rank 1 for the most of the attention that is scored
 */

/**
 * Every head with its rank. The engine ranks only the head shown when the
 * scores were made; another may have been opened since.
 * @param {{ mean: (number | null)[][], sd?: HeadScores['sd'], higher_is_more: boolean }} scores of
 *   all layers, or of the first ones
 * @returns {RankedHead[]} in the order of layers and heads
 */
export function rankHeads({ mean, sd = [], higher_is_more }) {
  const heads = mean.flatMap((row, layer) =>
    row.map((value, head) => ({
      name: headName(layer, head),
      layer,
      head,
      mean: value,
      sd: sd[layer]?.[head] ?? null,
      rank: 0,
    })),
  );
  const sign = higher_is_more ? -1 : 1;
  const ranked = heads
    .filter((each) => each.mean !== null)
    .sort((a, b) => sign * (Number(a.mean) - Number(b.mean)));
  ranked.forEach((each, index) => {
    each.rank = index + 1;
  });
  return heads;
}
