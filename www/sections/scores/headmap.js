// The map of all heads' scores: canvas, the best head in a sentence, a table.

import { announce } from '../../kit/announce.js';
import { CellCanvas } from '../../kit/cell-canvas.js';
import { byId, button, el, facts } from '../../kit/dom.js';
import { plural, score as figure, timesChance } from '../../kit/format.js';
import { headMapView, partialMapView } from '../../labels/head-map-view.js';
import { headName, rankHeads } from '../../labels/heads.js';
import { metricName } from '../../study/catalogue.js';
import { scoreTable } from './score-table.js';
import { togglePin } from '../../study/pins.js';
import { targetWords } from '../../labels/targets.js';

/** A mean this many standard errors away is told from chance, as a 95 % interval would. */
const SURE = 1.96;

/** @param {import('../../study/study.js').Study} study */
export function setUpHeadMap(study) {
  const sentence = byId('scores-sentence', HTMLParagraphElement);
  const scroller = byId('headmap-scroll', HTMLDivElement);
  const empty = byId('headmap-empty', HTMLParagraphElement);
  const readout = byId('headmap-readout', HTMLDivElement);
  const topList = byId('top-heads', HTMLDivElement);
  const fold = byId('scores-table-fold', HTMLDetailsElement);

  /** @type {HeadScores | null} */
  let scores = null;
  /** @type {import('../../labels/heads.js').RankedHead[]} */
  let heads = [];
  /** @type {PartialScores | null} */
  let partial = null;

  /** @param {string} head */
  const open = (head) => study.change({ head });

  const cells = new CellCanvas(byId('headmap', HTMLCanvasElement), scroller, {
    point(cell, deliberate) {
      cells.mark(cell);
      const found = showFacts(cell);
      if (deliberate) announce(found);
    },
    pick({ row, column }, compare) {
      const head = headName(row, column);
      if (compare) return togglePin(study, head);
      open(head);
      announce(`Opening ${head}`);
    },
    leave() {
      cells.mark(null);
      showFacts(null);
    },
  });

  /**
   * @param {import('../../kit/cell-canvas.js').Cell | null} cell
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
        ['SD across prompts', figure(found?.sd)],
        ['× chance', against],
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
   * @param {import('../../study/study-state.js').StudyState} state
   */
  function showPartial({ task, model, settings, scores: finished, coming }) {
    const known = (task?.step === 'scores' && task.progress?.partial) || null;
    if (known === partial || finished || coming.includes('scores')) return;
    partial = known;
    empty.hidden = known !== null;
    cells.show(known && model && partialMapView(known, model, settings));
  }

  study.subscribe(showPartial);
  study.watch(
    ({ scores: found, coming }) => [found, coming.includes('scores')],
    ([found, updating]) => {
      if (updating && !found) return;
      scores = found;
      heads = scores ? rankHeads(scores) : [];
      showFacts(null);
      topList.replaceChildren(...(scores ? [topHeads(scores, heads, open)] : []));
      showTable();
    },
    [null, false],
  );
  study.watch(
    ({ scores: found, settings, demo, coming }) => [
      found,
      demo?.head ?? settings.head,
      coming.includes('scores'),
    ],
    ([found, head, updating], { promptSet }) => {
      // The old map stays, pale, until the new one follows by itself.
      scroller.classList.toggle('updating', updating && !found);
      if (updating && !found) return;
      empty.hidden = found !== null;
      cells.show(found && headMapView(found, head));
      sentence.textContent = found
        ? summarise(found, heads, head, targetWords(found.target, promptSet))
        : '';
    },
  );
}

/**
 * Names the head that goes beyond chance by the most, or says that none does.
 * @param {HeadScores} scores
 * @param {import('../../labels/heads.js').RankedHead[]} heads
 * @param {string} shown
 * @param {string} what
 */
function summarise({ metric, chance, n, sd, skipped, best, higher_is_more }, heads, shown, what) {
  const bestName = headName(best.layer, best.head);
  const own = heads.find(({ name }) => name === shown);
  const beyond = (best.score - (chance ?? 0)) * (higher_is_more ? 1 : -1);
  const against = `the chance level of ${figure(chance)}, over ${plural(n, 'prompt')}`;
  const name = metricName(metric);
  const spread = sd[best.layer]?.[best.head] ?? null;
  const parts = [
    beyond <= 0
      ? `No head goes beyond chance in attention to ${what}: the nearest is ${bestName}, ${name} ${figure(best.score)} against ${against}.`
      : higher_is_more
        ? `${bestName} gives the most attention to ${what} and beats chance by the most: ${name} ${figure(best.score)}, ${timesChance(best.score, chance)} ${against}.`
        : `${bestName} gives the most attention to ${what} and beats chance by the most: ${name} ${figure(best.score)}, ${figure(beyond)} below ${against} (lower is more).`,
  ];
  if (beyond > 0 && spread !== null && beyond <= SURE * (spread / Math.sqrt(n))) {
    parts.push('The prompts differ too much to tell that from chance.');
  }
  if (own && own.name !== bestName) {
    parts.push(`${shown} ranks ${own.rank} of ${heads.length} with ${figure(own.mean)}.`);
  }
  if (skipped.length > 0) parts.push(`${plural(skipped.length, 'prompt')} had no score.`);
  return parts.join(' ');
}

/** How many heads stand beside the map. */
const TOP = 8;

/**
 * The heads with the most of the attention that is scored, each a way to open it.
 * @param {HeadScores} scores
 * @param {import('../../labels/heads.js').RankedHead[]} heads
 * @param {(head: string) => void} open
 */
function topHeads({ metric, higher_is_more }, heads, open) {
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
    el('h3', { text: higher_is_more ? 'Highest scores' : `Lowest ${metricName(metric)}` }),
    list,
  );
}
