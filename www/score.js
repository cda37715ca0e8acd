// A score never stands alone: beside it, what uniform attention would score.

import { el } from './dom.js';
import { score as figure, timesChance } from './format.js';

export const METRIC_NAMES = {
  'cell-mean': 'cell mean',
  'row-mass': 'row mass',
  surprisal: 'surprisal',
};

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
      stat(`Score (${METRIC_NAMES[metric]})`, figure(result.score)),
      stat('Chance level', figure(result.chance)),
      stat('Against chance', timesChance(result.score, result.chance)),
    ),
    el('p', {
      class: 'muted small',
      text: `Chance is the same metric of uniform causal attention. ${metric === 'surprisal' ? 'Lower' : 'Higher'} means more of the attention that is scored.`,
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
