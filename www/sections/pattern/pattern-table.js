// The heatmap as a table.

import { el } from '../../kit/dom.js';
import { score as figure } from '../../kit/format.js';
import { matrixTable } from '../../kit/matrix-table.js';
import { promptName } from '../../labels/prompt-name.js';
import { tokenText } from '../../labels/tokens.js';

/**
 * @param {PatternResult} result
 * @param {Settings} settings
 */
export function patternTable({ n, tokens, pattern, head, prompt }, settings) {
  const where = promptName(settings, prompt);
  const heading = (/** @type {'row' | 'col'} */ scope) => (/** @type {number} */ i) =>
    el('th', { scope }, ...tokenText(tokens[i] ?? ''));
  return matrixTable({
    caption: `Attention of ${head} on ${where}`,
    title: `attention ${head} ${where}`,
    corner: 'destination ↓  source →',
    rows: n,
    columns: n,
    rowHead: heading('row'),
    columnHead: heading('col'),
    value: (q, k) => (k <= q ? (pattern[q * n + k] ?? 0) : null),
    show(cell, weight) {
      cell.textContent = weight === null ? '' : figure(weight);
    },
  });
}
