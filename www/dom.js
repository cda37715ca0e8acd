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
export function debounce(milliseconds, work) {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = window.setTimeout(() => work(...args), milliseconds);
  };
}

/**
 * Offers a file for saving.
 * @param {string} name
 * @param {Blob} blob
 */
export function saveFile(name, blob) {
  const address = URL.createObjectURL(blob);
  const anchor = el('a', { href: address, download: name });
  anchor.click();
  // The browser reads the address after the click returns.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
