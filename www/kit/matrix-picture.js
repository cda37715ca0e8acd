// A matrix of numbers as coloured cells, whose rows and columns come in named groups.
// It is drawn on a canvas or, to be taken away, as SVG: on any surface that has
// rectangles and texts.

/**
 * @typedef {object} Surface
 * @property {(x: number, y: number, width: number, height: number, fill: string) => void} rect
 * @property {(text: string, x: number, y: number, anchor: 'start' | 'middle' | 'end') => void} text
 */

/**
 * @typedef {object} Picture
 * @property {number[][]} values (row, column)
 * @property {number} centre where the colours part
 * @property {{ name: string, letter: string, from: number, to: number }[]} groups of rows,
 *   which are those of the columns
 */

/**
 * @typedef {object} Layout
 * @property {number} cell side of a cell
 * @property {number} left where the cells begin
 * @property {number} top
 * @property {number} width of the whole
 * @property {number} height
 */

/** @typedef {Record<'low' | 'none' | 'high' | 'ink' | 'line', string>} Colours */

const LEFT = 96;
const TOP = 20;
const FONT = 12;
const LARGEST_CELL = 11;

/** @type {Record<'light' | 'dark', Colours>} */
const COLOURS = {
  light: { low: '#2b6cb0', none: '#f4f4f6', high: '#c05621', ink: '#181d26', line: '#868f9e' },
  dark: { low: '#63a4ea', none: '#1d232c', high: '#f0995a', ink: '#e7eaf0', line: '#6a7586' },
};

/**
 * @param {Picture} picture
 * @param {number} room
 * @returns {Layout}
 */
export function layOut({ values }, room) {
  const n = Math.max(values.length, 1);
  const cell = Math.max(1, Math.min(LARGEST_CELL, (room - LEFT) / n));
  return { cell, left: LEFT, top: TOP, width: LEFT + n * cell, height: TOP + n * cell + 1 };
}

/**
 * @param {Surface} surface
 * @param {Picture} picture
 * @param {Layout} layout
 * @param {boolean} dark
 */
export function drawMatrix(surface, { values, centre, groups }, { cell, left, top }, dark) {
  const colours = COLOURS[dark ? 'dark' : 'light'];
  let most = Number.MIN_VALUE;
  for (const row of values) for (const x of row) most = Math.max(most, Math.abs(x - centre));
  values.forEach((row, i) =>
    row.forEach((x, j) => {
      const fill = mix(colours, (x - centre) / most);
      // A hair wider than their distance, or the ground shines through between them.
      surface.rect(left + j * cell, top + i * cell, cell + 0.4, cell + 0.4, fill);
    }),
  );
  const n = values.length;
  for (const { name, letter, from, to } of groups) {
    const middle = ((from + to) / 2) * cell;
    surface.text(shorten(name), left - 8, top + middle + FONT / 3, 'end');
    surface.text(letter, left + middle, top - 6, 'middle');
    if (from === 0) continue;
    surface.rect(left, top + from * cell - 0.5, n * cell, 1, colours.line);
    surface.rect(left + from * cell - 0.5, top, 1, n * cell, colours.line);
  }
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Picture} picture
 * @param {number} room
 * @param {boolean} dark
 */
export function drawOnCanvas(canvas, picture, room, dark) {
  const layout = layOut(picture, room);
  const ratio = Math.min(devicePixelRatio, 3);
  canvas.width = Math.round(layout.width * ratio);
  canvas.height = Math.round(layout.height * ratio);
  canvas.style.width = `${layout.width}px`;
  canvas.style.height = `${layout.height}px`;
  const context = canvas.getContext('2d');
  if (!context) return layout;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.font = `${FONT}px system-ui, sans-serif`;
  const { ink } = COLOURS[dark ? 'dark' : 'light'];
  const surface = {
    /** @type {Surface['rect']} */
    rect(x, y, width, height, fill) {
      context.fillStyle = fill;
      context.fillRect(x, y, width, height);
    },
    /** @type {Surface['text']} */
    text(text, x, y, anchor) {
      context.fillStyle = ink;
      context.textAlign = anchor === 'middle' ? 'center' : anchor;
      context.fillText(text, x, y);
    },
  };
  drawMatrix(surface, picture, layout, dark);
  return layout;
}

/**
 * @param {Picture} picture
 * @param {number} room
 * @param {boolean} dark
 */
export function matrixSvg(picture, room, dark) {
  const layout = layOut(picture, room);
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const { ink } = COLOURS[dark ? 'dark' : 'light'];
  const add = (
    /** @type {string} */ name,
    /** @type {Record<string, string | number>} */ given,
  ) => {
    const element = document.createElementNS(svg.namespaceURI, name);
    for (const [key, value] of Object.entries(given)) element.setAttribute(key, String(value));
    svg.append(element);
    return element;
  };
  svg.setAttribute('width', String(Math.ceil(layout.width)));
  svg.setAttribute('height', String(Math.ceil(layout.height)));
  const surface = {
    /** @type {Surface['rect']} */
    rect: (x, y, width, height, fill) => void add('rect', { x, y, width, height, fill }),
    /** @type {Surface['text']} */
    text: (text, x, y, anchor) => {
      add('text', { x, y, fill: ink, 'text-anchor': anchor, 'font-size': FONT }).textContent = text;
    },
  };
  drawMatrix(surface, picture, layout, dark);
  return svg;
}

/**
 * @param {Colours} colours
 * @param {number} share from −1 to 1
 */
function mix({ low, none, high }, share) {
  const [from, to] = [none, share < 0 ? low : high];
  const part = Math.min(Math.abs(share), 1);
  const channel = (/** @type {string} */ colour, /** @type {number} */ at) =>
    parseInt(colour.slice(1 + 2 * at, 3 + 2 * at), 16);
  const mixed = [0, 1, 2].map((at) =>
    Math.round(channel(from, at) + (channel(to, at) - channel(from, at)) * part),
  );
  return `rgb(${mixed.join(',')})`;
}

/** @param {string} name */
function shorten(name) {
  return name.length > 14 ? `${name.slice(0, 13)}…` : name;
}
