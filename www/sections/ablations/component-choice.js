// Which components are ablated: those that the kind stands for, everything upstream one
// by one, or any set, one by one or jointly.

import { byId, el } from '../../kit/dom.js';
import { settingText } from '../../kit/problem.js';
import { headIndex, lackComplaint } from '../../labels/heads.js';

/** @typedef {'kind' | 'all' | 'chosen'} Choice */

/** @param {import('../../study/study.js').Study} study */
export function setUpComponentChoice(study) {
  const grid = byId('component-grid', HTMLDivElement);
  const together = byId('components-together', HTMLInputElement);
  const text = byId('ablate', HTMLInputElement);
  const error = byId('ablate-error', HTMLParagraphElement);
  const fold = byId('components-fold', HTMLDetailsElement);
  const radios = /** @type {NodeListOf<HTMLInputElement>} */ (
    document.querySelectorAll('input[name="components"]')
  );

  /** @type {Map<string, HTMLInputElement>} */
  let boxes = new Map();

  function takeBoxes() {
    const names = [...boxes].filter(([, box]) => box.checked).map(([name]) => name);
    study.change({ ablate: names.join(together.checked ? '+' : ',') || null });
  }

  function takeTogether() {
    if ([...boxes.values()].some((box) => box.checked)) takeBoxes();
  }

  function takeText() {
    const preview = study.preview({ ablate: text.value });
    const named = preview.refused ? [] : (preview.settings.ablate ?? '').split(/[,+]/);
    const lack = named.map((name) => lackComplaint(name, study.state)).find(Boolean);
    error.textContent = lack ?? settingText(preview.refused);
    text.setAttribute('aria-invalid', String(error.textContent !== ''));
    if (error.textContent === '') study.adopt(preview);
  }

  for (const radio of radios) {
    radio.addEventListener('change', () => {
      if (radio.value === 'kind') study.change({ ablate: null });
      else if (radio.value === 'all') study.change({ ablate: 'all' });
      else {
        fold.open = true;
        study.change({ ablate: 'embed' });
      }
    });
  }
  together.addEventListener('change', takeTogether);
  text.addEventListener('change', takeText);
  grid.addEventListener('change', takeBoxes);
  study.onReset(() => {
    text.value = study.state.settings.ablate ?? '';
    error.textContent = '';
    text.setAttribute('aria-invalid', 'false');
  });
  study.watch(sizeUpstream, ([layers, heads]) => {
    boxes = fill(grid, layers, heads);
  });
  study.subscribe((state) => {
    const { ablate } = state.settings;
    /** @type {Choice} */
    const choice = ablate === null ? 'kind' : ablate === 'all' ? 'all' : 'chosen';
    for (const radio of radios) radio.checked = radio.value === choice;
    const groups = choice === 'chosen' ? (ablate ?? '').split(',') : [];
    const names = groups.flatMap((group) => group.split('+'));
    for (const [name, box] of boxes) box.checked = names.includes(name);
    // One component cannot tell whether the next is to join it.
    if (names.length > 1) together.checked = groups.some((group) => group.includes('+'));
    if (document.activeElement !== text) text.value = ablate ?? '';
  });
}

/**
 * How many layers lie below the shown head, and how many heads each has.
 * @param {import('../../study/study-state.js').StudyState} state
 * @returns {[number, number]}
 */
function sizeUpstream({ settings, model, demo }) {
  const [layer] = headIndex(settings.head);
  const { n_layer, n_head } = (demo ? null : model) ?? { n_layer: 12, n_head: 12 };
  return [Math.min(Math.max(layer, 0), n_layer), n_head];
}

/**
 * One row a layer, in the order of the forward pass.
 * @param {HTMLElement} grid
 * @param {number} layers
 * @param {number} heads
 */
function fill(grid, layers, heads) {
  /** @type {Map<string, HTMLInputElement>} */
  const boxes = new Map();
  /** @param {string} name */
  const box = (name) => {
    const input = el('input', { type: 'checkbox', id: `component-${name}` });
    boxes.set(name, input);
    return el('span', { class: 'check' }, input, el('label', { for: input.id, text: name }));
  };
  /**
   * @param {string} legend
   * @param {string[]} names
   */
  const group = (legend, names) =>
    el('fieldset', { class: 'component-row' }, el('legend', { text: legend }), ...names.map(box));
  const layer = (/** @type {number} */ l) =>
    group(`Layer ${l}`, [
      `L${l}.pattern`,
      ...Array.from({ length: heads }, (_, head) => `L${l}H${head}`),
      `L${l}.attn`,
      `L${l}.mlp`,
      `L${l}.mlp-only`,
    ]);
  grid.replaceChildren(
    group('Embeddings', ['embed', 'pos_embed']),
    ...Array.from({ length: layers }, (_, l) => layer(l)),
  );
  return boxes;
}
