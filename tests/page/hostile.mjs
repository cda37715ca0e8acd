// Strangers' texts as an attacker would write them, and what shows that they stayed texts.

import assert from 'node:assert/strict';

/** @typedef {import('playwright-core').Page} Page */

/** An element that no page has: one of them in the document is markup that got through. */
const MARK = 'x-hostile';

/** What is run if a text becomes a program, wherever that is. */
export const PAYLOAD = 'hostileRan()';

/** Markup of every kind that runs something, each with the mark in it. */
export const MARKUP = [
  `<${MARK}><img src=x onerror=${PAYLOAD}>`,
  `<${MARK}></${MARK}><script>${PAYLOAD}</script>`,
  `"><${MARK}><svg onload=${PAYLOAD}>`,
  `' onfocus=${PAYLOAD} autofocus x='<${MARK}>`,
  `</title></style></textarea><${MARK}><iframe srcdoc="<script>parent.${PAYLOAD}</script>">`,
  `javascript:${PAYLOAD}//<${MARK}>`,
  `{{${PAYLOAD}}}\${${PAYLOAD}}<${MARK}>`,
];

/** What spreadsheets take for the beginning of a formula. */
export const FORMULAS = ['=HYPERLINK("http://h.example")', '+1+1', '-2+3', '@SUM(A1)'];

/** Notes what runs that should not. Given to `addInitScript`. */
export function watchPayload() {
  const page = /** @type {any} */ (globalThis);
  page.ran = 0;
  page.hostileRan = () => (page.ran += 1);
}

/**
 * Fails if anything of a stranger's text became markup or ran. That nothing broke the
 * content security policy, the harness sees.
 * @param {Page} page
 * @param {string} what
 */
export async function assertInert(page, what) {
  const found = await page.evaluate((mark) => {
    const all = [...document.querySelectorAll('*')];
    const attributes = all.flatMap((element) =>
      [...element.attributes].map(({ name, value }) => ({ name, value, tag: element.tagName })),
    );
    return {
      ran: /** @type {any} */ (globalThis).ran,
      marked: all.filter((element) => element.localName === mark).length,
      handlers: attributes.filter(({ name }) => name.startsWith('on')),
      scripted: attributes.filter(({ value }) => /^\s*javascript:/i.test(value)),
      frames: document.querySelectorAll('iframe, object, embed, base').length,
      inline: [...document.scripts].filter(({ src }) => src === '').length,
    };
  }, MARK);
  // A field may hold any text as its value, which is no address.
  const scripted = found.scripted.filter(({ name }) => !['value', 'aria-label'].includes(name));
  assert.deepEqual(
    { ...found, scripted },
    { ran: 0, marked: 0, handlers: [], scripted: [], frames: 0, inline: 0 },
    what,
  );
}

/**
 * How often the mark stands on the page as text, in fields or in elements: a test in which
 * it does not would show nothing.
 * @param {Page} page
 */
export function timesShown(page) {
  return page.evaluate((mark) => {
    const fields = [...document.querySelectorAll('input, textarea')].map(
      (field) => /** @type {HTMLInputElement} */ (field).value,
    );
    return [document.body.textContent, ...fields].join('\n').split(mark).length - 1;
  }, MARK);
}

/**
 * The cells of a CSV file (RFC 4180), row by row.
 * @param {string} text
 */
export function csvRows(text) {
  /** @type {string[][]} */
  const rows = [[]];
  const cells = text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g);
  for (const [whole, quoted, plain = '', end] of cells) {
    if (whole === '') break;
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end !== ',') rows.push([]);
  }
  return rows.slice(0, -1);
}
