// What the page tests share: a server for dist/, a second origin that plays
// the host of models, a real browser, and pages that fail a test on any error
// the console or the content security policy reports.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before } from 'node:test';
import { launchChromium, waitForPresses } from '../../tools/browser.mjs';
import { serve } from '../../tools/server.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const dist = process.env.HEADSCOPE_DIST ?? path.join(root, 'dist');
export const fixtures = path.join(root, 'tests/fixtures');

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core'), 'utf8');

/**
 * Milliseconds that a test waits for what it waits for. A machine that has much else to do
 * may need more: HEADSCOPE_PATIENCE has the seconds.
 */
export const PATIENCE = 1000 * Number(process.env.HEADSCOPE_PATIENCE ?? 30);

/** @typedef {import('playwright-core').Page} Page */

/** @typedef {'start' | 'loading' | 'ready' | 'running' | 'done' | 'error'} State */

/**
 * @typedef {object} PageOptions
 * @property {number} [width]
 * @property {number} [height]
 * @property {'light' | 'dark'} [colorScheme]
 * @property {number} [dpr] device pixels to a CSS pixel
 * @property {boolean} [touch] whether there is a touch screen
 * @property {import('playwright-core').BrowserContextOptions} [context] what else is special of
 *   the visitor's browser
 * @property {string} [url] the address of the page, if not the site's
 * @property {boolean} [byItself] whether what costs next to nothing runs unasked. The visitors
 *   of most tests chose otherwise: they press for what they want.
 * @property {RegExp} [expected] errors that the test is about, and so no failure
 */

/**
 * @typedef {object} OpenPage
 * @property {Page} page
 * @property {string[]} requests the addresses the page and its workers asked for
 * @property {string[]} problems what went wrong so far
 */

/** Files that a model's folder need not have, and that the page asks for all the same. */
const MAY_BE_ABSENT = /\/(tokenizer|vocab)\.json$/;

/**
 * Where a page is left for about:blank before its icon is there, Chromium asks for the
 * icon again in the name of the empty page, which may not have it, and says so.
 * @param {import('playwright-core').ConsoleMessage} message
 */
function isOfEmptyPage(message) {
  const { url } = message.location();
  if (url === 'about:blank') return true;
  return url.endsWith('/icon.svg') && message.page()?.url() === 'about:blank';
}

/**
 * What went wrong on each page so far.
 * @type {WeakMap<Page, string[]>}
 */
const reported = new WeakMap();

/** Everything the tests of one file run against. */
export class Harness {
  /**
   * @param {import('playwright-core').Browser} browser
   * @param {Awaited<ReturnType<typeof serve>>} site
   * @param {Awaited<ReturnType<typeof serve>>} models
   */
  constructor(browser, site, models) {
    this.browser = browser;
    this.site = site;
    this.models = models;
  }

  /**
   * @param {object} [options]
   * @param {string} [options.base] the path the site appears under
   * @param {string} [options.models] the folder the second origin serves
   */
  static async start({ base = '/', models = fixtures } = {}) {
    assert.ok(
      existsSync(path.join(dist, 'index.html')),
      'dist/ is not built: run `make site` first',
    );
    const site = await serve(dist, { base });
    const modelHost = await serve(models, { cors: true });
    // No test may depend on, or load, anything beyond this machine.
    const browser = await launchChromium([
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ]);
    return new Harness(browser, site, modelHost);
  }

  async stop() {
    await this.browser.close();
    await Promise.all([this.site.close(), this.models.close()]);
  }

  /**
   * Opens the page in a browser context of its own, hands it to `use`, and
   * then fails if anything went wrong that the test did not expect.
   *
   * @template T
   * @param {string} hash what stands after `#` in the link
   * @param {PageOptions} options
   * @param {(open: OpenPage) => Promise<T>} use
   * @returns {Promise<T>}
   */
  async withPage(hash, options, use) {
    const { width = 1280, height = 900, colorScheme = 'light', expected } = options;
    const { dpr = 1, touch = false, byItself = false } = options;
    const context = await this.browser.newContext({
      viewport: { width, height },
      colorScheme,
      deviceScaleFactor: dpr,
      hasTouch: touch,
      ...options.context,
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    /** @type {string[]} */
    const requests = [];
    /** @type {string[]} */
    const problems = [];
    context.on('request', (request) => requests.push(request.url()));
    context.on('response', (response) => {
      if (MAY_BE_ABSENT.test(response.url())) return;
      if (response.status() >= 400) problems.push(`${response.status()} for ${response.url()}`);
    });
    context.on('console', (message) => {
      if (MAY_BE_ABSENT.test(message.location().url) || isOfEmptyPage(message)) return;
      if (message.type() === 'error') {
        problems.push(`console: ${message.text()} (${message.location().url})`);
      }
    });
    context.on('weberror', (webError) => {
      const error = webError.error();
      problems.push(`uncaught: ${error.message} ${error.stack}`);
    });
    await context.exposeFunction('headscopeTestViolation', (/** @type {string} */ violation) => {
      problems.push(`reported: ${violation}`);
    });
    if (!byItself) await context.addInitScript(waitForPresses);
    await context.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) => {
        const report = /** @type {any} */ (globalThis).headscopeTestViolation;
        report(`${event.violatedDirective} forbids ${event.blockedURI}`);
      });
      // Of what is thrown and is no Error, the browser tells nothing more.
      /** @param {unknown} thrown @param {string} where */
      const tell = (thrown, where) => {
        const report = /** @type {any} */ (globalThis).headscopeTestViolation;
        if (thrown && !(thrown instanceof Error))
          report(`uncaught ${JSON.stringify(thrown)} ${where}`);
      };
      addEventListener('unhandledrejection', ({ reason }) => tell(reason, 'in a promise'));
      addEventListener('error', ({ error, filename, lineno, colno }) =>
        tell(error, `at ${filename}:${lineno}:${colno}`),
      );
    });

    const page = await context.newPage();
    reported.set(page, problems);
    page.setDefaultTimeout(PATIENCE);
    try {
      await page.goto((options.url ?? this.site.url) + (hash ? `#${hash}` : ''));
      const result = await use({ page, requests, problems });
      const unexpected = problems.filter((problem) => !expected?.test(problem));
      assert.deepEqual(unexpected, [], 'the page reported errors');
      return result;
    } catch (error) {
      if (error instanceof Error && problems.length > 0) {
        error.stack += `\n  reported by the page until then:\n  ${problems.join('\n  ')}`;
      }
      throw error;
    } finally {
      await context.close();
    }
  }
}

/**
 * Readies a harness before the tests of a file and takes it down after them.
 * `prepare` makes what it is to serve, and says how that is removed.
 * @param {() => Promise<{ models?: string, remove?: () => Promise<unknown> }>} [prepare]
 * @returns {Harness} which may be used once the tests run
 */
export function useHarness(prepare = async () => ({})) {
  const harness = /** @type {Harness} */ (Object.create(Harness.prototype));
  /** @type {(() => Promise<unknown>) | undefined} */
  let remove;
  before(async () => {
    const { remove: whenDone, ...options } = await prepare();
    remove = whenDone;
    Object.assign(harness, await Harness.start(options));
  });
  after(async () => {
    if (harness.browser) await harness.stop();
    await remove?.();
  });
  return harness;
}

/** A study of the bundled model that is over in a moment. */
export const SMALL = 'v=1&model=tiny&n=6&len=8&cats=3';

/** A browser says this of every request that is refused or fails, whoever expected it. */
export const FAILED_REQUEST = /Failed to load resource|^[45]\d\d for |net::ERR_|blocked by CORS/;

/**
 * A button by its whole accessible name; Start, which is called by what it loads, by what
 * scripts know it by.
 * @param {Page} page
 * @param {string} name
 */
export function button(page, name) {
  if (name === 'Start') return page.locator('[data-action="start"]');
  return page.getByRole('button', { name, exact: true });
}

/**
 * Opens the menu in which another model is chosen.
 * @param {Page} page
 */
export async function openModels(page) {
  const menu = page.locator('#model-menu');
  if ((await menu.getAttribute('open')) === null) await menu.locator('> summary').click();
}

/**
 * Chooses how the heatmap is drawn, by the menu that has the options.
 * @param {Page} page
 * @param {'view-scale' | 'view-max' | 'view-colors' | 'view-bos'} option
 * @param {string} value
 */
export async function display(page, option, value) {
  const menu = page.locator('#display-menu');
  if ((await menu.getAttribute('open')) === null) await menu.locator('> summary').click();
  await page.locator(`#${option}`).selectOption(value);
}

/**
 * Has attention from category to category computed.
 * @param {Page} page
 */
export async function compareCategories(page) {
  await page.locator('#categories').scrollIntoViewIfNeeded();
  await page.locator('#categories-run').click();
}

/** @param {Page} page */
export function stateOf(page) {
  return page.locator('html').getAttribute('data-state');
}

/**
 * Waits until the page is in a state. Fails at once, with what the page says,
 * if an error comes instead.
 *
 * @param {Page} page
 * @param {State} state
 * @param {number} [timeout]
 */
export async function reach(page, state, timeout = 60_000) {
  const deadline = Date.now() + Math.max(timeout, PATIENCE);
  for (;;) {
    const reached = await stateOf(page);
    if (reached === state) return;
    if (reached === 'error') {
      assert.fail(`instead of ${state}, the page says: ${(await complaints(page)).join(' | ')}`);
    }
    const uncaught = reported.get(page)?.find((problem) => problem.startsWith('uncaught'));
    if (uncaught) assert.fail(`instead of ${state}: ${uncaught}`);
    if (Date.now() > deadline) {
      assert.fail(`the page is in state ${reached}, not in ${state}, after ${timeout} ms`);
    }
    await page.waitForTimeout(50);
  }
}

/**
 * Waits until Start works: the words are drawn and the cost is known.
 * @param {Page} page
 */
export async function startable(page) {
  await reach(page, 'start');
  await page.locator('[data-action="start"]:not([aria-disabled])').waitFor();
}

/**
 * Presses Start and waits for what follows.
 * @param {Page} page
 * @param {State} state
 */
export async function start(page, state) {
  await startable(page);
  await button(page, 'Start').click();
  await reach(page, state);
}

/**
 * Every message about something wrong that the page shows.
 * @param {Page} page
 */
export async function complaints(page) {
  const texts = await page.locator('.problem, .error, [role="alert"]').allTextContents();
  return texts.map((text) => text.trim()).filter((text) => text !== '');
}

/**
 * The file that a button saves.
 * @param {Page} page
 * @param {string} name
 */
export async function exported(page, name) {
  const [download] = await Promise.all([page.waitForEvent('download'), button(page, name).click()]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

/** @param {Page} page */
export async function exportedJson(page) {
  const { bytes } = await exported(page, 'Export JSON');
  return JSON.parse(bytes.toString('utf8'));
}

/**
 * What axe finds wrong with the page as it stands, a line for each element.
 * @param {Page} page
 * @returns {Promise<string[]>}
 */
export async function accessibilityViolations(page) {
  await page.evaluate(axeSource);
  // A button that has just become one fades in, and no contrast on the way is meant.
  await page.evaluate(async () => {
    const fading = document.getAnimations().filter((each) => each instanceof CSSTransition);
    await Promise.allSettled(fading.map((each) => each.finished));
  });
  const { violations } = await page.evaluate(() => /** @type {any} */ (globalThis).axe.run());
  return violations.flatMap((/** @type {any} */ { id, help, nodes }) =>
    nodes.map((/** @type {any} */ node) => `${id}: ${help}: ${node.target.join(' ')}`),
  );
}

/**
 * How far the page can be scrolled sideways, and what sticks out.
 * @param {Page} page
 */
export function sidewaysScroll(page) {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const wide = [...document.body.querySelectorAll('*')]
      .filter((element) => element.getBoundingClientRect().right > clientWidth + 1)
      .map((element) => `${element.tagName.toLowerCase()}#${element.id}.${element.className}`);
    return { pixels: scrollWidth - clientWidth, wide: wide.slice(0, 5) };
  });
}

/**
 * The WebAssembly memory of all the page's workers in bytes. It never shrinks, so
 * this is its peak.
 * @param {Page} page
 * @returns {Promise<number>}
 */
export async function wasmMemory(page) {
  assert.ok(page.workers().length > 0, 'the page has a worker');
  let bytes = 0;
  for (const worker of page.workers()) {
    bytes += await worker.evaluate(async () => {
      // The module is the one that runs; `default` gives its exports again.
      const { default: init } = await import(/** @type {any} */ ('./pkg/headscope.js'));
      return (await init()).memory.buffer.byteLength;
    });
  }
  return bytes;
}

/**
 * Presses Start as soon as it does anything.
 * @param {Page} page
 */
export async function pressStart(page) {
  await page.locator('#note-head').filter({ hasNotText: 'Getting ready' }).waitFor();
  await button(page, 'Start').click();
}

/**
 * @param {Page} page
 * @returns {Promise<any>} the results file
 */
export async function study(page) {
  await pressStart(page);
  await reach(page, 'ready', 180_000);
  return exportedJson(page);
}

/**
 * Presses Start and waits for whichever end comes.
 * @param {Page} page
 */
export async function tryStudy(page) {
  await pressStart(page);
  await page.waitForSelector('html:is([data-state="ready"], [data-state="error"])', {
    state: 'attached',
    timeout: 120_000,
  });
  return stateOf(page);
}
