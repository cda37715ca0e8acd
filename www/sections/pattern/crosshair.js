// The cell that all heatmaps of the shown prompt point at. One that is locked
// stays, and is part of the link; a row or a column alone has -1 for the other.

import { announce } from '../../kit/announce.js';
import { CellCanvas } from '../../kit/cell-canvas.js';
import { formatLook, parseLook } from '../../study/look.js';

/** @typedef {import('../../study/look.js').MarkedCell} MarkedCell */

export class Crosshair {
  #study;
  /** @type {MarkedCell | null} */
  #pointed = null;
  /** @type {((cell: MarkedCell | null, locked: boolean) => void)[]} */
  #listeners = [];
  /** Takes what is chosen instead of locking it, as long as the visitor paints.
   * @type {((cell: MarkedCell, shifted: boolean) => void) | null} */
  #paint = null;
  /** Puts a cell into words, once there is a heatmap. @type {(cell: MarkedCell) => string} */
  #inWords = () => '';

  /** @param {import('../../study/study.js').Study} study */
  constructor(study) {
    this.#study = study;
    study.watch(
      ({ settings }) => settings.view,
      () => this.#tell(),
      study.state.settings.view,
    );
  }

  get locked() {
    return parseLook(this.#study.state.settings.view).locked;
  }

  get cell() {
    return this.locked ?? this.#pointed;
  }

  /**
   * Points at a cell. In passing, a locked one stays; deliberately, the lock moves.
   * @param {MarkedCell | null} cell
   * @param {boolean} deliberate
   */
  point(cell, deliberate) {
    if (this.locked && !deliberate) return;
    // A mouse that moves within a cell says nothing new.
    if (!deliberate && same(cell, this.#pointed)) return;
    const wasLocked = this.locked !== null;
    this.#pointed = cell;
    if (wasLocked) this.#lock(cell);
    else this.#tell();
    if (deliberate && cell) announce(this.#inWords(cell));
  }

  /**
   * Locks a cell, or lets go of it if it is locked.
   * @param {MarkedCell} cell
   */
  pick(cell) {
    const again = this.locked?.q === cell.q && this.locked.k === cell.k;
    this.#pointed = cell;
    this.#lock(again ? null : cell);
    announce(`${this.#inWords(cell)}, ${again ? 'let go' : 'locked'}`);
  }

  leave() {
    this.#pointed = null;
    if (this.locked) this.#lock(null);
    else this.#tell();
  }

  /** @param {((cell: MarkedCell, shifted: boolean) => void) | null} paint */
  paintBy(paint) {
    this.#paint = paint;
  }

  /** @param {(cell: MarkedCell | null, locked: boolean) => void} listener */
  subscribe(listener) {
    this.#listeners.push(listener);
    listener(this.cell, this.locked !== null);
  }

  /** @param {(cell: MarkedCell) => string} inWords */
  describeBy(inWords) {
    this.#inWords = inWords;
  }

  /**
   * A canvas that points where all others of this crosshair do.
   * @param {HTMLCanvasElement} canvas
   * @param {HTMLElement} scroller
   */
  canvas(canvas, scroller) {
    const cells = new CellCanvas(
      canvas,
      scroller,
      {
        point: (cell, deliberate) =>
          this.point(cell && { q: cell.row, k: cell.column }, deliberate),
        pick: ({ row, column }, shifted) => {
          const cell = { q: row, k: column };
          if (this.#paint) this.#paint(cell, shifted);
          else this.pick(cell);
        },
        leave: () => this.leave(),
      },
      { labels: true },
    );
    this.subscribe((cell) => cells.mark(cell && { row: cell.q, column: cell.k }));
    return cells;
  }

  /** @param {MarkedCell | null} cell */
  #lock(cell) {
    const view = parseLook(this.#study.state.settings.view);
    this.#study.change({ view: formatLook({ ...view, locked: cell }) });
  }

  #tell() {
    for (const listener of this.#listeners) listener(this.cell, this.locked !== null);
  }
}

/**
 * @param {MarkedCell | null} a
 * @param {MarkedCell | null} b
 */
function same(a, b) {
  return a?.q === b?.q && a?.k === b?.k;
}
