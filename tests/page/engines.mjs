// The other browsers that tests drive: Firefox as it comes from its maker, and WebKit as
// Debian's GTK build has it.

import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import puppeteer from 'puppeteer-core';
import { Builder } from 'selenium-webdriver';

/**
 * A page of such a browser, driven by scripts alone: what all drivers have in common.
 * @typedef {object} Engine
 * @property {(url: string) => Promise<unknown>} open
 * @property {(script: string) => Promise<any>} run the body of an async function; what it returns
 * @property {() => Promise<string>} version
 * @property {() => Promise<unknown>} close
 */

/** @param {string} file */
function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const places = (process.env.PATH ?? '').split(path.delimiter);
export const firefox =
  process.env.FIREFOX ??
  places
    .flatMap((folder) => ['firefox-esr', 'firefox'].map((name) => path.join(folder, name)))
    .find(isProgram);

/** Why there is no Firefox, if there is none. */
export const noFirefox = firefox ? false : 'there is no Firefox here';

export const launchFirefox = () =>
  puppeteer.launch({ browser: 'firefox', executablePath: firefox, headless: true });

/** @returns {Promise<Engine>} */
export async function openFirefox() {
  const browser = await launchFirefox();
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 900 });
  return {
    open: (url) => page.goto(url, { timeout: 120_000, waitUntil: 'domcontentloaded' }),
    run: (script) => page.evaluate(`(async () => { ${script} })()`),
    version: () => browser.version(),
    close: () => browser.close(),
  };
}

const DRIVER = process.env.WEBKIT_DRIVER ?? '/usr/bin/WebKitWebDriver';
const MINI_BROWSER = [4.1, 4.0, 6.0]
  .map((version) => `/usr/lib/x86_64-linux-gnu/webkit2gtk-${version.toFixed(1)}/MiniBrowser`)
  .find((file) => existsSync(file));

/** Why there is no WebKit, if there is none. */
export const noWebKit =
  !existsSync(DRIVER) || !MINI_BROWSER || !existsSync('/usr/bin/xvfb-run')
    ? 'there is no WebKitWebDriver here'
    : false;

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

/**
 * Starts WebKit, and its driver.
 * @returns {Promise<{ browser: import('selenium-webdriver').WebDriver, close: () => Promise<void> }>}
 */
export async function launchWebKit() {
  const port = await freePort();
  const driver = spawn('xvfb-run', ['-a', DRIVER, `--port=${port}`], {
    // WebKit's own sandbox asks for namespaces that root in a container lacks.
    env: { ...process.env, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1' },
    stdio: 'ignore',
    detached: true,
  });
  // The driver is xvfb-run's child: both go.
  const end = () => driver.pid && process.kill(-driver.pid);
  const options = { binary: MINI_BROWSER, args: ['--automation'] };
  for (let tries = 0; ; tries++) {
    try {
      const browser = await new Builder()
        .usingServer(`http://127.0.0.1:${port}`)
        .withCapabilities({ browserName: 'MiniBrowser', 'webkitgtk:browserOptions': options })
        .build();
      const close = async () => {
        await browser.quit().catch(() => {});
        end();
      };
      return { browser, close };
    } catch (error) {
      if (tries === 20) {
        end();
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

/** @returns {Promise<Engine>} */
export async function openWebKit() {
  const { browser, close } = await launchWebKit();
  return {
    open: (url) => browser.get(url),
    run: (script) => browser.executeScript(`return (async () => { ${script} })()`),
    version: async () =>
      `WebKit ${(await browser.getCapabilities()).get('browserVersion') ?? 'of an unknown version'}`,
    close,
  };
}
