// Pictures to take away: any view as an SVG document that says below what it shows.

import { el } from '../../kit/dom.js';

const SVG = 'http://www.w3.org/2000/svg';
const MARGIN = 24;
const LINE = 19;
const TITLE = 24;
/** Blocks stand in rows of about this width. */
const ROW = 1100;
/** The text below wraps at this width, however narrow the picture. */
const NARROWEST = 620;
const FONT = 'system-ui, sans-serif';
const SIZE = 13;

/** What a chart's style sheet gives its shapes, and a document of its own has to. */
const STYLED = ['fill', 'stroke', 'font-size', 'font-family', 'font-weight', 'text-anchor'];

/**
 * @typedef {object} Block
 * @property {string} [title]
 * @property {SVGElement} svg with its width and height
 */

/** @param {string} text */
export function parseSvg(text) {
  const { documentElement } = new DOMParser().parseFromString(text, 'image/svg+xml');
  if (!(documentElement instanceof SVGElement)) throw new Error('a view drew no picture');
  return documentElement;
}

/**
 * A chart of the page as a picture that needs none of the page's styles.
 * @param {SVGElement} chart
 */
export function standalone(chart) {
  const copy = /** @type {SVGElement} */ (chart.cloneNode(true));
  const copies = [copy, ...copy.querySelectorAll('*')];
  [chart, ...chart.querySelectorAll('*')].forEach((original, index) => {
    const style = getComputedStyle(original);
    const target = copies[index];
    for (const name of STYLED) target?.setAttribute(name, style.getPropertyValue(name));
    for (const name of ['style', 'class']) target?.removeAttribute(name);
  });
  copy.setAttribute('overflow', 'visible');
  for (const sheet of copy.querySelectorAll('style')) sheet.remove();
  return copy;
}

/**
 * Views above one another, or side by side where they are narrow, over lines of text.
 * @param {Block[]} blocks
 * @param {string[]} lines
 */
export function composePicture(blocks, lines) {
  const root = document.createElementNS(SVG, 'svg');
  const { backgroundColor } = getComputedStyle(document.querySelector('.panel') ?? document.body);
  const { color } = getComputedStyle(document.body);
  root.setAttribute('font-family', FONT);
  root.setAttribute('fill', color);
  const background = add(root, 'rect', { width: '100%', height: '100%', fill: backgroundColor });
  background.setAttribute('stroke', 'none');

  let [x, y, rowHeight, widest] = [MARGIN, MARGIN, 0, NARROWEST];
  for (const { title, svg } of blocks) {
    const { width, height } = sizeOf(svg);
    if (x > MARGIN && x + width > ROW) {
      [x, y] = [MARGIN, y + rowHeight + MARGIN];
      rowHeight = 0;
    }
    const top = title ? TITLE : 0;
    if (title) write(root, title, x, y + SIZE, { 'font-weight': '600' });
    place(root, svg, x, y + top);
    widest = Math.max(widest, x - MARGIN + width);
    x += width + MARGIN;
    rowHeight = Math.max(rowHeight, top + height);
  }
  y += rowHeight + MARGIN;
  for (const line of lines.flatMap((each) => wrap(each, widest))) {
    write(root, line, MARGIN, y + SIZE, { 'font-size': String(SIZE) });
    y += LINE;
  }
  const width = Math.ceil(widest + 2 * MARGIN);
  const height = Math.ceil(y + MARGIN);
  root.setAttribute('width', String(width));
  root.setAttribute('height', String(height));
  root.setAttribute('viewBox', `0 0 ${width} ${height}`);
  return { text: new XMLSerializer().serializeToString(root), width, height };
}

/**
 * A part in its place. Charts measure from elsewhere than their corner.
 * @param {SVGElement} root
 * @param {SVGElement} svg
 * @param {number} x
 * @param {number} y
 */
function place(root, svg, x, y) {
  const own = document.importNode(svg, true);
  own.setAttribute('x', String(x));
  own.setAttribute('y', String(y));
  root.append(own);
}

/** @param {SVGElement} svg */
function sizeOf(svg) {
  return { width: Number(svg.getAttribute('width')), height: Number(svg.getAttribute('height')) };
}

/**
 * @param {SVGElement} root
 * @param {string} name
 * @param {Record<string, string>} attributes
 */
function add(root, name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  root.append(element);
  return element;
}

/**
 * @param {SVGElement} root
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {Record<string, string>} attributes
 */
function write(root, text, x, y, attributes) {
  add(root, 'text', { x: String(x), y: String(y), ...attributes }).textContent = text;
}

/**
 * Breaks a text into lines, at a space where there is one.
 * @param {string} text
 * @param {number} width
 */
function wrap(text, width) {
  const context = el('canvas').getContext('2d');
  if (!context) return [text];
  context.font = `${SIZE}px ${FONT}`;
  const lines = [''];
  for (const piece of text.split(/(?<= )/)) {
    const line = `${lines.at(-1)}${piece}`;
    if (context.measureText(line.trimEnd()).width <= width) lines[lines.length - 1] = line;
    else if (context.measureText(piece).width <= width) lines.push(piece);
    else {
      // A link has no space to break at.
      for (const character of piece) {
        const longer = `${lines.at(-1)}${character}`;
        if (context.measureText(longer).width > width) lines.push(character);
        else lines[lines.length - 1] = longer;
      }
    }
  }
  return lines;
}
