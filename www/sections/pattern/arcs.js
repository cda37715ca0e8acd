// Arcs over the tokens as fed, from the one that is pointed at to those that it attends
// to, and the same in a sentence. Where none is pointed at, the strongest cell of the
// same category speaks.

import { byId, el } from '../../kit/dom.js';
import { percent } from '../../kit/format.js';
import { lineFacts, strongestCell } from '../../labels/cell.js';

/** Weaker attention has no arc, and the sentence leaves it out. */
const LEAST = 0.04;
/** Over a longer prompt arcs would be a thicket. */
const MOST_TOKENS = 80;
/** Room for the arcs above the first line of tokens, in CSS pixels. */
const HIGHEST = 40;

/**
 * @param {import('../../study/study.js').Study} study
 * @param {import('./crosshair.js').Crosshair} crosshair
 */
export function setUpArcs(study, crosshair) {
  const list = byId('fed', HTMLOListElement);
  const sentence = byId('attends', HTMLParagraphElement);
  const picture = document.getElementById('arcs');
  let frame = 0;

  function draw() {
    const { pattern } = study.state;
    const cards = [...list.children].filter((card) => card instanceof HTMLElement);
    // While another prompt is drawn, the old pattern is still on show.
    const result = pattern && pattern.n === cards.length ? pattern : null;
    const q = result ? ((crosshair.cell ?? strongestCell(result))?.q ?? result.n - 1) : -1;
    const few = result !== null && result.n <= MOST_TOKENS;
    const sources = few && q >= 0 && q < result.n ? attended(result, q) : [];
    picture?.replaceChildren(
      ...sources.flatMap(({ k, weight }) => arc(cards[q], cards[k], weight, k === 0)),
    );
    sentence.replaceChildren(...(result ? tell(result, q) : []));
  }
  // Once a frame: the places of the tokens have to be asked for.
  const soon = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(draw);
  };
  crosshair.subscribe(soon);
  study.watch(({ pattern, promptSet, settings }) => [pattern, promptSet, settings.prompt], soon);
  new ResizeObserver(soon).observe(list);
}

/**
 * @param {PatternResult} result
 * @param {number} q
 */
function attended({ pattern, n }, q) {
  const row = [...pattern.subarray(q * n, q * n + q + 1)];
  return row
    .map((weight, k) => ({ k, weight }))
    .filter(({ k, weight }) => weight >= LEAST && k < q);
}

/**
 * @param {HTMLElement | undefined} from
 * @param {HTMLElement | undefined} to
 * @param {number} weight
 * @param {boolean} toBos
 */
function arc(from, to, weight, toBos) {
  if (!from || !to) return [];
  const [x1, y1] = [from.offsetLeft + from.offsetWidth / 2, from.offsetTop];
  const [x2, y2] = [to.offsetLeft + to.offsetWidth / 2, to.offsetTop];
  const rise = Math.min(HIGHEST, 12 + Math.abs(x1 - x2) * 0.16);
  const top = Math.min(y1, y2) - rise * 1.25;
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', `M${x1} ${y1} C${x1} ${top} ${x2} ${top} ${x2} ${y2}`);
  path.setAttribute('stroke-width', (1 + 9 * weight).toFixed(1));
  path.setAttribute('opacity', (0.35 + 0.6 * weight).toFixed(2));
  path.setAttribute('class', toBos ? 'arc to-bos' : 'arc');
  return [path];
}

/**
 * @param {PatternResult} result
 * @param {number} q
 */
function tell(result, q) {
  const hint = el('span', { class: 'muted small', text: 'Point at a word or a cell.' });
  if (q < 0 || q >= result.n) return [hint];
  const { token, most, bos } = lineFacts(result, { q, k: -1 });
  const words = most.filter(({ index, weight }) => index > 0 && weight >= LEAST);
  const parts = words.flatMap(({ token: word, weight, index }, i) => [
    i > 0 ? ', ' : '',
    el('b', { text: index === q ? 'itself' : word.trim() }),
    ` ${percent(weight)}`,
  ]);
  const rest = bos < LEAST ? '' : `${words.length > 0 ? '; ' : ''}BOS ${percent(bos)}`;
  return [el('b', { text: token.trim() }), ' attends to ', ...parts, rest, '. ', hint];
}
