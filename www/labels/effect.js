// Effects of ablations: which is the largest, which can be told from none, and which are
// of the same component.

/** What is smaller than this shows as zero. */
const SHOWN = 0.00005;

/** What is called significant. */
const LEVEL = 0.05;

/** @param {AblationRow[]} rows */
export function byEffect(rows) {
  return [...rows].sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
}

/**
 * Whether an interval of effects holds zero, to the places that are shown.
 * @param {[number, number]} ci
 */
export function holdsZero([low, high]) {
  return low < SHOWN && high > -SHOWN;
}

/**
 * The largest effect that can be told from none. One prompt has no interval, and its
 * largest effect is taken as it is.
 * @param {AblationRow[]} rows
 */
export function clearest(rows) {
  return byEffect(rows).find(({ ci }) => ci === null || !holdsZero(ci));
}

/**
 * The rows whose effect is significant after Holm's correction for all of the run.
 * @param {Ablations} ablations
 */
export function significant({ rows, adjusted }) {
  return new Set(rows.filter((_, i) => (adjusted[i] ?? 1) < LEVEL));
}

/**
 * A component, with the row of the second kind where there are two.
 * @typedef {object} Pair
 * @property {string} component
 * @property {AblationRow} first
 * @property {AblationRow | undefined} second
 */

/**
 * The rows come kind by kind, so the second of a component is of the second kind.
 * @param {AblationRow[]} rows
 * @returns {Pair[]}
 */
export function pairUp(rows) {
  /** @type {Map<string, Pair>} */
  const pairs = new Map();
  for (const row of rows) {
    const pair = pairs.get(row.component);
    if (pair) pair.second = row;
    else pairs.set(row.component, { component: row.component, first: row, second: undefined });
  }
  return [...pairs.values()];
}

/**
 * The largest effect of the two.
 * @param {Pair} pair
 */
export function largestOf({ first, second }) {
  return Math.max(Math.abs(first.effect), Math.abs(second?.effect ?? 0));
}
