// The map of all heads: their scores or their patterns on canvas, the best head in a
// sentence, a table.

import { announce } from '../../kit/announce.js';
import { CellCanvas } from '../../kit/cell-canvas.js';
import { byId, el, facts } from '../../kit/dom.js';
import { onceNear } from '../../kit/near.js';
import { part } from '../../kit/part.js';
import { showProblem } from '../../kit/problem-box.js';
import { asProblem } from '../../kit/problem.js';
import { plural, score as figure, timesChance } from '../../kit/format.js';
import { headMapView, partialMapView } from '../../labels/head-map-view.js';
import { headName, rankHeads } from '../../labels/heads.js';
import { higherIsMore, metricName } from '../../study/catalogue.js';
import { togglePin } from '../../study/pins.js';
import { explainNoScores, targetWords } from '../../labels/targets.js';
import { MOST_BARS, headBars } from './head-bars.js';

/** A mean this many standard errors away is told from chance, as a 95 % interval would. */
const SURE = 1.96;

/** From here on the preview lies over the heatmap, as in scores.css. */
const BESIDE = '(min-width: 75rem)';

/** @param {import('../../study/study-state.js').StudyState} state */
function shownHead({ demo, pattern, settings }) {
  return pattern?.head ?? demo?.head ?? settings.head;
}

/** @param {import('../../study/study.js').Study} study */
export function setUpHeadMap(study) {
  const sentence = byId('scores-sentence', HTMLParagraphElement);
  const scroller = byId('headmap-scroll', HTMLDivElement);
  const empty = byId('headmap-empty', HTMLParagraphElement);
  const about = byId('headmap-about', HTMLSpanElement);
  const readout = byId('headmap-readout', HTMLDivElement);
  const topList = byId('top-heads', HTMLDivElement);
  const bars = byId('head-bars', HTMLDivElement);
  const fold = byId('scores-table-fold', HTMLDetailsElement);

  /** @type {HeadScores | null} */
  let scores = null;
  /** @type {import('../../labels/heads.js').RankedHead[]} */
  let heads = [];
  /** @type {PartialScores | null} */
  let partial = null;
  /** @type {Promise<import('./head-preview.js').HeadPreview | null> | null} */
  let preview = null;
  /** What is pointed at now: the preview may come later. @type {string | null} */
  let pointed = null;
  /** What draws the heads' patterns, while the map shows them.
      @type {import('./pattern-mode.js').PatternMode | null} */
  let patterns = null;
  /** The map of scores as it stands. @type {() => DrawnCells | null} */
  let scoreView = () => null;

  /** @param {string} head */
  const open = (head) => study.change({ head });

  const cells = new CellCanvas(byId('headmap', HTMLCanvasElement), scroller, {
    point(cell, deliberate) {
      cells.mark(cell);
      const found = showFacts(cell);
      previewAt(cell);
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
      previewAt(null);
    },
  });

  /**
   * The preview comes with the first head that is pointed at. Without it the map still
   * says all that it says.
   * @param {import('../../kit/cell-canvas.js').Cell | null} cell
   */
  async function previewAt(cell) {
    const before = pointed;
    pointed = cell && headName(cell.row, cell.column);
    if (pointed === before) return;
    (await loadPreview())?.show(pointed);
  }

  // Where it has a place of its own, that is not to stay empty.
  const always = study.runsByItself && !matchMedia(BESIDE).matches;
  function loadPreview() {
    preview ??= import('./head-preview.js').then(
      ({ HeadPreview }) => new HeadPreview(study, always),
      () => (preview = null),
    );
    return preview;
  }
  if (always) onceNear(byId('head-preview', HTMLElement), loadPreview);

  /**
   * @param {import('../../kit/cell-canvas.js').Cell | null} cell
   * @returns {string} the same in one sentence, for the announcer
   */
  function showFacts(cell) {
    // While none is pointed at, it is told of the shown one.
    const of = cell ? headName(cell.row, cell.column) : shownHead(study.state);
    const text = `Head ${of}${cell ? '' : ', shown'}`;
    if (patterns) {
      readout.replaceChildren(el('p', { class: 'readout-title', text }), patterns.facts(of));
      return patterns.sentence(of);
    }
    const found = heads.find(({ name }) => name === of);
    const against = timesChance(found?.mean, (scores ?? partial)?.chance);
    const rank = found ? `${found.rank} of ${heads.length}${scores ? '' : ' loaded'}` : '–';
    readout.replaceChildren(
      el('p', { class: 'readout-title', text: found ? text : 'Point at a head' }),
      facts([
        ['Score', figure(found?.mean)],
        ['SD', figure(found?.sd)],
        ['× chance', against],
        ['Rank', rank],
      ]),
    );
    return found ? `${found.name}: ${figure(found.mean)}, ${against} chance, rank ${rank}` : '';
  }

  async function showTable() {
    const root = byId('scores-table', HTMLDivElement);
    const of = scores;
    if (!of || !fold.open) return root.replaceChildren();
    try {
      const load = () => import('./score-table.js');
      const { scoreTable } = await part('What makes the table', load);
      if (of === scores && fold.open) root.replaceChildren(scoreTable(of, heads, open));
    } catch (thrown) {
      showProblem(root, asProblem(thrown), showTable);
    }
  }
  fold.addEventListener('toggle', showTable);
  showFacts(null);

  function drawMap() {
    const view = patterns ? patterns.view() : scoreView();
    empty.hidden = view !== null;
    about.textContent = (patterns ?? { about: () => 'Orange: above chance; blue: below.' }).about();
    cells.show(view);
    // What is told of the shown head comes with the patterns.
    if (patterns && pointed === null) showFacts(null);
  }

  setUpModes(study, drawMap, (mode) => {
    patterns = mode;
    cells.mark(null);
    showFacts(null);
    drawMap();
  });

  /**
   * While the heads are scored, those of the layers that are through, and before, those
   * of the layers that are loaded.
   * @param {import('../../study/study-state.js').StudyState} state
   */
  function showPartial({ task, model, settings, scores: finished, loaded, coming }) {
    const known = (task?.step === 'scores' && task.progress?.partial) || loaded;
    if (known === partial || finished || coming.includes('scores')) return;
    partial = known;
    heads = known ? rankHeads({ ...known, higher_is_more: higherIsMore(settings.metric) }) : [];
    scoreView = () => known && model && partialMapView(known, model, settings);
    if (!patterns) drawMap();
  }

  study.subscribe(showPartial);
  explainNoScores(study, empty);
  study.watch(
    ({ model }) => model,
    (model, { settings }) => {
      if (!model || scroller.clientWidth === 0) return;
      // The map has its room before there are scores.
      const view = partialMapView({ mean: [], chance: 0 }, model, settings);
      scroller.style.minHeight = `${view.size(scroller.clientWidth).height}px`;
      view.free();
    },
    null,
  );
  study.watch(
    ({ scores: found, coming }) => [found, coming.includes('scores')],
    ([found, updating]) => {
      if (updating && !found) return;
      scores = found;
      if (found) partial = null;
      heads = scores ? rankHeads(scores) : [];
      showFacts(null);
      topList.replaceChildren(...(scores ? [headBars(scores, heads, open)] : []));
      // A map of few heads leaves room for them; of many, the ranking below has the first.
      const few = scores !== null && heads.length <= MOST_BARS;
      bars.replaceChildren(...(scores && few ? [headBars(scores, heads, open)] : []));
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
      scoreView = () => found && headMapView(found, head);
      if (!pointed) showFacts(null);
      if (!patterns) drawMap();
      sentence.textContent = found
        ? summarise(found, heads, head, targetWords(found.target, promptSet))
        : '';
    },
  );
}

/**
 * The switch between scores and patterns. What draws patterns comes when it is wanted.
 * @param {import('../../study/study.js').Study} study
 * @param {() => void} redraw
 * @param {(mode: import('./pattern-mode.js').PatternMode | null) => void} show
 */
function setUpModes(study, redraw, show) {
  const panel = byId('map-panel', HTMLElement);
  const canvas = byId('headmap', HTMLCanvasElement);
  const problemSlot = byId('map-problem', HTMLDivElement);
  /** @type {import('./pattern-mode.js').PatternMode | null} */
  let mode = null;
  let wanted = 'scores';

  async function turn() {
    showProblem(problemSlot, null);
    try {
      if (wanted === 'patterns' && !mode) {
        const load = () => import('./pattern-mode.js');
        const { PatternMode } = await part('What draws all heads', load);
        mode ??= new PatternMode(study, redraw);
      }
    } catch (thrown) {
      return showProblem(problemSlot, asProblem(thrown), turn);
    }
    const on = wanted === 'patterns';
    panel.classList.toggle('patterns', on);
    canvas.setAttribute('aria-label', `${on ? 'Patterns' : 'Scores'} of all heads`);
    mode?.turn(on);
    show(on ? mode : null);
  }
  for (const choice of panel.querySelectorAll('input[name="map"]')) {
    choice.addEventListener('change', () => {
      wanted = /** @type {HTMLInputElement} */ (choice).value;
      turn();
    });
  }
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
