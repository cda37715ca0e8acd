// A score never stands alone: beside it, what uniform attention would score.

import { metricName, metricOf } from '../study/catalogue.js';
import { el } from '../kit/dom.js';
import { score as figure, timesChance } from '../kit/format.js';

/**
 * @param {HTMLElement} root
 * @param {PatternResult | null} result
 * @param {Metric} metric
 */
export function showScore(root, result, metric) {
  root.replaceChildren();
  if (!result) return;
  if (result.score === null) {
    root.append(
      el('p', {
        text:
          result.chance === null
            ? 'No score: this prompt holds nothing of what is scored, such as an earlier word of the same category.'
            : 'No score: this prompt is dropped, because a word in it splits into several tokens.',
      }),
    );
    return;
  }
  root.append(
    el(
      'dl',
      { class: 'stats' },
      stat(`Score (${metricName(metric)})`, figure(result.score)),
      stat('Chance (uniform)', figure(result.chance)),
      stat('× chance', timesChance(result.score, result.chance)),
    ),
    el('p', {
      class: 'muted small',
      text: `Chance = uniform causal attention. ${metricOf(metric)?.higher_is_more ? 'Higher' : 'Lower'} = more attention.`,
    }),
  );
}

/**
 * @param {string} name
 * @param {string} value
 */
function stat(name, value) {
  return el('div', {}, el('dt', { text: name }), el('dd', { text: value }));
}
