// A target of one's own: cells painted on the heatmap. What is painted is the target in
// the link, and there is no other state but whether a click paints.

import { paint } from '../../pkg/headscope.js';
import { announce } from '../../kit/announce.js';
import { byId, isOff, setOff } from '../../kit/dom.js';
import { plural } from '../../kit/format.js';
import { isPainted } from '../../labels/targets.js';
import { catalogue } from '../../study/catalogue.js';

/**
 * @param {import('../../study/study.js').Study} study
 * @param {import('./crosshair.js').Crosshair} crosshair
 */
export function setUpPainting(study, crosshair) {
  const toggle = byId('paint', HTMLButtonElement);
  const clear = byId('paint-clear', HTMLButtonElement);
  const hint = byId('paint-hint', HTMLParagraphElement);
  /** Where Shift fills a rectangle from. @type {import('./crosshair.js').MarkedCell | null} */
  let corner = null;

  /** @param {boolean} on */
  function set(on) {
    toggle.setAttribute('aria-pressed', String(on));
    hint.hidden = !on;
    corner = null;
    crosshair.paintBy(on ? take : null);
  }

  /**
   * @param {import('./crosshair.js').MarkedCell} cell
   * @param {boolean} shifted
   */
  function take(cell, shifted) {
    const { pattern, settings } = study.state;
    if (!pattern) return;
    const from = (shifted && corner) || cell;
    const corners = [from, cell].map(({ q, k }) => Int32Array.of(q, k));
    const [first, last] = /** @type {[Int32Array, Int32Array]} */ (corners);
    const target = paint(settings.target, pattern.n, first, last);
    corner = cell;
    study.change({ target });
    announce(isPainted(target) ? plural(cellsOf(target), 'painted cell') : 'No cell is painted');
  }

  toggle.addEventListener('click', () => {
    if (!isOff(toggle)) set(toggle.getAttribute('aria-pressed') !== 'true');
  });
  clear.addEventListener('click', () => {
    if (!isOff(clear)) study.change({ target: catalogue().defaults.target });
  });
  study.watch(
    ({ settings }) => settings.target,
    (target) => setOff(clear, !isPainted(target)),
  );
  study.watch(
    ({ pattern }) => pattern === null,
    (nothing) => setOff(toggle, nothing),
  );
  set(false);
}

/**
 * How many cells a painted target has.
 * @param {string} target
 */
function cellsOf(target) {
  const runs = target.split(/[._]/).map((part) => part.replace(/^.*k/, '').split('-').map(Number));
  return runs.reduce((sum, [first = 0, last = first]) => sum + last - first + 1, 0);
}
