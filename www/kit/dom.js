// Small helpers over the DOM. Text only ever enters through textContent, so
// nothing a link or a file holds can become markup.

/**
 * The element with this id, checked to be of this class.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`index.html has no ${type.name} #${id}`);
  return element;
}

/**
 * Makes an element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {{ class?: string, text?: string, [attribute: string]: string | undefined }} [attributes]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    if (name === 'class') element.className = value;
    else if (name === 'text') element.textContent = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/**
 * A button. It says `type="button"`, since a form is never meant.
 * @param {string} text
 * @param {string} className
 * @param {() => void} onClick
 */
export function button(text, className, onClick) {
  const element = el('button', { type: 'button', class: className, text });
  element.addEventListener('click', onClick);
  return element;
}

/**
 * Text for screen readers only.
 * @param {string} text
 */
export function hiddenText(text) {
  return el('span', { class: 'visually-hidden', text });
}

/**
 * Names and values, one pair a line.
 * @param {[string, string][]} pairs
 */
export function facts(pairs) {
  const list = el('dl', { class: 'facts' });
  for (const [name, value] of pairs) {
    list.append(el('div', {}, el('dt', { text: name }), el('dd', { text: value })));
  }
  return list;
}

/**
 * Turns a button off without taking the focus from it, as `disabled` would.
 * @param {HTMLButtonElement} element
 * @param {boolean} off
 */
export function setOff(element, off) {
  if (off) element.setAttribute('aria-disabled', 'true');
  else element.removeAttribute('aria-disabled');
}

/** @param {HTMLElement} element */
export function isOff(element) {
  return element.getAttribute('aria-disabled') === 'true';
}

/**
 * Calls `work` once the calls have stopped for a while.
 * @template {unknown[]} A
 * @param {number} milliseconds
 * @param {(...args: A) => void} work
 * @returns {(...args: A) => void}
 */
export function whenQuiet(milliseconds, work) {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = window.setTimeout(() => work(...args), milliseconds);
  };
}

/** Elements of a long list that are made in one frame. */
const IN_A_FRAME = 120;
/** Lists that are being filled. @type {WeakMap<HTMLElement, number>} */
const filling = new WeakMap();

/**
 * Fills a list anew. Of a long one some elements come a frame, so that the page's
 * thread stays free.
 * @template T
 * @param {HTMLElement} list
 * @param {T[]} items
 * @param {(item: T, index: number) => HTMLElement} make
 */
export function fillList(list, items, make) {
  cancelAnimationFrame(filling.get(list) ?? 0);
  list.replaceChildren();
  let made = 0;
  function more() {
    const some = items.slice(made, made + IN_A_FRAME);
    list.append(...some.map((item, i) => make(item, made + i)));
    made += some.length;
    if (made < items.length) filling.set(list, requestAnimationFrame(more));
  }
  more();
}

/** Edits that wait for the visitor to pause. @type {Set<() => void>} */
const pending = new Set();

/**
 * Takes an edit once the visitor pauses, or presses something: see `takeEdits`.
 * @template {unknown[]} A
 * @param {number} milliseconds
 * @param {(...args: A) => void} work
 * @returns {(...args: A) => void}
 */
export function debounce(milliseconds, work) {
  let take = () => {};
  const soon = whenQuiet(milliseconds, () => take());
  return (...args) => {
    pending.delete(take);
    take = () => {
      if (pending.delete(take)) work(...args);
    };
    pending.add(take);
    soon();
  };
}

/** Takes the edits that still wait, so that what is done next goes by them. */
function takeEdits() {
  for (const take of [...pending]) take();
}

/**
 * Has whatever is pressed, and whatever field is left, find all edits taken.
 */
export function takeEditsOnPress() {
  addEventListener(
    'change',
    ({ target }) => {
      const select = target instanceof HTMLSelectElement ? target : null;
      const choice = target instanceof HTMLInputElement ? target : null;
      const [value, checked] = [select?.value, choice?.checked];
      takeEdits();
      // What follows an edit may have put back what this control showed.
      if (select && value !== undefined) select.value = value;
      if (choice && checked !== undefined) choice.checked = checked;
    },
    { capture: true },
  );
  addEventListener(
    'click',
    ({ target }) => {
      // A click into the field that is being edited ends nothing.
      if (target !== document.activeElement || target instanceof HTMLButtonElement) takeEdits();
    },
    { capture: true },
  );
}

/**
 * Whether a key belongs to the field that has the focus.
 * @param {KeyboardEvent} event
 */
export function isTyping({ target }) {
  return target instanceof Element && target.matches('input, textarea, select');
}
