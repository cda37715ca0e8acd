// Numbers in words and figures, the same everywhere on the page.

/** Stands where there is no number. */
const NOTHING = '–';

/**
 * Bytes in decimal units, as downloads are counted: "1.2 GB", "36 MB", "4.2 MB", "310 kB".
 * @param {number} count
 */
export function bytes(count) {
  if (count < 1000) return `${Math.round(count)} B`;
  if (count < 999_500) return `${Math.round(count / 1000)} kB`;
  const mega = count / 1e6;
  if (mega >= 999.5) return `${(mega / 1000).toFixed(1)} GB`;
  return `${mega < 9.95 ? mega.toFixed(1) : Math.round(mega)} MB`;
}

/**
 * Bytes as megabytes with one place, so that a running count keeps its width.
 * @param {number} count
 */
export function megabytes(count) {
  return (count / 1e6).toFixed(1);
}

/**
 * A score, an effect or a weight of attention: four places, as the notebook prints.
 * @param {number | null | undefined} value
 */
export function score(value) {
  return value == null || Number.isNaN(value) ? NOTHING : minus(value.toFixed(4));
}

/**
 * A difference, with its sign.
 * @param {number} value
 */
export function signed(value) {
  // What rounds to nothing has no sign.
  if (Math.abs(value) < 0.00005) return score(0);
  return value > 0 ? `+${score(value)}` : score(value);
}

/**
 * An interval of differences; one prompt has none.
 * @param {[number, number] | null} ci
 */
export function interval(ci) {
  return ci ? `${signed(ci[0])} to ${signed(ci[1])}` : NOTHING;
}

/**
 * A share of one, as a percentage that does not break.
 * @param {number} share
 */
export function percent(share) {
  return `${(share * 100).toFixed(1)}\u00a0%`;
}

/**
 * How many times chance a score is, for metrics where that makes sense.
 * @param {number | null | undefined} value
 * @param {number | null | undefined} chance
 */
export function timesChance(value, chance) {
  if (value == null || !chance) return NOTHING;
  return `${(value / chance).toFixed(2)}×`;
}

/**
 * Pearson's correlation of two lists.
 * @param {number[]} a
 * @param {number[]} b
 */
export function correlation(a, b) {
  const [x, y] = [centred(a), centred(b)];
  return product(x, y) / Math.sqrt(product(x, x) * product(y, y));
}

/**
 * "1 prompt", "2 prompts".
 * @param {number} count
 * @param {string} noun
 */
export function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/**
 * A number with a true minus sign, which lines up with the plus.
 * @param {string} text
 */
function minus(text) {
  return text.replace('-', '−');
}

/** @param {number[]} values */
function centred(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}

/**
 * @param {number[]} a
 * @param {number[]} b
 */
function product(a, b) {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? NaN), 0);
}

/**
 * A text that begins a sentence.
 * @param {string} text
 */
export function capital(text) {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
