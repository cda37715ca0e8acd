// How large the charts of ablations are. It is known before the chart library
// has come, so that they have their room by then.

const ROW_HEIGHT = 30;
const TWO_KINDS_HEIGHT = 46;
/** More rows than these nobody reads off a chart. */
export const MOST_ROWS = 100;
/** What a chart of rows has above and below them. */
export const MARGINS = { top: 8, bottom: 40, between: 4 };

/** Two charts stand side by side where each still gets this many pixels. */
const SIDE_BY_SIDE = 400;
/** A line of a chart's title, which wraps in a narrow one, and the gap between two charts. */
const TITLE = 26;
const GAP = 20;

/**
 * The width of each of two charts.
 * @param {number} width of both together
 */
export function eachWidth(width) {
  return width >= 2 * SIDE_BY_SIDE ? Math.floor((width - 32) / 2) : width;
}

/**
 * The height of a chart of this many rows, less its title. It shows no more than
 * `MOST_ROWS`.
 * @param {number} rows
 * @param {boolean} two whether each has two kinds
 */
export function chartHeight(rows, two) {
  const each = two ? TWO_KINDS_HEIGHT : ROW_HEIGHT;
  return Math.min(rows, MOST_ROWS) * each + MARGINS.top + MARGINS.bottom + MARGINS.between;
}

/**
 * The height that two charts of this many rows take, titles and all.
 * @param {number} rows
 * @param {boolean} two
 * @param {number} width
 */
export function bothHeight(rows, two, width) {
  const each = eachWidth(width);
  const one = (each < SIDE_BY_SIDE ? 2 * TITLE : TITLE) + chartHeight(rows, two);
  return each < width ? one : 2 * one + GAP;
}
