// The form of a head: what its weights alone say, beside what random weights would give.

import { el } from '../../kit/dom.js';
import { percent, signed } from '../../kit/format.js';

/**
 * @typedef {object} Figure
 * @property {string} label
 * @property {(form: Form) => string} show
 * @property {(form: Form) => string} chance what random weights give
 * @property {string} about
 */

const RANDOM = 'Random weights';

/** @type {Figure[]} */
const FIGURES = [
  {
    label: 'Trace of M',
    show: ({ trace }) => signed(trace),
    chance: () => 'near 0',
    about: 'above 0, words look for themselves; below 0, they avoid themselves',
  },
  {
    label: 'Negative among the largest eigenvalues of S',
    show: ({ negative_of_d_head_largest: negative, d_head }) => `${negative} of ${d_head}`,
    chance: ({ d_head }) => `about ${Math.round(d_head / 2)}`,
    about: 'S has as many negative as positive ones whatever the weights',
  },
  {
    label: 'Share of S in M',
    show: ({ symmetric_share: share }) => percent(share),
    chance: () => `about ${percent(0.5)}`,
    about: 'the rest is K, which tells query from key',
  },
  {
    label: 'Largest singular value of S, of K',
    show: ({ max_singular_symmetric: s, max_singular_skew: k }) =>
      `${s.toFixed(3)}, ${k.toFixed(3)}`,
    chance: () => '',
    about: '',
  },
  {
    label: 'Copying score of W_V W_O',
    show: ({ ov_copying: copying }) => (copying === null ? 'not loaded' : signed(copying)),
    chance: () => 'near 0',
    about: '1 for a head that writes what it reads',
  },
];

/**
 * @param {Circuits} circuits
 */
export function formTable({ head, form }) {
  const rows = FIGURES.map(({ label, show, chance, about }) =>
    el(
      'tr',
      {},
      el('th', { scope: 'row', text: label }),
      el('td', { class: 'figure', text: show(form), 'data-label': head }),
      el('td', { text: form.is_low_rank ? chance(form) : '', 'data-label': RANDOM }),
      el('td', { class: 'muted', text: about }),
    ),
  );
  const heads = ['', head, RANDOM, ''];
  const caption = form.is_low_rank
    ? `M = W_Q W_Kᵀ of ${head}, cut into S + K, its symmetric and its skew part`
    : `M = W_Q W_Kᵀ of ${head} = S + K. With ${form.d_head} dimensions a head and so narrow a stream, the signs of S say little, and random weights give no rule`;
  return el(
    'table',
    { class: 'form-table cards' },
    el('caption', { text: caption }),
    el(
      'thead',
      {},
      el(
        'tr',
        {},
        ...heads.map((text) => el(text ? 'th' : 'td', text ? { scope: 'col', text } : {})),
      ),
    ),
    el('tbody', {}, ...rows),
  );
}
