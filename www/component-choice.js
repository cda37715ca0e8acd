// Which components are ablated: those that the kind stands for, everything
// upstream one by one, or any set, one by one or together.

import { byId, el, setOff, isOff } from './dom.js';
import { headIndex } from './heads.js';

/** @typedef {'kind' | 'all' | 'chosen'} Choice */

/** @param {import('./study.js').Study} study */
export function setUpComponentChoice(study) {
  const grid = byId('component-grid', HTMLDivElement);
  const together = byId('components-together', HTMLInputElement);
  const text = byId('ablate', HTMLInputElement);
  const error = byId('ablate-error', HTMLParagraphElement);
  const summary = byId('components-summary', HTMLElement);
  const sweep = byId('sweep', HTMLButtonElement);
  const radios = /** @type {NodeListOf<HTMLInputElement>} */ (
    document.querySelectorAll('input[name="components"]')
  );

  /** @type {Map<string, HTMLInputElement>} */
  let boxes = new Map();
  let built = '';

  function takeBoxes() {
    const chosen = [...boxes].filter(([, box]) => box.checked).map(([name]) => name);
    study.change({ ablate: chosen.join(together.checked ? '+' : ',') || null });
  }

  function takeTogether() {
    if ([...boxes.values()].some((box) => box.checked)) takeBoxes();
  }

  function takeText() {
    const ablate = text.value.replaceAll(/\s/g, '') || null;
    const wrong = ablate?.split(/[,+]/).find((name) => !isComponent(name));
    error.textContent =
      ablate === 'all' || wrong === undefined
        ? ''
        : `“${wrong}” is no component; embed, pos_embed, L0.mlp, L0.mlp-only, L0.attn, L0.pattern and L0H5 are.`;
    text.setAttribute('aria-invalid', String(error.textContent !== ''));
    if (error.textContent === '') study.change({ ablate });
  }

  for (const radio of radios) {
    radio.addEventListener('change', () => {
      if (radio.value === 'kind') study.change({ ablate: null });
      else if (radio.value === 'all') study.change({ ablate: 'all' });
      else study.change({ ablate: 'embed' });
    });
  }
  together.addEventListener('change', takeTogether);
  text.addEventListener('change', takeText);
  grid.addEventListener('change', takeBoxes);
  sweep.addEventListener('click', () => {
    if (isOff(sweep)) return;
    study.change({ ablate: 'all' });
    study.runAblations();
  });

  study.subscribe(({ settings, model, pattern, task }) => {
    const [layer] = headIndex(settings.head);
    const layers = Math.min(Math.max(layer, 0), model?.n_layer ?? 12);
    const size = `${layers} ${model?.n_head ?? 12}`;
    if (size !== built) {
      built = size;
      boxes = fill(grid, layers, model?.n_head ?? 12);
    }
    const { ablate } = settings;
    /** @type {Choice} */
    const choice = ablate === null ? 'kind' : ablate === 'all' ? 'all' : 'chosen';
    for (const radio of radios) radio.checked = radio.value === choice;
    const groups = choice === 'chosen' ? (ablate ?? '').split(',') : [];
    const names = groups.flatMap((group) => group.split('+'));
    for (const [name, box] of boxes) box.checked = names.includes(name);
    // One component cannot tell whether the next is to join it.
    if (names.length > 1) together.checked = groups.some((group) => group.includes('+'));
    if (document.activeElement !== text) text.value = ablate ?? '';
    summary.textContent = `Components: ${describe(choice, groups)}`;
    setOff(sweep, pattern === null || task !== null || layers === 0);
  });
}

/**
 * @param {Choice} choice
 * @param {string[]} groups
 */
function describe(choice, groups) {
  if (choice === 'kind') return 'those of the kind';
  if (choice === 'all') return 'everything upstream, one by one';
  return groups.length > 3 ? `${groups.length} ablations of your choice` : groups.join(', ');
}

/** @param {string} name */
function isComponent(name) {
  return /^(embed|pos_embed|L\d+H\d+|L\d+\.(pattern|attn|mlp|mlp-only))$/.test(name);
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
