// Errors a person can act on: what happened, what was kept, what to do next.

/**
 * @param {unknown} value
 * @returns {value is Cancelled}
 */
export function isCancelled(value) {
  return (
    typeof value === 'object' && value !== null && 'cancelled' in value && value.cancelled === true
  );
}

/**
 * @param {unknown} value
 * @returns {value is Problem}
 */
export function isProblem(value) {
  return typeof value === 'object' && value !== null && 'what' in value && 'next' in value;
}

/**
 * What was wrong with a setting and what was done about it; nothing for none.
 * @param {SettingProblem | undefined} problem
 */
export function settingText(problem) {
  return problem ? `${problem.message} ${problem.consequence}` : '';
}

/**
 * Reports of settings, the later one where both are of the same.
 * @param {SettingProblem[]} earlier
 * @param {SettingProblem[]} later
 */
export function mergeProblems(earlier, later) {
  const told = new Set(later.map(({ key }) => key));
  return [...earlier.filter(({ key }) => !told.has(key)), ...later];
}

/**
 * Anything thrown, as a problem. What is not one already is a bug of ours, and says so.
 * @param {unknown} thrown
 * @returns {Problem}
 */
export function asProblem(thrown) {
  if (isProblem(thrown)) return thrown;
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return {
    what: `This is a bug in Headscope: ${text}`,
    kept: 'The settings and the results shown are unchanged.',
    next: 'Reload the page (the link keeps your settings); if it comes back, please report this text with the link.',
    offers: [],
    key: null,
  };
}
