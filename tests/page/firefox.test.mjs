// The main path in Firefox, as it comes from its maker: Start, scores,
// ablations, and the heatmap by keyboard. Further paths are in engines.test.mjs.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { serve } from '../../tools/server.mjs';
import { launchFirefox, noFirefox } from './engines.mjs';
import { dist, fixtures } from './harness.mjs';
import { GOOD_MODEL } from './models.mjs';

describe('in Firefox', { skip: noFirefox }, () => {
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let site;
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let models;
  /** @type {import('puppeteer-core').Browser} */
  let browser;
  before(async () => {
    site = await serve(dist, {});
    models = await serve(fixtures, { cors: true });
    browser = await launchFirefox();
  });
  after(async () => {
    await browser?.close();
    await Promise.all([site?.close(), models?.close()]);
  });

  test('a link runs through to the ablations by keyboard, with TransformerLens’ numbers', async () => {
    const reference = JSON.parse(
      await readFile(path.join(fixtures, GOOD_MODEL, 'reference.json'), 'utf8'),
    );
    const page = await browser.newPage();
    /** @type {string[]} */
    const problems = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await page.setViewport({ width: 1280, height: 900 });
    const id = `${models.origin}/${GOOD_MODEL}`;
    await page.goto(
      `${site.url}#v=1&model=${encodeURIComponent(id)}&head=${reference.target_head}&run=all`,
    );

    await page.waitForSelector('#step-head [data-run]:not([aria-disabled])');
    await page.focus('#step-head [data-run]');
    await page.keyboard.press('Enter');
    // Until then the demo is on show.
    const done = `html[data-state="done"][data-model="${id}"]`;
    await page.waitForSelector(done, { timeout: 120_000 });
    assert.deepEqual(problems, []);

    // The heatmap is drawn, and the arrow keys walk it.
    const colours = await page.$eval('#pattern', (canvas) => {
      const { width, height } = /** @type {any} */ (canvas);
      const context = /** @type {any} */ (canvas).getContext('2d');
      return new Set(new Uint32Array(context.getImageData(0, 0, width, height).data.buffer)).size;
    });
    assert.ok(colours > 20, `the heatmap has ${colours} colours`);
    await page.focus('#pattern');
    for (const key of /** @type {const} */ (['ArrowDown', 'ArrowDown', 'ArrowDown', 'End'])) {
      await page.keyboard.press(key);
    }
    const said = await page.$eval('#pattern-readout', ({ textContent }) => textContent);
    assert.match(String(said), /\(2\) attends to .*comes later/);
    await page.keyboard.press('Home');
    const first = await page.$eval('#announcer', ({ textContent }) => textContent);
    assert.match(String(first), /0\.\d{4}, rank \d of 3, BOS/);

    // Every head's score, read from the table beside the map.
    await page.$eval('#scores-table-fold', (fold) => {
      /** @type {any} */ (fold).open = true;
    });
    await page.waitForSelector('#scores-table tbody tr');
    const rows = await page.$$eval('#scores-table tbody tr', (lines) =>
      lines.map((line) => [...line.children].map((cell) => cell.textContent)),
    );
    assert.equal(rows.length, 12);
    for (const [head, , mean] of rows) {
      const [layer, index] = /** @type {string} */ (head).slice(1).split('H').map(Number);
      const wanted = reference.head_scores_mean[layer ?? 0][index ?? 0];
      assert.ok(Math.abs(Number(mean) - wanted) < 6e-5, `${head}: ${mean}, not ${wanted}`);
    }
    assert.equal(await page.$$eval('#ablations-chart svg', (charts) => charts.length), 2);
    assert.deepEqual(problems, []);
  });
});
