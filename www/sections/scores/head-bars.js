// The heads with the best scores, as bars beside chance.

import { button, el } from '../../kit/dom.js';
import { score as figure } from '../../kit/format.js';
import { metricName } from '../../study/catalogue.js';

/** How many of them. */
export const MOST_BARS = 8;

/**
 * The heads with the most of the attention that is scored, each a way to open it.
 * @param {HeadScores} scores
 * @param {import('../../labels/heads.js').RankedHead[]} heads
 * @param {(head: string) => void} open
 */
export function headBars({ metric, higher_is_more, chance }, heads, open) {
  const top = heads
    .filter(({ rank }) => rank >= 1 && rank <= MOST_BARS)
    .sort((a, b) => a.rank - b.rank);
  const largest = Math.max(chance ?? 0, ...top.map(({ mean }) => mean ?? 0));
  const list = el('ol', { class: 'top-heads' });
  for (const { name, mean } of top) {
    const bar = el('span', { class: 'bar' });
    bar.style.transform = `scaleX(${(mean ?? 0) / largest})`;
    const track = el('span', { class: 'track', 'aria-hidden': 'true' }, bar);
    if (chance !== null) {
      const tick = el('i');
      tick.style.left = `${(100 * chance) / largest}%`;
      track.append(tick);
    }
    list.append(
      el(
        'li',
        {},
        button(name, 'link', () => open(name)),
        track,
        el('span', { class: 'figure', text: figure(mean) }),
      ),
    );
  }
  const title = higher_is_more ? 'Highest scores' : `Lowest ${metricName(metric)}`;
  const against = chance === null ? [] : [el('span', { class: 'muted', text: ' beside chance' })];
  return el('div', {}, el('h3', { text: title }, ...against), list);
}
