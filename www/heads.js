// Names and ranks of heads.

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
 * Whether a model of this size has the head.
 * @param {[number, number]} index
 * @param {{ n_layer: number, n_head: number }} size
 */
export function isWithin([layer, head], { n_layer, n_head }) {
  return layer >= 0 && layer < n_layer && head >= 0 && head < n_head;
}

/**
 * @typedef {object} RankedHead
 * @property {string} name
 * @property {number} layer
 * @property {number} head
 * @property {number | null} mean
 * @property {number | null} sd
 * @property {number} rank 1 for the most same-category attention
 */

/**
 * Every head with its rank. The engine ranks only the head shown when the
 * scores were made; another may have been opened since.
 * @param {HeadScores} scores
 * @returns {RankedHead[]} in the order of layers and heads
 */
export function rankHeads({ mean, sd, higher_is_more }) {
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
