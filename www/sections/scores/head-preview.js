// The pattern of the head that the pointer or the keys are on in the map, small, beside
// the pattern of the shown head, or that one's own while they are on none. It is of the
// shown prompt, and of what is loaded already.

import { byId } from '../../kit/dom.js';
import { isDark, onThemeChange } from '../../kit/theme.js';
import { headThumbnail } from '../../labels/thumbnails-view.js';
import { shownSettings } from '../../study/study-state.js';

/** The width that the picture is laid out for, and how much larger it is drawn. */
const WIDTH = 160;
const ZOOM = 1.3;

export class HeadPreview {
  #study;
  #always;
  #figure = byId('head-preview', HTMLElement);
  #canvas = byId('head-preview-canvas', HTMLCanvasElement);
  #caption = byId('head-preview-caption', HTMLElement);
  /** The one that is pointed at. @type {string | null} */
  #pointed = null;
  /** What the patterns were last asked for: those that cannot be had are not asked again. */
  #asked = '';

  /**
   * @param {import('../../study/study.js').Study} study
   * @param {boolean} always whether there is a picture while none is pointed at, too
   */
  constructor(study, always) {
    this.#study = study;
    this.#always = always;
    study.watch(
      ({ further, pattern, task, settings }) => [
        further.thumbnails,
        pattern,
        task === null,
        settings.view,
      ],
      () => this.#draw(),
    );
    onThemeChange(() => this.#draw());
    this.#draw();
  }

  /** @param {string | null} head the one that is pointed at */
  show(head) {
    this.#pointed = head;
    this.#draw();
  }

  #draw() {
    const { state } = this.#study;
    const sheet = state.further.thumbnails;
    const of = this.#pointed ?? state.pattern?.head;
    const at = sheet ? sheet.heads.findIndex(({ head }) => head === of) : -1;
    this.#figure.classList.toggle('on', this.#pointed !== null);
    this.#canvas.hidden = at < 0;
    this.#caption.textContent = at < 0 && of ? this.#why(of) : '';
    if (!sheet || at < 0) return this.#ask();
    const view = headThumbnail(sheet, at, shownSettings(state));
    const { width, height } = view.size(WIDTH);
    const ratio = ZOOM * devicePixelRatio;
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(height * ratio);
    this.#canvas.style.width = `${width * ZOOM}px`;
    this.#canvas.style.height = `${height * ZOOM}px`;
    view.look(0, 0, width, height);
    const context = this.#canvas.getContext('2d');
    if (context) view.draw(context, ratio, isDark());
    view.free();
  }

  /** Why there is no picture. */
  #why(/** @type {string} */ of) {
    const { imported, further, task } = this.#study.state;
    if (imported) return 'Results from a file hold no other patterns';
    if (further.thumbnails) return `${of}: its layer is not loaded yet`;
    return task ? `${of}…` : `${of}: no pattern yet`;
  }

  /** Has the patterns of all loaded heads computed, which downloads nothing. */
  #ask() {
    const { pattern, further, task, goesOn, problems, imported, model, settings } =
      this.#study.state;
    if (!pattern || further.thumbnails || task || goesOn || imported) return;
    if (this.#pointed === null && !this.#always) return;
    if (problems.thumbnails) return;
    const now = JSON.stringify([{ ...settings, view: null, head: '' }, model?.id, pattern.prompt]);
    if (now === this.#asked) return;
    this.#asked = now;
    this.#study.useTool('thumbnails', () => ({ fetch: false }));
  }
}
