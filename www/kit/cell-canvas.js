// A canvas of cells that can be pointed at, touched and walked with the arrow
// keys. What the cells are is the view's affair; the Rust side draws them.
//
// The canvas is no larger than what is in sight of it: it stays in place while
// its frame scrolls, and draws the part of the picture that it lies over. That part
// is kept, so that a pointer that moves costs a copy of it and a mark.

import { el } from './dom.js';
import { isDark, onThemeChange } from './theme.js';

/** @typedef {{ row: number, column: number }} Cell */

/** More pixels than this a cell does not need, and phones run out of memory. */
const MAX_RATIO = 3;

/** Pictures higher than this scroll in their frame, where their labels stay in sight. */
const TALL = 1000;

/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export class CellCanvas {
  #canvas;
  #scroller;
  /** As large as the whole picture, so that the frame can scroll. */
  #extent = el('div');
  /** The part in sight, with nothing marked. */
  #plain = el('canvas');
  /** Whether that is no longer what is to be seen. */
  #stale = true;
  #on;
  /** Where a walk along a row or a column ends: -1 with labels, which are cells too. */
  #first;
  /** @type {DrawnCells | null} */
  #view = null;
  /** @type {Cell | null} */
  #marked = null;
  /** @type {Cell | null} */
  #cursor = null;
  #frame = 0;
  #touched = false;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {HTMLElement} scroller
   * @param {object} on what to do when a cell is pointed at, chosen, or Escape is pressed
   * @param {(cell: Cell | null, deliberate: boolean) => void} on.point deliberate by key
   *   or finger, in passing by a mouse
   * @param {(cell: Cell, shifted: boolean) => void} on.pick shifted with the Shift key held
   * @param {() => void} on.leave
   * @param {{ labels?: boolean }} [options] whether labels can be pointed at: they are
   *   cells with a row or a column of -1
   */
  constructor(canvas, scroller, on, { labels = false } = {}) {
    this.#canvas = canvas;
    this.#scroller = scroller;
    this.#on = on;
    this.#first = labels ? -1 : 0;
    canvas.replaceWith(this.#extent);
    this.#extent.append(canvas);
    canvas.addEventListener('pointerdown', (event) => {
      this.#touched = event.pointerType === 'touch';
    });
    canvas.addEventListener('pointermove', (event) => {
      if (event.pointerType !== 'touch') on.point(this.#cellOf(event), false);
    });
    canvas.addEventListener('pointerleave', (event) => {
      if (event.pointerType !== 'touch') on.point(null, false);
    });
    canvas.addEventListener('click', (event) => this.#click(event));
    canvas.addEventListener('keydown', (event) => this.#key(event));
    scroller.addEventListener('scroll', () => this.#redraw());
    new ResizeObserver(() => this.#redraw()).observe(scroller);
    addEventListener('resize', () => this.#redraw());
    // At once: what is printed does not wait for a frame.
    onThemeChange(() => {
      this.#stale = true;
      this.#draw();
    });
    this.#followRatio();
  }

  /**
   * Shows another view, and frees the one before.
   * @param {DrawnCells | null} view
   */
  show(view) {
    this.#view?.free();
    this.#view = view;
    this.#canvas.hidden = view === null;
    this.#extent.hidden = view === null;
    this.#scroller.classList.toggle('ghost', view === null);
    this.#redraw();
  }

  /**
   * Marks a cell; the arrow keys go on from there.
   * @param {Cell | null} cell
   */
  mark(cell) {
    if (same(this.#marked, cell)) return;
    this.#marked = cell;
    if (cell) this.#cursor = cell;
    this.#drawSoon();
  }

  /** @param {MouseEvent} event */
  #cellOf(event) {
    const found = this.#view?.cellAt(event.offsetX, event.offsetY);
    return found && Math.min(found.row, found.column) >= this.#first ? found : null;
  }

  /**
   * A finger points by a tap, as it has no other way, and chooses by a second one.
   * @param {MouseEvent} event
   */
  #click(event) {
    const cell = this.#cellOf(event);
    const points = this.#touched && !same(this.#marked, cell);
    if (points) this.#on.point(cell, true);
    if (!cell) return;
    this.#cursor = cell;
    if (!points) this.#on.pick(cell, event.shiftKey);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!this.#view || event.ctrlKey || event.metaKey || event.altKey) return;
    const { rows, columns } = this.#view;
    const at = this.#cursor ?? { row: 0, column: 0 };
    const arrow = ARROWS[event.key];
    if (arrow) {
      // The first press shows where the cursor is instead of moving it.
      const [down, right] = this.#cursor ? arrow : [0, 0];
      this.#moveTo(this.#clamp(at.row + down, rows), this.#clamp(at.column + right, columns));
    } else if (event.key === 'Home') this.#moveTo(at.row, 0);
    else if (event.key === 'End') this.#moveTo(at.row, columns - 1);
    else if (event.key === 'Enter' || event.key === ' ') this.#on.pick(at, event.shiftKey);
    else if (event.key === 'Escape') this.#on.leave();
    else return;
    event.preventDefault();
  }

  /**
   * @param {number} row
   * @param {number} column
   */
  #moveTo(row, column) {
    // The corner between the labels is none.
    if (row < 0 && column < 0) return;
    this.#cursor = { row, column };
    if (this.#view) {
      this.#look(this.#view);
      const { x, y } = this.#view.reveal(row, column);
      this.#scroller.scrollTo(x, y);
    }
    this.#on.point(this.#cursor, true);
  }

  /**
   * @param {number} index
   * @param {number} length
   */
  #clamp(index, length) {
    return Math.max(this.#first, Math.min(length - 1, index));
  }

  /** Another screen has another number of pixels to one of the page's. */
  #followRatio() {
    const query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    query.addEventListener(
      'change',
      () => {
        this.#redraw();
        this.#followRatio();
      },
      { once: true },
    );
  }

  /** Draws all of it anew. */
  #redraw() {
    this.#stale = true;
    this.#drawSoon();
  }

  /** Draws once a frame, however many things ask for it. */
  #drawSoon() {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw() {
    const context = this.#canvas.getContext('2d');
    if (this.#stale && !this.#drawPlain()) return;
    if (!this.#view || !context) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    context.drawImage(this.#plain, 0, 0);
    if (this.#marked) {
      this.#view.mark(context, ratio(), isDark(), this.#marked.row, this.#marked.column);
    }
  }

  /** @returns {boolean} whether there is anything in sight to draw */
  #drawPlain() {
    const context = this.#plain.getContext('2d');
    if (!this.#view || !context || this.#scroller.clientWidth === 0) {
      // What is not seen takes no memory.
      this.#plain.width = 0;
      return false;
    }
    const size = this.#view.size(this.#scroller.clientWidth);
    this.#scroller.style.maxHeight = size.height > TALL ? '85vh' : '';
    this.#extent.style.width = `${size.width}px`;
    this.#extent.style.height = `${size.height}px`;
    const { width, height } = this.#look(this.#view);
    for (const canvas of [this.#plain, this.#canvas]) {
      canvas.width = Math.round(width * ratio());
      canvas.height = Math.round(height * ratio());
    }
    this.#canvas.style.width = `${width}px`;
    this.#canvas.style.height = `${height}px`;
    this.#view.draw(context, ratio(), isDark());
    this.#stale = false;
    return true;
  }

  /**
   * Lets the view look at what is in sight, and tells how large that is.
   * @param {DrawnCells} view
   */
  #look(view) {
    const { offsetWidth, offsetHeight } = this.#extent;
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.#scroller;
    const width = Math.min(offsetWidth, clientWidth);
    const height = Math.min(offsetHeight, clientHeight);
    view.look(scrollLeft, scrollTop, width, height);
    return { width, height };
  }
}

/** Pixels drawn to one of the page's. */
function ratio() {
  return Math.min(devicePixelRatio, MAX_RATIO);
}

/**
 * @param {Cell | null} a
 * @param {Cell | null} b
 */
function same(a, b) {
  return a?.row === b?.row && a?.column === b?.column;
}
