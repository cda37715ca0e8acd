// What steering comes to, in words.

import { percent, plural, score as figure } from '../../kit/format.js';

/**
 * Mean of the scores that there are.
 * @param {Record<string, number | null>} scores
 */
function meanOf(scores) {
  const known = Object.values(scores).filter((score) => score !== null);
  return known.length === 0 ? null : known.reduce((sum, score) => sum + score, 0) / known.length;
}

/** @param {Circuits} circuits */
export function steeredSentence({ alpha, steered, unsteered }) {
  const [now, before] = [steered, unsteered].map(({ cell_mean }) => meanOf(cell_mean));
  const [itself, itselfBefore] = [steered, unsteered].map(({ self_share }) => meanOf(self_share));
  const n = Object.keys(steered.cell_mean).length;
  const model = `The model: mean attention to the target ${figure(before ?? null)}, to the word itself ${percent(itselfBefore ?? 0)}`;
  if (alpha === 1) return `${model}, over ${plural(n, 'prompt')}.`;
  return `At α = ${alpha}: ${figure(now ?? null)} and ${percent(itself ?? 0)}. ${model} (${plural(n, 'prompt')}).`;
}
