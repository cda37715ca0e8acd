// The map of all heads, each as the small picture of its pattern. The Rust side colours the
// pictures; here they are put into the rows and columns of the map.

import { headIndex, isWithin } from './heads.js';
import { sheetOf } from './thumbnails-view.js';

/** Room for the names of the rows and of the columns, as in the map of scores. */
const LEFT = 34;
const TOP = 26;
const GAP = 2;
/** Twelve heads fit a window 320 pixels wide; nothing is gained beyond the largest. */
const SMALLEST = 18;
const LARGEST = 120;
/** Names of columns stand beside one another from this width on. */
const NAMED = 21;
const ROOMY = 28;

/** The surface of a panel, and what stands on it. */
const COLOURS = {
  light: { surface: '#ffffff', ink: '#181d26', muted: '#515b6b', empty: '#eef0f4' },
  dark: { surface: '#171c24', ink: '#e7eaf0', muted: '#a7b1c1', empty: '#11161d' },
};

/** @implements {DrawnCells} */
export class PatternsMap {
  #heads;
  #pictures;
  #shown;
  /** Those of the pictures that were drawn last, and how. */
  #sheet = { canvas: document.createElement('canvas'), key: '' };
  #cell = LARGEST;
  #window = { x: 0, y: 0, width: 0, height: 0 };

  /**
   * @param {ThumbnailSheet} sheet
   * @param {Settings} settings
   */
  constructor(sheet, settings) {
    this.rows = sheet.n_layer;
    this.columns = sheet.n_head;
    this.#heads = sheet.heads.length;
    this.#pictures = sheetOf(sheet, settings);
    const shown = headIndex(settings.head);
    this.#shown = isWithin(shown, sheet) ? shown : null;
  }

  /** @param {number} available */
  size(available) {
    const fitting = Math.floor((available - LEFT) / this.columns);
    this.#cell = Math.min(Math.max(fitting, SMALLEST), LARGEST);
    const width = LEFT + this.columns * this.#cell;
    const height = TOP + this.rows * this.#cell;
    this.#window = { x: 0, y: 0, width, height };
    return { width, height };
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {number} height
   */
  look(x, y, width, height) {
    this.#window = { x, y, width, height };
  }

  /**
   * @param {number} row
   * @param {number} column
   */
  reveal(row, column) {
    const [left, top] = this.#corner(row, column);
    const { x, y, width, height } = this.#window;
    return {
      x: into(left, this.#cell, x, width, LEFT),
      y: into(top, this.#cell, y, height, TOP),
    };
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} dpr
   * @param {boolean} dark
   */
  draw(context, dpr, dark) {
    const { width, height } = this.#window;
    context.setTransform(dpr, 0, 0, dpr, 0, 0);
    context.clearRect(0, 0, width, height);
    this.#drawPictures(context, dpr, dark);
    this.#toWindow(context, dpr);
    for (let row = 0; row < this.rows; row++) this.#nameRow(context, dark, row, false);
    for (let column = 0; column < this.columns; column++) {
      this.#nameColumn(context, dark, column, false);
    }
    if (this.#shown) this.#outline(context, dark, this.#shown, 3);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} dpr
   * @param {boolean} dark
   * @param {number} row
   * @param {number} column
   */
  mark(context, dpr, dark, row, column) {
    if (!isWithin([row, column], { n_layer: this.rows, n_head: this.columns })) return;
    this.#toWindow(context, dpr);
    this.#nameRow(context, dark, row, true);
    this.#nameColumn(context, dark, column, true);
    this.#outline(context, dark, [row, column], 2);
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  cellAt(x, y) {
    const row = Math.floor((y + this.#window.y - TOP) / this.#cell);
    const column = Math.floor((x + this.#window.x - LEFT) / this.#cell);
    const inside = isWithin([row, column], { n_layer: this.rows, n_head: this.columns });
    return inside ? { row, column } : undefined;
  }

  free() {
    this.#pictures.free();
    // Browsers keep what a canvas holds for a while.
    this.#sheet.canvas.width = 0;
  }

  /**
   * Puts the pictures where they belong, pixel by pixel, or their lines would blur. Heads
   * of layers that are not loaded have none.
   * @param {CanvasRenderingContext2D} context
   * @param {number} dpr
   * @param {boolean} dark
   */
  #drawPictures(context, dpr, dark) {
    const side = Math.max(1, Math.round((this.#cell - GAP) * dpr));
    const { ratio, canvas } = this.#sheetFor(side, dark);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = COLOURS[dark ? 'dark' : 'light'].empty;
    for (let i = 0; i < this.rows * this.columns; i++) {
      const [row, column] = [Math.floor(i / this.columns), i % this.columns];
      const [left, top] = this.#corner(row, column);
      const x = Math.round((left - this.#window.x) * dpr);
      const y = Math.round((top - this.#window.y) * dpr);
      if (i >= this.#heads) {
        context.fillRect(x, y, side, side);
        continue;
      }
      const from = this.#pictures.place(row, column);
      const [fromX, fromY] = [Math.round(from.x * ratio), Math.round(from.y * ratio)];
      context.drawImage(canvas, fromX, fromY, side, side, x, y, side, side);
    }
  }

  /**
   * All pictures on a sheet, each with so many pixels to a side.
   * @param {number} side
   * @param {boolean} dark
   */
  #sheetFor(side, dark) {
    const { width, height } = this.#pictures.size(0);
    // A hair more, so that rounding down gives the side.
    const ratio = (side + 0.01) / this.#pictures.place(0, 0).width;
    const { canvas } = this.#sheet;
    const key = `${side} ${dark}`;
    if (key !== this.#sheet.key) {
      this.#sheet.key = key;
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      const context = canvas.getContext('2d');
      if (context) this.#pictures.draw(context, ratio, dark);
    }
    return { canvas, ratio };
  }

  /**
   * @param {number} row
   * @param {number} column
   * @returns {[number, number]}
   */
  #corner(row, column) {
    return [LEFT + column * this.#cell, TOP + row * this.#cell];
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} dpr
   */
  #toWindow(context, dpr) {
    const { x, y } = this.#window;
    context.setTransform(dpr, 0, 0, dpr, -x * dpr, -y * dpr);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {boolean} dark
   * @param {number} row
   * @param {boolean} lit
   */
  #nameRow(context, dark, row, lit) {
    const middle = TOP + row * this.#cell + (this.#cell - GAP) / 2;
    if (lit) wipe(context, dark, 0, middle - 8, LEFT - 4, 16);
    write(context, dark, `L${row}`, LEFT - 8, middle, 'end', this.#cell < NAMED ? 10 : 12, lit);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {boolean} dark
   * @param {number} column
   * @param {boolean} lit
   */
  #nameColumn(context, dark, column, lit) {
    const left = LEFT + column * this.#cell;
    if (lit) wipe(context, dark, left, TOP - 20, this.#cell, 16);
    const name = this.#cell < NAMED ? String(column) : `H${column}`;
    const size = this.#cell < ROOMY ? 10 : 12;
    write(context, dark, name, left + (this.#cell - GAP) / 2, TOP - 12, 'center', size, lit);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {boolean} dark
   * @param {[number, number]} head
   * @param {number} width
   */
  #outline(context, dark, [row, column], width) {
    const [left, top] = this.#corner(row, column);
    const side = this.#cell - GAP;
    context.strokeStyle = COLOURS[dark ? 'dark' : 'light'].ink;
    context.lineWidth = width;
    context.strokeRect(left - 0.5, top - 0.5, side + 1, side + 1);
  }
}

/**
 * Where a window has to begin, so that what reaches so far from a place is in it.
 * @param {number} place
 * @param {number} length
 * @param {number} begin
 * @param {number} room
 * @param {number} labels how much lies before the first place
 */
function into(place, length, begin, room, labels) {
  return Math.max(0, Math.min(Math.max(begin, place + length - room), place - labels));
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {boolean} dark
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 */
function wipe(context, dark, x, y, width, height) {
  context.fillStyle = COLOURS[dark ? 'dark' : 'light'].surface;
  context.fillRect(x, y, width, height);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {boolean} dark
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {CanvasTextAlign} align
 * @param {number} size
 * @param {boolean} lit
 */
function write(context, dark, text, x, y, align, size, lit) {
  const { ink, muted } = COLOURS[dark ? 'dark' : 'light'];
  context.font = `${lit ? 'bold ' : ''}${size}px system-ui, sans-serif`;
  context.fillStyle = lit ? ink : muted;
  context.textAlign = align;
  context.textBaseline = 'middle';
  context.fillText(text, x, y);
}
