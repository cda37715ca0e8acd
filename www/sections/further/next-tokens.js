// What the model expects after a token: the likeliest ones as bars, in tables.

import { el } from '../../kit/dom.js';
import { percent } from '../../kit/format.js';
import { sortableTable } from '../../kit/sortable-table.js';
import { tokenText } from '../../labels/tokens.js';

/** Less than this has no figure of its own. */
const LEAST = 0.001;

/** @typedef {NextToken & { came: boolean }} Candidate */

/**
 * After the token at a place, and the same without the ablated components where the text
 * was read twice. Bars of both have one scale.
 * @param {TextReading} reading
 * @param {number} at
 */
export function nextTokens(reading, at) {
  const { tokens, before, after, components } = reading;
  const isLast = at === tokens.length - 1;
  const where = isLast ? 'at the end' : `after “${tokens[at]?.trim()}” (${at})`;
  const both = [
    { title: `Likeliest ${where}`, of: candidates(reading, before, at) },
    ...(after
      ? [{ title: `The same without ${components}`, of: candidates(reading, after, at) }]
      : []),
  ];
  const largest = Math.max(...both.flatMap(({ of }) => of.map((each) => each.probability)));
  return both.map(({ title, of }) => table(title, of, largest));
}

/**
 * The likeliest tokens, and the one that came, which may be none of them.
 * @param {TextReading} reading
 * @param {Reading} read
 * @param {number} at
 * @returns {Candidate[]}
 */
function candidates({ tokens, token_ids }, { losses, next, next_at }, at) {
  const [id, text, loss] = [token_ids[at + 1], tokens[at + 1], losses[at]];
  const likeliest = at === tokens.length - 1 ? next : (next_at?.[at] ?? []);
  const found = likeliest.map((each) => ({ ...each, came: each.id === id }));
  if (id === undefined || text === undefined || loss === undefined) return found;
  if (found.some(({ came }) => came)) return found;
  return [...found, { id, text, probability: Math.exp(-loss), came: true }];
}

/**
 * A probability in figures; that of a token that came is seldom nothing.
 * @param {number} probability
 */
function share(probability) {
  return probability > 0 && probability < LEAST ? `< ${percent(LEAST)}` : percent(probability);
}

/**
 * @param {string} title
 * @param {Candidate[]} tokens
 * @param {number} largest probability, which has the longest bar
 */
function table(title, tokens, largest) {
  return sortableTable(
    title,
    [
      {
        label: 'Token',
        show: ({ text, came }) =>
          el(
            'span',
            {},
            el('code', {}, ...tokenText(text)),
            ...(came ? [el('span', { class: 'tag', text: 'came next' })] : []),
          ),
      },
      {
        label: 'Probability',
        show({ probability }) {
          const bar = el('span', { class: 'bar' });
          bar.style.transform = `scaleX(${probability / largest})`;
          return el('span', { class: 'next-bar' }, bar, share(probability));
        },
      },
    ],
    tokens,
  );
}
