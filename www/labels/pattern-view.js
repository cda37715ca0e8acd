// The heatmap of a pattern, as the Rust side draws it.

import { pattern_view } from '../pkg/headscope.js';
import { tokenLabels } from './tokens.js';

/**
 * A locked cell may be one of a longer prompt.
 * @param {import('../study/look.js').MarkedCell} cell
 * @param {PatternResult | null} result
 * @returns {result is PatternResult}
 */
export function isWithin({ q, k }, result) {
  return result !== null && Math.max(q, k) < result.n;
}

/**
 * @param {PatternResult} result
 * @param {PromptSet | null} promptSet
 * @param {import('../study/look.js').Look} view
 * @param {string} target cells that are painted are outlined
 */
export function patternView(result, promptSet, { scale, max, colors, bos }, target) {
  const { pattern, relations } = result;
  const tokens = tokenLabels(result, promptSet);
  return pattern_view({ pattern, relations, tokens, scale, max, colors, bos, target });
}
