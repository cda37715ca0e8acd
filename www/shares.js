// The five shares of a head's attention, as one labelled stacked bar.

import { SHARES } from './categories.js';
import { el } from './dom.js';
import { percent } from './format.js';

/**
 * @param {string} title
 * @param {Shares} shares
 */
export function sharesFigure(title, shares) {
  const list = el('ul', { class: 'shares-legend' });
  for (const { key, label } of SHARES) {
    list.append(
      el(
        'li',
        {},
        el('span', { class: `swatch share-${key}`, 'aria-hidden': 'true' }),
        el('span', { text: label }),
        el('span', { class: 'figure', text: percent(shares[key]) }),
      ),
    );
  }
  return el(
    'figure',
    { class: 'shares' },
    el('figcaption', { text: title }),
    sharesBar(shares),
    list,
    el('p', {
      class: 'muted small',
      text: 'Mean over the rows after beginning of text; the five make 100 %.',
    }),
  );
}

/**
 * The bar alone: the numbers beside it say the same to a screen reader.
 * @param {Shares} shares
 */
function sharesBar(shares) {
  const bar = el('div', { class: 'shares-bar', 'aria-hidden': 'true' });
  for (const { key } of SHARES) {
    const part = el('span', { class: `share-${key}` });
    part.style.flexGrow = String(shares[key]);
    bar.append(part);
  }
  return bar;
}
