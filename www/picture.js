// The heatmap as a picture that says what it shows: head, prompt, seed,
// settings, the locked cell, and the link that makes it again.

import { cellFacts } from './cell.js';
import { SHARES } from './categories.js';
import { percent, score as figure } from './format.js';
import { patternView } from './heatmap.js';
import { METRIC_NAMES } from './score.js';
import { isDark } from './theme.js';
import { parseView } from './view.js';

const SCALE = 2;
const WIDTH = 760;
const MARGIN = 24;
const LINE = 20;
const FONT = '13px system-ui, sans-serif';

/**
 * @param {PatternResult} result
 * @param {Settings} settings
 * @param {string} modelName
 * @param {string} link
 * @returns {Promise<Blob>}
 */
export async function heatmapPicture(result, settings, modelName, link) {
  const view = parseView(settings.view);
  const board = patternView(result, view);
  const size = board.size(WIDTH - 2 * MARGIN);
  const width = Math.max(size.width, WIDTH - 2 * MARGIN) + 2 * MARGIN;
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d');
  if (!context) throw new Error('the browser gave no canvas to draw on');
  context.font = FONT;
  const lines = captionLines(result, settings, modelName).concat(
    wrap(context, link, width - 2 * MARGIN),
  );
  const captionHeight = lines.length * LINE;
  canvas.width = width * SCALE;
  canvas.height = (size.height + captionHeight + 3 * MARGIN) * SCALE;

  const colors = getComputedStyle(document.body);
  context.fillStyle = colors.backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  const { q, k } = view.locked ?? { q: -1, k: -1 };
  context.drawImage(heatmapCanvas(board, size, q, k), MARGIN * SCALE, MARGIN * SCALE);
  board.free();

  context.scale(SCALE, SCALE);
  context.fillStyle = colors.color;
  context.font = FONT;
  context.textBaseline = 'top';
  lines.forEach((line, index) => {
    context.fillText(line, MARGIN, size.height + 2 * MARGIN + index * LINE);
  });
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture came'))));
  });
}

/**
 * The view draws from a canvas' corner, so it gets one to itself.
 * @param {BoardView} board
 * @param {{ width: number, height: number }} size
 * @param {number} q
 * @param {number} k
 */
function heatmapCanvas(board, size, q, k) {
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(size.width * SCALE);
  canvas.height = Math.round(size.height * SCALE);
  const context = canvas.getContext('2d');
  if (context) board.draw(context, SCALE, isDark(), q, k);
  return canvas;
}

/**
 * @param {PatternResult} result
 * @param {Settings} settings
 * @param {string} modelName
 */
function captionLines(result, settings, modelName) {
  const { seed, n, len, cats, metric, view, text } = settings;
  const drawn =
    text === null ? `seed ${seed}, ${n} sequences of ${len} words, ${cats} categories` : 'own text';
  const lines = [
    `Headscope: ${modelName}, head ${result.head}, prompt ${result.prompt} (${drawn})`,
    `${METRIC_NAMES[metric]} ${figure(result.score)}, chance ${figure(result.chance)}`,
    SHARES.map(({ key, label }) => `${label} ${percent(result.shares[key])}`).join(' · '),
  ];
  const { locked } = parseView(view);
  if (locked && locked.q < result.n && locked.k < result.n) {
    const { from, to, weight, relation } = cellFacts(result, locked.q, locked.k);
    lines.push(
      `Marked: ${from.trim()} (${locked.q}) looks at ${to.trim()} (${locked.k}): ${figure(weight)}, ${relation}`,
    );
  }
  return lines;
}

/**
 * Breaks a text without spaces into lines.
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} width
 */
function wrap(context, text, width) {
  const lines = [''];
  for (const character of text) {
    const line = lines.at(-1) + character;
    if (context.measureText(line).width > width) lines.push(character);
    else lines[lines.length - 1] = line;
  }
  return lines;
}
