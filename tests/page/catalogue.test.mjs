// What can be chosen on the page is what the Rust side lists, and nothing else.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SMALL, startable, useHarness } from './harness.mjs';

/** @typedef {import('playwright-core').Page} Page */

const harness = useHarness();

/** @param {Page} page */
const catalogue = (page) =>
  page.evaluate(async () => {
    const { catalogue: read } = await import(/** @type {any} */ ('./pkg/headscope.js'));
    return read();
  });

/**
 * The choices of a setting's select, each with what it says.
 * @param {Page} page
 * @param {string} key
 */
const choices = (page, key) =>
  page.locator(`select[name="${key}"]`).evaluate((select) => {
    const { options } = /** @type {HTMLSelectElement} */ (select);
    return [...options].map(({ value, textContent }) => [value, textContent]);
  });

/** @param {{ name: string, label: string }[]} entries */
const said = (entries) => entries.map(({ name, label }) => [name, label]);

/**
 * Puts one more entry into a list of the catalogue, before the page asks for it.
 * @param {Page} page
 * @param {string} list
 * @param {object} entry
 */
const putInto = (page, list, entry) =>
  page.addInitScript(([name, made]) => {
    const parse = JSON.parse;
    JSON.parse = (text, reviver) => {
      const found = parse(text, reviver);
      if (found?.metrics && found?.kinds) found[/** @type {string} */ (name)].push(made);
      return found;
    };
  }, /** @type {[string, object]} */ ([list, entry]));

test('every entry of the catalogue stands in its select, in its order', () =>
  harness.withPage(SMALL, {}, async ({ page }) => {
    await startable(page);
    const { metrics, kinds, targets, pair, cells, defaults } = await catalogue(page);
    assert.deepEqual(await choices(page, 'metric'), said(metrics));
    assert.deepEqual(await choices(page, 'kind'), said(kinds));
    assert.deepEqual(await choices(page, 'against'), [['', 'None'], ...said(kinds)]);
    assert.deepEqual(await choices(page, 'target'), said([...targets, pair, cells]));
    for (const key of ['metric', 'kind', 'target']) {
      assert.equal(await page.locator(`#${key}`).inputValue(), defaults[key], key);
    }
    // Each says what it is, and all formulas are there.
    for (const { name, hint } of metrics) {
      await page.locator('#metric').selectOption(name);
      assert.equal(await page.locator('#metric-hint').textContent(), hint);
    }
    for (const { name, hint } of kinds) {
      await page.locator('#kind').selectOption(name);
      assert.equal(await page.locator('#kind-hint').textContent(), hint);
    }
    const formulas = await page.locator('#formulas-list > p').allTextContents();
    assert.equal(formulas.length, metrics.length);
    for (const [index, { formula }] of metrics.entries()) {
      assert.ok(formulas[index]?.endsWith(formula), formulas[index]);
    }
  }));

/** @type {[list: string, keys: string[], entry: { name: string, label: string }][]} */
const MADE_UP = [
  [
    'metrics',
    ['metric'],
    /** @type {any} */ ({
      name: 'made-up',
      label: 'Made up',
      words: 'made-up metric',
      hint: 'It stands nowhere else.',
      formula: 'A(1, 0) ÷ 2',
      higher_is_more: false,
    }),
  ],
  [
    'kinds',
    ['kind', 'against'],
    /** @type {any} */ ({
      name: 'made-up',
      label: 'Made up',
      words: 'a made-up kind',
      hint: 'It stands nowhere else.',
    }),
  ],
  [
    'targets',
    ['target'],
    /** @type {any} */ ({ name: 'made-up', label: 'Made up', words: 'what is made up' }),
  ],
];

for (const [list, keys, entry] of MADE_UP) {
  test(`one more of the ${list} is offered wherever they are chosen`, () =>
    harness.withPage('', { url: 'about:blank' }, async ({ page }) => {
      await putInto(page, list, entry);
      await page.goto(`${harness.site.url}#${SMALL}`);
      await startable(page);
      for (const key of keys) {
        const found = await choices(page, key);
        assert.ok(
          found.some(([name, label]) => name === entry.name && label === entry.label),
          key,
        );
      }
      if (list !== 'metrics') return;
      const formulas = await page.locator('#formulas-list').textContent();
      assert.match(String(formulas), /Made-up metric, lower is more: A\(1, 0\) ÷ 2$/);
      // The page offers it; what can be computed is not for the page to say.
      await page.locator('#metric').selectOption('made-up');
      await page
        .locator('#metric-error')
        .filter({ hasText: /has to be one of .* Until then \S+ stays in force\.$/ })
        .waitFor();
    }));
}
