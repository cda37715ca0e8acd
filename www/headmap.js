// The map of all heads' scores: canvas, the best head in a sentence, a table.

import { head_map_view } from './pkg/headscope.js';
import { announce } from './announce.js';
import { CanvasBoard } from './canvas-board.js';
import { byId, button, el, facts } from './dom.js';
import { plural, score as figure, timesChance } from './format.js';
import { headIndex, headName, isWithin, rankHeads } from './heads.js';
import { METRIC_NAMES } from './score.js';
import { scoreTable } from './score-table.js';
import { targetWords } from './target.js';
import { parseView } from './view.js';

/** @param {import('./study.js').Study} study */
export function setUpHeadMap(study) {
  const sentence = byId('scores-sentence', HTMLParagraphElement);
  const empty = byId('headmap-empty', HTMLParagraphElement);
  const readout = byId('headmap-readout', HTMLDivElement);
  const topList = byId('top-heads', HTMLDivElement);
  const fold = byId('scores-table-fold', HTMLDetailsElement);

  /** @type {HeadScores | null} */
  let scores = null;
  /** @type {import('./heads.js').RankedHead[]} */
  let heads = [];
  let drawn = '';
  /** @type {PartialScores | null} */
  let partial = null;

  /** @param {string} head */
  const open = (head) => study.change({ head });

  const board = new CanvasBoard(
    byId('headmap', HTMLCanvasElement),
    byId('headmap-scroll', HTMLDivElement),
    {
      point(cell, deliberate) {
        board.mark(cell);
        const found = showFacts(cell);
        if (deliberate) announce(found);
      },
      pick({ row, column }) {
        open(headName(row, column));
        announce(`Opening ${headName(row, column)}`);
      },
      leave() {
        board.mark(null);
        showFacts(null);
      },
    },
  );

  /**
   * @param {import('./canvas-board.js').Cell | null} cell
   * @returns {string} the same in one sentence, for the announcer
   */
  function showFacts(cell) {
    const found =
      cell && heads.find(({ layer, head }) => layer === cell.row && head === cell.column);
    const against = timesChance(found?.mean, scores?.chance);
    const rank = found ? `${found.rank} of ${heads.length}` : '–';
    readout.replaceChildren(
      el('p', { class: 'readout-title', text: found ? `Head ${found.name}` : 'No head chosen' }),
      facts([
        ['Score', figure(found?.mean)],
        ['Spread over prompts (SD)', figure(found?.sd)],
        ['Against chance', against],
        ['Rank', rank],
      ]),
    );
    return found ? `${found.name}: ${figure(found.mean)}, ${against} chance, rank ${rank}` : '';
  }

  function showTable() {
    const root = byId('scores-table', HTMLDivElement);
    root.replaceChildren(...(scores && fold.open ? [scoreTable(scores, heads, open)] : []));
  }
  fold.addEventListener('toggle', showTable);
  showFacts(null);

  /**
   * While the heads are scored, those of the layers that are through.
   * @param {import('./study.js').StudyState} state
   */
  function showPartial({ task, model, settings, scores: finished }) {
    const known = (task?.step === 'scores' && task.progress?.partial) || null;
    if (known === partial || finished) return;
    partial = known;
    empty.hidden = known !== null;
    const { colors } = parseView(settings.view);
    board.show(known && model && partialMapView(known, model, settings.head, colors));
  }

  study.subscribe((state) => {
    showPartial(state);
    const { settings } = state;
    const { colors } = parseView(settings.view);
    const look = `${colors} ${settings.head}`;
    if (state.scores === scores && look === drawn) return;
    const scored = state.scores !== scores;
    scores = state.scores;
    drawn = look;
    heads = scores ? rankHeads(scores) : [];
    empty.hidden = scores !== null;
    board.show(scores && headMapView(scores, settings.head, colors));
    sentence.textContent = scores
      ? summarise(scores, heads, settings.head, targetWords(scores.target, state.promptSet))
      : '';
    if (!scored) return;
    showFacts(null);
    topList.replaceChildren(...(scores ? [topHeads(scores, heads, open)] : []));
    showTable();
  });
}

/**
 * Names the head that goes beyond chance by the most, or says that none does.
 * @param {HeadScores} scores
 * @param {import('./heads.js').RankedHead[]} heads
 * @param {string} shown
 * @param {string} what
 */
function summarise({ metric, chance, n, skipped, best, higher_is_more }, heads, shown, what) {
  const bestName = headName(best.layer, best.head);
  const own = heads.find(({ name }) => name === shown);
  const beyond = (best.score - (chance ?? 0)) * (higher_is_more ? 1 : -1);
  const against = `the chance level of ${figure(chance)}, over ${plural(n, 'prompt')}`;
  const name = METRIC_NAMES[metric];
  const parts = [
    beyond <= 0
      ? `No head goes beyond chance in attention to ${what}: the nearest is ${bestName}, ${name} ${figure(best.score)} against ${against}.`
      : higher_is_more
        ? `${bestName} gives the most attention to ${what} and beats chance by the most: ${name} ${figure(best.score)}, ${timesChance(best.score, chance)} ${against}.`
        : `${bestName} gives the most attention to ${what} and beats chance by the most: ${name} ${figure(best.score)}, ${figure(beyond)} below ${against} (lower is more).`,
  ];
  if (own && own.name !== bestName) {
    parts.push(`${shown} ranks ${own.rank} of ${heads.length} with ${figure(own.mean)}.`);
  }
  if (skipped.length > 0) parts.push(`${plural(skipped.length, 'prompt')} had no score.`);
  return parts.join(' ');
}

/**
 * @param {HeadScores} scores
 * @param {string} shown
 * @param {string} colors
 */
export function headMapView({ mean, chance, best }, shown, colors) {
  const heads = { n_layer: mean.length, n_head: mean[0]?.length ?? 0 };
  return mapView(heads, mean.flat(), chance, [best.layer, best.head], shown, colors);
}

/**
 * The map as far as it is known; heads without a score stay empty.
 * @param {PartialScores} partial
 * @param {ModelInfo} model
 * @param {string} shown
 * @param {string} colors
 */
function partialMapView({ mean, chance }, model, shown, colors) {
  const missing = Array(model.n_layer - mean.length).fill(Array(model.n_head).fill(null));
  return mapView(model, [...mean, ...missing].flat(), chance, null, shown, colors);
}

/**
 * @param {{ n_layer: number, n_head: number }} heads
 * @param {(number | null)[]} scores
 * @param {number | null} chance
 * @param {[number, number] | null} best
 * @param {string} shown a head that the model may lack
 * @param {string} colors
 */
function mapView({ n_layer, n_head }, scores, chance, best, shown, colors) {
  const index = headIndex(shown);
  return head_map_view({
    n_layer,
    n_head,
    scores,
    chance,
    colors,
    best,
    shown: isWithin(index, { n_layer, n_head }) ? index : null,
  });
}

/** How many heads stand beside the map. */
const TOP = 8;

/**
 * The heads with the most same-category attention, each a way to open it.
 * @param {HeadScores} scores
 * @param {import('./heads.js').RankedHead[]} heads
 * @param {(head: string) => void} open
 */
function topHeads({ higher_is_more }, heads, open) {
  const top = heads.filter(({ rank }) => rank >= 1 && rank <= TOP).sort((a, b) => a.rank - b.rank);
  const largest = Math.max(...top.map(({ mean }) => mean ?? 0));
  const list = el('ol', { class: 'top-heads' });
  for (const { name, mean } of top) {
    const bar = el('span', { class: 'bar', 'aria-hidden': 'true' });
    bar.style.transform = `scaleX(${(mean ?? 0) / largest})`;
    list.append(
      el(
        'li',
        {},
        button(name, 'link', () => open(name)),
        bar,
        el('span', { class: 'figure', text: figure(mean) }),
      ),
    );
  }
  return el(
    'div',
    {},
    el('h3', { text: higher_is_more ? 'Highest scores' : 'Lowest surprisal' }),
    list,
  );
}
