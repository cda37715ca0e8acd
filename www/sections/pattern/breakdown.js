// The five shares of a head's attention, as one labelled stacked bar.

import { breakdown } from '../../study/catalogue.js';
import { el } from '../../kit/dom.js';
import { percent } from '../../kit/format.js';

/**
 * @param {string} title
 * @param {AttentionBreakdown} shares
 */
export function breakdownFigure(title, shares) {
  const list = el('ul', { class: 'shares-legend' });
  for (const { name, label } of breakdown()) {
    list.append(
      el(
        'li',
        {},
        el('span', { class: `swatch share-${name}`, 'aria-hidden': 'true' }),
        el('span', { text: label }),
        el('span', { class: 'figure', text: percent(shares[name]) }),
      ),
    );
  }
  return el(
    'figure',
    { class: 'shares' },
    el('figcaption', { text: title }),
    breakdownBar(shares),
    list,
    el('p', {
      class: 'muted small',
      text: 'Mean over destinations, the BOS row excluded.',
    }),
  );
}

/**
 * The bar alone: the numbers beside it say the same to a screen reader.
 * @param {AttentionBreakdown} shares
 */
function breakdownBar(shares) {
  const bar = el('div', { class: 'shares-bar', 'aria-hidden': 'true' });
  for (const { name } of breakdown()) {
    const part = el('span', { class: `share-${name}` });
    part.style.flexGrow = String(shares[name]);
    bar.append(part);
  }
  return bar;
}
