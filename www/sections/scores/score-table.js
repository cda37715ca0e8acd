// Every head in a table that sorts and filters, with its spread over prompts.

import { button, el } from '../../kit/dom.js';
import { plural, score as figure, signed, timesChance } from '../../kit/format.js';
import { metricName } from '../../study/catalogue.js';
import { sortableTable } from '../../kit/sortable-table.js';

/** @typedef {import('../../labels/heads.js').RankedHead} RankedHead */

/**
 * @param {HeadScores} scores
 * @param {RankedHead[]} heads
 * @param {(head: string) => void} open
 */
export function scoreTable(scores, heads, open) {
  const text = el('input', {
    id: 'scores-filter',
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: 'L1 or H5',
  });
  const above = el('input', { type: 'checkbox', id: 'scores-above' });
  const count = el('p', { class: 'muted small', 'aria-live': 'polite' });
  const place = el('div', {
    class: 'scroll tall',
    tabindex: '0',
    role: 'region',
    'aria-label': 'Scores as a table',
  });

  function fill() {
    const wanted = text.value.trim().toUpperCase();
    const left = heads.filter(
      (each) => named(each.name, wanted) && (!above.checked || beatsChance(each, scores)),
    );
    count.textContent = `${left.length} of ${plural(heads.length, 'head')}`;
    place.replaceChildren(table(scores, left, open));
  }
  text.addEventListener('input', fill);
  above.addEventListener('change', fill);
  fill();

  return el(
    'div',
    { class: 'filtered' },
    el(
      'div',
      { class: 'toolbar' },
      el('span', { class: 'tool' }, el('label', { for: text.id, text: 'Filter heads' }), text),
      el(
        'span',
        { class: 'check' },
        above,
        el('label', { for: above.id, text: 'Only beyond chance' }),
      ),
      count,
    ),
    place,
  );
}

/**
 * `L1` is layer 1 and not layer 11; `H5` is head 5 of every layer.
 * @param {string} name
 * @param {string} wanted
 */
function named(name, wanted) {
  if (wanted === '') return true;
  if (/^L\d+$/.test(wanted)) return name.startsWith(`${wanted}H`);
  if (/^H\d+$/.test(wanted)) return name.endsWith(wanted);
  return name.startsWith(wanted);
}

/**
 * @param {RankedHead} head
 * @param {HeadScores} scores
 */
function beatsChance({ mean }, { chance, higher_is_more }) {
  if (mean === null || chance === null) return false;
  return higher_is_more ? mean > chance : mean < chance;
}

/**
 * @param {HeadScores} scores
 * @param {RankedHead[]} heads
 * @param {(head: string) => void} open
 */
function table({ metric, chance, n, higher_is_more }, heads, open) {
  const more = higher_is_more ? 'higher' : 'lower';
  const caption = `Every head, ${metricName(metric)} over ${plural(n, 'prompt')}, ${more} is more; chance ${figure(chance)}`;
  const byRank = [...heads].sort((a, b) => a.rank - b.rank);
  const beyond = (/** @type {RankedHead} */ { mean }) => (mean ?? 0) - (chance ?? 0);
  return sortableTable(
    caption,
    [
      {
        label: 'Head',
        show: ({ name }) => button(name, 'link', () => open(name)),
        sortBy: ({ layer, head }) => layer * 1000 + head,
      },
      {
        label: 'Rank',
        show: ({ rank }) => String(rank),
        sortBy: ({ rank }) => rank,
        figures: true,
      },
      {
        label: 'Mean',
        show: ({ mean }) => figure(mean),
        sortBy: ({ mean }) => mean ?? 0,
        figures: true,
      },
      { label: 'SD', show: ({ sd }) => figure(sd), sortBy: ({ sd }) => sd ?? 0, figures: true },
      {
        label: 'Mean − chance',
        show: (each) => signed(beyond(each)),
        sortBy: beyond,
        figures: true,
      },
      {
        label: '× chance',
        show: ({ mean }) => timesChance(mean, chance),
        sortBy: ({ mean }) => mean ?? 0,
        figures: true,
      },
    ],
    byRank,
  );
}
