// The map of all heads' scores, as the Rust side draws it.

import { head_map_view } from '../pkg/headscope.js';
import { headIndex, isWithin } from './heads.js';
import { higherIsMore } from '../study/catalogue.js';

/**
 * @param {HeadScores} scores
 * @param {string} shown
 */
export function headMapView({ mean, chance, best, higher_is_more }, shown) {
  const heads = { n_layer: mean.length, n_head: mean[0]?.length ?? 0 };
  return mapView(heads, mean.flat(), chance, higher_is_more, [best.layer, best.head], shown);
}

/**
 * The map as far as it is known; heads without a score stay empty.
 * @param {PartialScores} partial
 * @param {ModelInfo} model
 * @param {Settings} settings
 */
export function partialMapView({ mean, chance }, model, { head, metric }) {
  const missing = Array(model.n_layer - mean.length).fill(Array(model.n_head).fill(null));
  const more = higherIsMore(metric);
  return mapView(model, [...mean, ...missing].flat(), chance, more, null, head);
}

/**
 * The map of another figure of the heads; of heads without one it stays empty.
 * @param {ModelInfo} model
 * @param {(number | null)[]} values by layer and head
 * @param {number} chance what random weights give, where the colours part
 * @param {string} shown
 */
export function headMapOf(model, values, chance, shown) {
  return mapView(model, values, chance, true, null, shown);
}

/**
 * @param {{ n_layer: number, n_head: number }} heads
 * @param {(number | null)[]} scores
 * @param {number | null} chance
 * @param {boolean} higher_is_more
 * @param {[number, number] | null} best
 * @param {string} shown a head that the model may lack
 */
function mapView({ n_layer, n_head }, scores, chance, higher_is_more, best, shown) {
  const index = headIndex(shown);
  return head_map_view({
    n_layer,
    n_head,
    scores,
    chance,
    higher_is_more,
    best,
    shown: isWithin(index, { n_layer, n_head }) ? index : null,
  });
}
