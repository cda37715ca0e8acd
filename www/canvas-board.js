// A canvas of cells that can be pointed at, touched and walked with the arrow
// keys. What the cells are is the view's affair; the Rust side draws them.

import { isDark, onThemeChange } from './theme.js';

/** @typedef {{ row: number, column: number }} Cell */

/** More pixels than this a cell does not need, and phones run out of memory. */
const MAX_RATIO = 3;

/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export class CanvasBoard {
  #canvas;
  #scroller;
  #on;
  /** @type {BoardView | null} */
  #view = null;
  /** @type {Cell | null} */
  #marked = null;
  /** @type {Cell | null} */
  #cursor = null;
  #frame = 0;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {HTMLElement} scroller
   * @param {{ point: (cell: Cell | null, byKey: boolean) => void, pick: (cell: Cell) => void, leave: () => void }} on
   *   what to do when a cell is pointed at, chosen, or Escape is pressed
   */
  constructor(canvas, scroller, on) {
    this.#canvas = canvas;
    this.#scroller = scroller;
    this.#on = on;
    canvas.addEventListener('pointermove', (event) => {
      if (event.pointerType !== 'touch') on.point(this.#cellOf(event), false);
    });
    canvas.addEventListener('pointerleave', () => on.point(null, false));
    canvas.addEventListener('click', (event) => {
      const cell = this.#cellOf(event);
      if (!cell) return;
      this.#cursor = cell;
      on.pick(cell);
    });
    canvas.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => this.#redraw()).observe(scroller);
    onThemeChange(() => this.#redraw());
  }

  /**
   * Shows another view, and frees the one before.
   * @param {BoardView | null} view
   */
  show(view) {
    this.#view?.free();
    this.#view = view;
    this.#canvas.hidden = view === null;
    this.#scroller.classList.toggle('ghost', view === null);
    this.#redraw();
  }

  /**
   * Marks a cell; the arrow keys go on from there.
   * @param {Cell | null} cell
   */
  mark(cell) {
    if (this.#marked?.row === cell?.row && this.#marked?.column === cell?.column) return;
    this.#marked = cell;
    if (cell) this.#cursor = cell;
    this.#redraw();
  }

  /** @param {MouseEvent} event */
  #cellOf(event) {
    const found = this.#view?.cellAt(event.offsetX, event.offsetY);
    // The labels answer with half a cell, which cannot be read out.
    return found && found.row >= 0 && found.column >= 0 ? found : null;
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
      this.#moveTo(clamp(at.row + down, rows), clamp(at.column + right, columns));
    } else if (event.key === 'Home') this.#moveTo(at.row, 0);
    else if (event.key === 'End') this.#moveTo(at.row, columns - 1);
    else if (event.key === 'Enter' || event.key === ' ') this.#on.pick(at);
    else if (event.key === 'Escape') this.#on.leave();
    else return;
    event.preventDefault();
  }

  /**
   * @param {number} row
   * @param {number} column
   */
  #moveTo(row, column) {
    this.#cursor = { row, column };
    this.#on.point(this.#cursor, true);
  }

  /** Draws once a frame, however many things ask for it. */
  #redraw() {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw() {
    const context = this.#canvas.getContext('2d');
    const width = this.#scroller.clientWidth;
    if (!this.#view || !context || width === 0) return;
    const size = this.#view.size(width);
    const ratio = Math.min(devicePixelRatio, MAX_RATIO);
    this.#canvas.width = Math.round(size.width * ratio);
    this.#canvas.height = Math.round(size.height * ratio);
    this.#canvas.style.width = `${size.width}px`;
    this.#canvas.style.height = `${size.height}px`;
    const { row, column } = this.#marked ?? { row: -1, column: -1 };
    this.#view.draw(context, ratio, isDark(), row, column);
  }
}

/**
 * @param {number} index
 * @param {number} length
 */
function clamp(index, length) {
  return Math.max(0, Math.min(length - 1, index));
}
