// The slider that scales the negative eigenvalues of the shown head's S.

import { button, el } from '../../kit/dom.js';
import { shownSettings } from '../../study/study-state.js';
import { steeredSentence } from './steered.js';

export class Steering {
  element = el('div', { class: 'steering' });
  #slider = el('input', {
    type: 'range',
    id: 'alpha',
    name: 'alpha',
    min: '-2',
    max: '2',
    step: '0.05',
    list: 'alpha-marks',
    'aria-describedby': 'alpha-about',
  });
  #value = el('output', { for: 'alpha' });
  #sentence = el('p', { class: 'finding', id: 'steering-sentence', 'data-finding': 'steering' });

  /** @param {import('../../study/study.js').Study} study */
  constructor(study) {
    const marks = el('datalist', { id: 'alpha-marks' });
    for (const value of [-2, -1, 0, 1, 2]) marks.append(el('option', { value: String(value) }));
    const back = button('Back to the model', 'button small', () => study.change({ alpha: 1 }));
    this.element.append(
      el('p', {
        class: 'muted small',
        id: 'alpha-about',
        text: 'α multiplies the negative eigenvalues of S, on which like looks away from like. 1 is the model. The heatmap above, the words and the score follow; other heads, ablations and the whole model stay as they are.',
      }),
      el(
        'div',
        { class: 'toolbar' },
        el('label', { for: 'alpha', text: 'α' }),
        this.#slider,
        this.#value,
        back,
      ),
      marks,
      this.#sentence,
    );
    let frame = 0;
    this.#slider.addEventListener('input', () => {
      this.#value.textContent = this.#slider.value;
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => study.change({ alpha: Number(this.#slider.value) }));
    });
    study.watch(
      (state) => shownSettings(state).alpha,
      (alpha) => {
        if (document.activeElement !== this.#slider) this.#slider.value = String(alpha);
        this.#value.textContent = String(alpha);
        back.classList.toggle('vacant', alpha === 1);
      },
    );
  }

  /** @param {Circuits} circuits */
  show(circuits) {
    this.#sentence.textContent = steeredSentence(circuits);
  }
}
