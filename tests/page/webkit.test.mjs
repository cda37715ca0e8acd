// The main path in WebKit, as Debian's GTK build has it: Start, scores and ablations,
// by the page's contract alone. Everything else is tested in Chromium.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Builder, By } from 'selenium-webdriver';
import { serve } from '../../tools/server.mjs';
import { dist, fixtures } from './harness.mjs';
import { GOOD_MODEL } from './models.mjs';

const DRIVER = process.env.WEBKIT_DRIVER ?? '/usr/bin/WebKitWebDriver';
const BROWSER = [4.1, 4.0, 6.0]
  .map((version) => `/usr/lib/x86_64-linux-gnu/webkit2gtk-${version.toFixed(1)}/MiniBrowser`)
  .find((file) => existsSync(file));
const missing = !existsSync(DRIVER) || !BROWSER || !existsSync('/usr/bin/xvfb-run');

/** @returns {Promise<number>} a port that is free now */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {net.AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

describe('in WebKit', { skip: missing ? 'there is no WebKitWebDriver here' : false }, () => {
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let site;
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let models;
  /** @type {import('node:child_process').ChildProcess} */
  let driver;
  /** @type {import('selenium-webdriver').WebDriver} */
  let browser;
  before(async () => {
    site = await serve(dist, {});
    models = await serve(fixtures, { cors: true });
    const port = await freePort();
    driver = spawn('xvfb-run', ['-a', DRIVER, `--port=${port}`], {
      // WebKit's own sandbox asks for namespaces that root in a container lacks.
      env: { ...process.env, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1' },
      stdio: 'ignore',
      detached: true,
    });
    const options = { binary: BROWSER, args: ['--automation'] };
    for (let tries = 0; ; tries++) {
      try {
        browser = await new Builder()
          .usingServer(`http://127.0.0.1:${port}`)
          .withCapabilities({ browserName: 'MiniBrowser', 'webkitgtk:browserOptions': options })
          .build();
        break;
      } catch (error) {
        if (tries === 20) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  });
  after(async () => {
    await browser?.quit().catch(() => {});
    // The driver is xvfb-run's child: both go.
    if (driver?.pid) process.kill(-driver.pid);
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
