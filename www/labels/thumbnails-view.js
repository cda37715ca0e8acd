// Heads as small pictures that the Rust side draws.

import { thumbnails_view } from '../pkg/headscope.js';
import { parseLook } from '../study/look.js';

/**
 * The thumbnails of all layers that are there, each below its name.
 * @param {ThumbnailSheet} sheet
 * @param {Settings} settings
 */
export function thumbnailsView(sheet, settings) {
  const names = sheet.heads.map(({ head }) => head);
  const shown = names.indexOf(settings.head);
  return draw(sheet, 0, names, sheet.n_head, shown < 0 ? null : shown, settings);
}

/**
 * The same without names, for what has labels of its own.
 * @param {ThumbnailSheet} sheet
 * @param {Settings} settings
 */
export function sheetOf(sheet, settings) {
  const names = sheet.heads.map(() => '');
  return draw(sheet, 0, names, sheet.n_head, null, settings);
}

/**
 * The thumbnail of one head.
 * @param {ThumbnailSheet} sheet
 * @param {number} at its place on the sheet
 * @param {Settings} settings
 */
export function headThumbnail(sheet, at, settings) {
  return draw(sheet, at, [sheet.heads[at]?.head ?? ''], 1, null, settings);
}

/**
 * @param {ThumbnailSheet} sheet
 * @param {number} from the place of the first one
 * @param {string[]} names
 * @param {number} columns
 * @param {number | null} shown
 * @param {Settings} settings
 */
function draw({ n, side, cells }, from, names, columns, shown, settings) {
  const { scale, max, colors, bos } = parseLook(settings.view);
  return thumbnails_view({
    cells: cells.subarray(from * side * side, (from + names.length) * side * side),
    side,
    names,
    columns,
    shown,
    scale,
    max,
    colors,
    // What is left of a row cannot be told from cells that stand for several.
    bos: side < n && bos === 'renormalised' ? 'hidden' : bos,
  });
}
