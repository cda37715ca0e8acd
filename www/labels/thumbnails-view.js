// All heads of a layer, or of all layers, as small pictures that the Rust side draws.

import { thumbnails_view } from '../pkg/headscope.js';
import { parseLook } from '../study/look.js';

/** What the select calls all layers. */
export const ALL_LAYERS = 'all';

/**
 * The thumbnails of a layer, or of all layers that are there.
 * @param {ThumbnailSheet} sheet
 * @param {string} layer its number, or `all`
 * @param {Settings} settings
 */
export function thumbnailsView({ heads, n, side, n_head, cells }, layer, { head, view }) {
  const { scale, max, colors, bos } = parseLook(view);
  const from = layer === ALL_LAYERS ? 0 : Number(layer) * n_head;
  const shownHeads = heads.slice(from, layer === ALL_LAYERS ? heads.length : from + n_head);
  const names = shownHeads.map((each) => each.head);
  const shown = names.indexOf(head);
  return {
    heads: shownHeads,
    view: thumbnails_view({
      cells: cells.subarray(from * side * side, (from + names.length) * side * side),
      side,
      names,
      columns: layer === ALL_LAYERS ? n_head : null,
      shown: shown < 0 ? null : shown,
      scale,
      max,
      colors,
      // What is left of a row cannot be told from cells that stand for several.
      bos: side < n && bos === 'renormalised' ? 'hidden' : bos,
    }),
  };
}
