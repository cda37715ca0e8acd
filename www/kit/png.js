// An SVG document as a PNG. Browsers that guard against being recognised alter what
// a page reads off a canvas: Firefox's resistFingerprinting gives stripes, others
// white, noise, or no answer. So the canvas has to give known colours back first,
// and the file is held against the canvas at last; what fails is never saved.

import { el } from './dom.js';

/** Pixels to a CSS pixel, and the most that browsers make into one picture. */
const SCALE = 2;
const MOST_PIXELS = 64e6;

/** Places of a picture that are compared, so many across and down, and their side. */
const GRID = 4;
const SIDE = 8;
/** A picture of known colours that is over in a moment. */
const SMALL = GRID * SIDE;

/** Milliseconds that a browser may take over a picture, and pixels that give it one more. */
const PATIENCE = 3000;
const PIXELS_A_MILLISECOND = 2000;

/** @typedef {[x: number, y: number]} Place */

/**
 * @param {{ text: string, width: number, height: number }} picture
 * @returns {Promise<Blob>}
 * @throws {Problem} if this browser gives no true picture
 */
export async function asPng({ text, width, height }) {
  const scale = Math.min(SCALE, Math.sqrt(MOST_PIXELS / (width * height)));
  const canvas = canvasOf(Math.round(width * scale), Math.round(height * scale));
  await mustKeepColours(canvasOf(SMALL, SMALL));
  await mustKeepColours(canvas);

  const image = new Image();
  image.src = URL.createObjectURL(new Blob([text], { type: 'image/svg+xml' }));
  try {
    await image.decode();
    const context = contextOf(canvas);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
  } finally {
    URL.revokeObjectURL(image.src);
  }
  const blob = await toBlob(canvas);
  const wanted = places(canvas).map((place) => pixelsAt(canvas, place));
  // A picture has a ground everywhere.
  if (wanted.some((pixels) => pixels?.at(-1) !== 255)) throw none();
  if (!(await holds(blob, canvas, wanted))) throw altered();
  return blob;
}

/**
 * Covers a canvas with colours that are known, and reads them back in both ways.
 * @param {HTMLCanvasElement} canvas
 */
async function mustKeepColours(canvas) {
  const context = contextOf(canvas);
  context.fillStyle = 'rgb(96 160 32)';
  context.fillRect(0, 0, canvas.width, canvas.height);
  const wanted = places(canvas).map(([x, y], index) => {
    const color = [53, 97, 193].map((step) => (step * (index + 1)) % 256);
    context.fillStyle = `rgb(${color.join(' ')})`;
    context.fillRect(x, y, SIDE, SIDE);
    return Uint8ClampedArray.from({ length: 4 * SIDE * SIDE }, (_, i) => color[i % 4] ?? 255);
  });
  const read = places(canvas).map((place) => pixelsAt(canvas, place));
  if (!read.every((pixels, index) => alike(pixels, wanted[index], 0))) throw altered();
  if (!(await holds(await toBlob(canvas), canvas, wanted))) throw altered();
}

/**
 * Whether a file is a picture of the canvas' size with these pixels in their places.
 * @param {Blob} blob
 * @param {HTMLCanvasElement} canvas
 * @param {(Uint8ClampedArray | null)[]} wanted
 */
async function holds(blob, canvas, wanted) {
  const decoding = createImageBitmap(blob, { colorSpaceConversion: 'none' });
  const bitmap = await inTime(
    decoding.catch(() => null),
    canvas,
  );
  if (!bitmap) return false;
  const same = bitmap.width === canvas.width && bitmap.height === canvas.height;
  const small = canvasOf(SIDE, SIDE);
  const context = contextOf(small);
  const right = places(canvas).every(([x, y], index) => {
    context.clearRect(0, 0, SIDE, SIDE);
    context.drawImage(bitmap, x, y, SIDE, SIDE, 0, 0, SIDE, SIDE);
    // Colours may be rounded on their way through a file.
    return alike(pixelsAt(small, [0, 0]), wanted[index], 1);
  });
  bitmap.close();
  return same && right;
}

/**
 * Spread over the whole of a canvas, its corners included.
 * @param {HTMLCanvasElement} canvas
 * @returns {Place[]}
 */
function places({ width, height }) {
  const along = (/** @type {number} */ length, /** @type {number} */ i) =>
    Math.floor(((length - SIDE) * i) / (GRID - 1));
  return Array.from({ length: GRID * GRID }, (_, i) => [
    along(width, i % GRID),
    along(height, Math.floor(i / GRID)),
  ]);
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Place} place
 */
function pixelsAt(canvas, [x, y]) {
  try {
    return contextOf(canvas).getImageData(x, y, SIDE, SIDE).data;
  } catch {
    return null;
  }
}

/**
 * @param {Uint8ClampedArray | null} pixels
 * @param {Uint8ClampedArray | null | undefined} wanted
 * @param {number} most by which a channel may differ
 */
function alike(pixels, wanted, most) {
  if (!pixels || !wanted || pixels.length !== wanted.length) return false;
  return pixels.every((channel, i) => Math.abs(channel - (wanted[i] ?? NaN)) <= most);
}

/** @param {HTMLCanvasElement} canvas */
async function toBlob(canvas) {
  /** @type {Promise<Blob | null>} */
  const made = new Promise((resolve) => canvas.toBlob(resolve));
  const blob = await inTime(
    made.catch(() => null),
    canvas,
  );
  if (!blob) throw none();
  return blob;
}

/**
 * What a browser makes of a canvas, or nothing if it takes too long.
 * @template T
 * @param {Promise<T>} work
 * @param {HTMLCanvasElement} canvas
 */
function inTime(work, { width, height }) {
  const milliseconds = PATIENCE + (width * height) / PIXELS_A_MILLISECOND;
  /** @type {Promise<null>} */
  const late = new Promise((resolve) => setTimeout(resolve, milliseconds, null));
  return Promise.race([work, late]);
}

/**
 * @param {number} width
 * @param {number} height
 */
function canvasOf(width, height) {
  const canvas = el('canvas');
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

/** @param {HTMLCanvasElement} canvas */
function contextOf(canvas) {
  const context = canvas.getContext('2d');
  if (!context) throw none();
  return context;
}

function altered() {
  return problem(
    'This browser alters the pictures that a page reads: a PNG would not show the view.',
  );
}

function none() {
  return problem('This browser makes no PNG of the view.');
}

/**
 * @param {string} what
 * @returns {Problem}
 */
function problem(what) {
  return {
    what,
    kept: 'Nothing was saved; the results are unchanged.',
    next: 'Save it as SVG, which is exact, or allow this site to read canvas data, in the settings of the browser or of an add-on, and retry.',
    offers: ['svg', 'retry'],
    key: null,
  };
}
