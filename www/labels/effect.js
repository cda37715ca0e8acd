// Effects of ablations: which is the largest, and which can be told from none.

/** What is smaller than this shows as zero. */
const SHOWN = 0.00005;

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
