// The verdict on the shown head: five figures, each beside what chance would give, and
// each a link to the section that has all of it.

import { byId } from '../../kit/dom.js';
import { interval, percent, plural, score as figure, signed } from '../../kit/format.js';
import { clearest } from '../../labels/effect.js';
import { rankHeads } from '../../labels/heads.js';
import { higherIsMore } from '../../study/catalogue.js';

/** @typedef {import('../../study/study-state.js').StudyState} StudyState */
/**
 * @typedef {object} Tile
 * @property {string} value
 * @property {string} note
 * @property {number} [bar] from 0 to 1
 * @property {number} [chance] where the bar has its mark
 */

/** @type {Record<string, (state: StudyState) => Tile>} */
const TILES = { rank, chance, self, seeds, depends };

/** @param {import('../../study/study.js').Study} study */
export function setUpVerdict(study) {
  for (const [id, tell] of Object.entries(TILES)) {
    const root = byId(`verdict-${id}`, HTMLAnchorElement);
    const part = (/** @type {string} */ name) => root.querySelector(`[data-${name}]`);
    const [value, note, bar, mark] = ['value', 'note', 'bar', 'chance'].map(part);
    study.watch(
      ({ pattern, scores, loaded, ablations, further, coming }) => [
        pattern,
        scores,
        loaded,
        ablations,
        further.seeds,
        coming.length,
      ],
      (_, state) => {
        const updating = state.coming.length > 0;
        root.classList.toggle('updating', updating);
        if (updating) return;
        const tile = tell(state);
        if (value) value.textContent = tile.value;
        if (note) note.textContent = tile.note;
        if (bar instanceof HTMLElement) bar.style.width = `${100 * clamp(tile.bar ?? 0)}%`;
        if (mark instanceof HTMLElement) {
          mark.hidden = tile.chance === undefined;
          mark.style.left = `${100 * clamp(tile.chance ?? 0)}%`;
        }
      },
    );
  }
}

/** @param {number} share */
function clamp(share) {
  return Math.min(Math.max(share, 0), 1);
}

/** @type {(why: string) => Tile} */
const unknown = (note) => ({ value: '–', note });

/** @param {StudyState} state */
function shown({ scores, loaded, pattern, settings }) {
  const higher_is_more = higherIsMore(settings.metric);
  const known = scores ?? (loaded && { ...loaded, higher_is_more });
  const heads = known ? rankHeads(known) : [];
  return { heads, own: heads.find(({ name }) => name === pattern?.head) };
}

/** @type {(state: StudyState) => Tile} */
function rank(state) {
  const { heads, own } = shown(state);
  if (!own || own.mean === null) return unknown('score all heads');
  const first = heads.find((head) => head.rank === 1);
  const place = own.rank === 1 ? `${own.name} comes first` : `${own.name}; first is ${first?.name}`;
  return {
    value: `${own.rank} of ${heads.length}`,
    note: state.scores ? place : `of the ${heads.length} heads loaded; ${place}`,
    bar: heads.length > 1 ? 1 - (own.rank - 1) / (heads.length - 1) : 1,
  };
}

/** @type {(state: StudyState) => Tile} */
function chance(state) {
  const { scores, pattern } = state;
  const own = scores && shown(state).own;
  const score = own?.mean ?? pattern?.score;
  const level = scores && own ? scores.chance : pattern?.chance;
  if (score == null || !level) return unknown('no score yet');
  const over = own && scores ? plural(scores.n, 'prompt') : 'this prompt';
  const most = 1.15 * Math.max(score, level);
  return {
    value: `${(score / level).toFixed(1)}×`,
    note: `${figure(score)}, chance ${figure(level)}, ${over}`,
    bar: score / most,
    chance: level / most,
  };
}

/** @type {(state: StudyState) => Tile} */
function self({ pattern }) {
  if (!pattern) return unknown('no head shown');
  // Uniform attention gives the token at position q one part in q + 1.
  const rows = Array.from({ length: pattern.n - 1 }, (_, i) => 1 / (i + 2));
  const level = rows.reduce((sum, each) => sum + each, 0) / Math.max(rows.length, 1);
  const most = 1.3 * Math.max(level, pattern.shares.self);
  return {
    value: percent(pattern.shares.self),
    note: `of its attention; chance ${percent(level)}`,
    bar: pattern.shares.self / most,
    chance: level / most,
  };
}

/** @type {(state: StudyState) => Tile} */
function seeds({ further }) {
  if (!further.seeds) return unknown('draw other prompts');
  const { seeds: all } = further.seeds;
  const held = all.filter(({ holds }) => holds).length;
  return {
    value: `${held} of ${all.length}`,
    note: 'seeds: beyond chance and first',
    bar: held / Math.max(all.length, 1),
  };
}

/** @type {(state: StudyState) => Tile} */
function depends({ ablations }) {
  if (!ablations) return unknown('run ablations');
  const found = clearest(ablations.rows);
  if (!found) return { value: 'nothing clear', note: 'every 95% interval holds zero' };
  const { component, label, effect, ci, mean_baseline } = found;
  const range = ci ? ` (95% CI ${interval(ci)})` : '';
  return {
    value: component,
    note: `${label === component ? 'ablated' : `${label} ablated`}: ${signed(effect)}${range}`,
    bar: Math.abs(effect) / Math.max(Math.abs(mean_baseline), 1e-9),
  };
}
