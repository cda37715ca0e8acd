// The main path in WebKit, as Debian's GTK build has it: Start, scores and ablations,
// by the page's contract alone. Further paths are in engines.test.mjs.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { By } from 'selenium-webdriver';
import { serve } from '../../tools/server.mjs';
import { launchWebKit, noWebKit } from './engines.mjs';
import { dist, fixtures } from './harness.mjs';
import { GOOD_MODEL } from './models.mjs';

describe('in WebKit', { skip: noWebKit }, () => {
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let site;
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let models;
  /** @type {() => Promise<void>} */
  let close;
  /** @type {import('selenium-webdriver').WebDriver} */
  let browser;
  before(async () => {
    site = await serve(dist, {});
    models = await serve(fixtures, { cors: true });
    ({ browser, close } = await launchWebKit());
  });
  after(async () => {
    await close?.();
    await Promise.all([site?.close(), models?.close()]);
  });

  test('a link runs through to the ablations, with TransformerLens’ numbers', async (t) => {
    const reference = JSON.parse(
      await readFile(path.join(fixtures, GOOD_MODEL, 'reference.json'), 'utf8'),
    );
    const version = (await browser.getCapabilities()).get('browserVersion');
    t.diagnostic(`WebKit ${version}`);
    const id = `${models.origin}/${GOOD_MODEL}`;
    const link = `#v=1&model=${encodeURIComponent(id)}&head=${reference.target_head}&run=all`;
    await browser.get(`${site.url}${link}`);
    const start = browser.findElement(By.css('[data-action="start"]'));
    await browser.wait(async () => (await start.getAttribute('aria-disabled')) === null, 60_000);
    await start.click();
    /** @param {string} name */
    const told = (name) =>
      browser.executeScript(`return document.documentElement.dataset.${name}`).then(String);
    // Until then the demo is on show.
    const isThrough = async () =>
      (await told('state')) === 'error' ||
      ((await told('model')) === id && (await told('state')) === 'done');
    await browser.wait(isThrough, 120_000);
    assert.equal(await told('state'), 'done');

    const rows = /** @type {string[][]} */ (
      await browser.executeScript(`
        document.querySelector('#scores-table-fold').open = true;
        return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() =>
          resolve([...document.querySelectorAll('#scores-table tbody tr')].map((line) =>
            [...line.children].map((cell) => cell.textContent))))));`)
    );
    assert.equal(rows.length, 12);
    for (const [head, , mean] of rows) {
      const [layer, index] = /** @type {string} */ (head).slice(1).split('H').map(Number);
      const wanted = reference.head_scores_mean[layer ?? 0][index ?? 0];
      assert.ok(Math.abs(Number(mean) - wanted) < 6e-5, `${head}: ${mean}, not ${wanted}`);
    }
  });
});
