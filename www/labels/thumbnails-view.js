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
export function thumbnailsView(sheet, layer, settings) {
  const { heads, n_head } = sheet;
  const all = layer === ALL_LAYERS;
  const from = all ? 0 : Number(layer) * n_head;
  const to = all ? heads.length : from + n_head;
  const names = heads.slice(from, to).map((each) => each.head);
  const shown = names.indexOf(settings.head);
  const view = draw(sheet, from, to, all ? n_head : null, shown < 0 ? null : shown, settings);
  return { heads: heads.slice(from, to), view };
}

/**
 * The thumbnail of one head.
 * @param {ThumbnailSheet} sheet
 * @param {number} at its place on the sheet
 * @param {Settings} settings
 */
export function headThumbnail(sheet, at, settings) {
  return draw(sheet, at, at + 1, 1, null, settings);
}

/**
 * @param {ThumbnailSheet} sheet
 * @param {number} from
 * @param {number} to
 * @param {number | null} columns
 * @param {number | null} shown
 * @param {Settings} settings
 */
function draw({ heads, n, side, cells }, from, to, columns, shown, settings) {
  const { scale, max, colors, bos } = parseLook(settings.view);
  return thumbnails_view({
    cells: cells.subarray(from * side * side, to * side * side),
    side,
    names: heads.slice(from, to).map((each) => each.head),
    columns,
    shown,
    scale,
    max,
    colors,
    // What is left of a row cannot be told from cells that stand for several.
    bos: side < n && bos === 'renormalised' ? 'hidden' : bos,
  });
}
