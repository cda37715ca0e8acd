// The shown head's attention on the shown prompt: heatmap, read-out, score,
// shares, and the same as a table.

import { strongestCell, tell } from '../../labels/cell.js';
import { legendItems } from '../../labels/categories.js';
import { byId, el } from '../../kit/dom.js';
import { setUpMenu } from '../../kit/menu.js';
import { part } from '../../kit/part.js';
import { showProblem } from '../../kit/problem-box.js';
import { asProblem } from '../../kit/problem.js';
import { isWithin, patternView } from '../../labels/pattern-view.js';
import { setUpPainting } from './painting.js';
import { Readout } from './readout.js';
import { showScore } from '../../labels/score.js';
import { breakdownFigure } from './breakdown.js';
import { promptName } from '../../labels/prompt-name.js';
import { shownSettings, textTooLong } from '../../study/study-state.js';
import {
  LOOK_OPTIONS,
  changedInWords,
  formatLook,
  parseLook,
  withoutLock,
} from '../../study/look.js';

/** Heatmaps of more tokens than these scroll. */
const LONG = 44;

/**
 * @param {import('../../study/study.js').Study} study
 * @param {import('./crosshair.js').Crosshair} crosshair
 */
export function setUpHeatmap(study, crosshair) {
  const canvas = byId('pattern', HTMLCanvasElement);
  const heading = byId('pattern-heading', HTMLSpanElement);
  const empty = byId('pattern-empty', HTMLParagraphElement);
  const shares = byId('shares', HTMLDivElement);
  const legend = byId('pattern-legend', HTMLUListElement);
  const fold = byId('pattern-table-fold', HTMLDetailsElement);
  const body = byId('pattern-body', HTMLDivElement);
  const readout = new Readout(byId('pattern-readout', HTMLDivElement));

  /** @type {PatternResult | null} */
  let result = null;

  const cells = crosshair.canvas(canvas, byId('pattern-scroll', HTMLDivElement));
  crosshair.describeBy((cell) =>
    isWithin(cell, result) ? tell(result, cell, study.state.promptSet).words : '',
  );
  crosshair.subscribe(read);

  function read() {
    const { cell, locked } = crosshair;
    const { promptSet } = study.state;
    // Where nothing is pointed at, the strongest of what the study is about speaks.
    const told = cell ?? (result && strongestCell(result));
    if (told && isWithin(told, result)) readout.show(result, told, locked !== null, promptSet);
    else readout.clear();
  }

  setUpDisplay(study);
  setUpPainting(study, crosshair);
  fold.addEventListener('toggle', () => showTable(shownSettings(study.state), result, fold));

  const invitation = empty.textContent ?? '';
  study.subscribe((state) => {
    const { problems } = state;
    // What keeps a head from being shown is said where it is looked for, too.
    const failed = problems.head && `${problems.head.what} ${problems.head.next}`;
    const ghost = textTooLong(state) || (failed ?? invitation);
    if (empty.textContent !== ghost) empty.textContent = ghost;
  });
  study.watch(
    ({ pattern, settings }) => [pattern, withoutLock(settings.view), settings.target],
    ([pattern, look, target], { promptSet }) => {
      result = pattern;
      body.classList.toggle('long', (result?.n ?? 0) > LONG);
      empty.hidden = result !== null;
      cells.show(result && patternView(result, promptSet, parseLook(look), target));
    },
  );
  study.watch(
    ({ pattern }) => pattern,
    (_, state) => {
      const { promptSet } = state;
      const settings = shownSettings(state);
      read();
      heading.textContent = result
        ? `Head ${result.head} on ${promptName(settings, result.prompt)}`
        : 'Attention of one head';
      const categories = (result && promptSet?.prompts[result.prompt]?.categories) ?? [];
      legend.replaceChildren(...legendItems(categories, promptSet?.categories ?? []));
      showScore(byId('score', HTMLDivElement), result, settings.metric);
      shares.replaceChildren(
        ...(result ? [breakdownFigure('Where its attention goes', result.shares)] : []),
      );
      showTable(settings, result, fold);
      if (result) describe(canvas, result, promptName(settings, result.prompt));
    },
    null,
  );
}

/**
 * How the heatmap is drawn, behind one button that says what is no default. What is chosen
 * is part of the link.
 * @param {import('../../study/study.js').Study} study
 */
function setUpDisplay(study) {
  const options = byId('display-options', HTMLDivElement);
  const summary = byId('display-summary', HTMLSpanElement);
  setUpMenu(byId('display-menu', HTMLDetailsElement));
  for (const { key, label, choices } of LOOK_OPTIONS) {
    const id = `view-${key}`;
    const select = el('select', { id, name: 'view' });
    for (const [value, text] of choices) select.append(el('option', { value, text }));
    select.addEventListener('change', () => {
      const view = parseLook(study.state.settings.view);
      study.change({ view: formatLook({ ...view, [key]: select.value }) });
    });
    options.append(el('label', { for: id, text: label }), select);
    study.subscribe(({ settings }) => {
      select.value = parseLook(settings.view)[key];
    });
  }
  study.watch(
    ({ settings }) => changedInWords(parseLook(settings.view)),
    (changed) => (summary.textContent = changed && `: ${changed}`),
  );
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {PatternResult} result
 * @param {string} where
 */
function describe(canvas, { head, n }, where) {
  canvas.setAttribute('aria-label', `Attention of head ${head} on ${where}, ${n} by ${n} tokens`);
}

/**
 * Built only when it is opened: most visitors never do.
 * @param {Settings} settings
 * @param {PatternResult | null} result
 * @param {HTMLDetailsElement} fold
 */
async function showTable(settings, result, fold) {
  const root = byId('pattern-table', HTMLDivElement);
  root.replaceChildren();
  if (!result || !fold.open) return;
  const wanted = (latest = {});
  try {
    const load = () => import('./pattern-table.js');
    const { patternTable } = await part('What makes the table', load);
    if (wanted === latest) root.replaceChildren(patternTable(result, settings));
  } catch (thrown) {
    showProblem(root, asProblem(thrown), () => showTable(settings, result, fold));
  }
}

/** The table that was asked for last. */
let latest = {};
