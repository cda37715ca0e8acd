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
      stat('Chance level', figure(result.chance)),
      stat('Against chance', timesChance(result.score, result.chance)),
    ),
    el('p', {
      class: 'muted small',
      text: `Chance is the same metric of uniform causal attention. ${metricOf(metric)?.higher_is_more ? 'Higher' : 'Lower'} means more of the attention that is scored.`,
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
