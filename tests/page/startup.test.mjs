// What the page does when a part of it does not come: it says so, and goes on
// when that part does.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  button,
  complaints,
  exportedJson,
  FAILED_REQUEST,
  reach,
  SMALL,
  start,
  startable,
  useHarness,
} from './harness.mjs';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').Route} Route */

const harness = useHarness();

// What a service worker answers, no test can harm.
const context = /** @type {const} */ ({ serviceWorkers: 'block' });

/** What a browser says of a part that is not what it should be, beside the page's own message. */
const ODD_PART =
  /Failed to load|Failed to fetch|MIME type|SyntaxError|Unexpected token|wasm|WebAssembly/;
const EXPECTED = new RegExp(`${FAILED_REQUEST.source}|${ODD_PART.source}`);

/** @type {Record<string, (route: Route) => Promise<void>>} */
const FAILURES = {
  'answers 503': (route) => route.fulfill({ status: 503, body: 'busy' }),
  'is not there': (route) => route.fulfill({ status: 404, body: 'nothing' }),
  'cannot be fetched': (route) => route.abort(),
  'comes as a web page': (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><p>Sign in.' }),
};

/**
 * Opens the page once more, with requests of it routed.
 * @param {Page} page
 * @param {RegExp} wanted
 * @param {(route: Route) => Promise<void> | void} handle
 */
async function reopenWith(page, wanted, handle) {
  await page.context().route(wanted, handle);
  await page.reload({ waitUntil: 'commit' });
}

/** @param {Page} page */
const failed = (page) =>
  page.waitForSelector('html[data-state="error"] .problem', { state: 'attached' });

/**
 * The scripts that the page needs to start.
 * @param {string[]} requests
 */
const scripts = (requests) =>
  requests.map((url) => new URL(url).pathname).filter((path) => path.endsWith('.js'));

describe('a script of the page', () => {
  for (const [how, fail] of Object.entries(FAILURES)) {
    test(`that ${how} is named, with Reload, whichever it is`, () =>
      harness.withPage(SMALL, { context, expected: EXPECTED }, async ({ page, requests }) => {
        await startable(page);
        const all = scripts(requests);
        const modules = all.filter((path) => !/early|worker/.test(path));
        assert.ok(modules.length >= 2, all.join());
        // The first, the last, and one between.
        for (const place of [0, modules.length >> 1, modules.length - 1]) {
          const path = String(modules[place]);
          await reopenWith(page, new RegExp(`${path.replaceAll('.', '\\.')}$`), fail);
          await failed(page);
          const [told = ''] = await complaints(page);
          assert.match(told, /A part of this page did not come: .*Reload/, path);
          assert.equal(await page.getByText('Getting ready…').isVisible(), false);
          await page.context().unrouteAll();
          await button(page, 'Reload').click();
          await startable(page);
        }
      }));
  }

  test('that keeps the page waiting is said, and taken when it comes', () =>
    harness.withPage(SMALL, { context }, async ({ page }) => {
      await startable(page);
      await page.clock.install();
      /** @type {(() => Promise<void>)[]} */
      const held = [];
      await reopenWith(page, /\/main[^/]*\.js$/, (route) => {
        held.push(() => route.continue());
      });
      await page.locator('#launch-problem').waitFor({ state: 'attached' });
      await page.clock.fastForward(21_000);
      await failed(page);
      assert.match((await complaints(page)).join(), /have not come for 20 seconds/);
      await Promise.all(held.map((go) => go()));
      await page.clock.resume();
      await page.waitForSelector('html:not([data-state="error"])', { state: 'attached' });
      await startable(page);
      assert.deepEqual(await complaints(page), []);
    }));
});

test('without its early script the page works all the same', () =>
  harness.withPage(SMALL, { context, expected: EXPECTED }, async ({ page }) => {
    await startable(page);
    await reopenWith(page, /early[^/]*\.js$/, (route) => route.abort());
    await start(page, 'ready');
  }));

test('a style sheet that does not come is named, and the page works', () =>
  harness.withPage(SMALL, { context, expected: EXPECTED }, async ({ page }) => {
    await startable(page);
    await reopenWith(page, /\.css$/, (route) => route.fulfill({ status: 404, body: '' }));
    await page
      .locator('.problem')
      .filter({ hasText: /did not come: .*\.css/ })
      .waitFor();
    await start(page, 'ready');
  }));

describe('the part that computes', () => {
  for (const [how, fail] of Object.entries(FAILURES)) {
    test(`falls back to the other build where one ${how}`, () =>
      harness.withPage(SMALL, { context, expected: EXPECTED }, async ({ page }) => {
        await startable(page);
        await reopenWith(page, /relaxed\.wasm$/, fail);
        await start(page, 'ready');
      }));
  }

  test('falls back where a build does not compile', () =>
    harness.withPage(SMALL, { context, expected: EXPECTED }, async ({ page }) => {
      await startable(page);
      await reopenWith(page, /relaxed\.wasm$/, (route) =>
        route.fulfill({ contentType: 'application/wasm', body: 'no wasm' }),
      );
      await start(page, 'ready');
    }));

  for (const [how, fail] of Object.entries(FAILURES)) {
    test(`blames no browser where no build can be had: each ${how}; Retry goes on`, () =>
      harness.withPage(SMALL, { context, expected: EXPECTED }, async ({ page }) => {
        await startable(page);
        await reopenWith(page, /\.wasm$/, fail);
        await failed(page);
        const told = (await complaints(page)).join(' ');
        assert.match(told, /did not come/);
        assert.doesNotMatch(told, /SIMD/);
        await page.context().unrouteAll();
        await button(page, 'Retry').click();
        await page.waitForSelector('html:not([data-state="error"])', { state: 'attached' });
        await start(page, 'ready');
      }));
  }

  test('names what the browser lacks, where it lacks it', () =>
    harness.withPage(SMALL, { context, expected: EXPECTED }, async ({ page }) => {
      await page.context().addInitScript(() => {
        // As a browser without vector instructions does.
        WebAssembly.validate = () => false;
        const refuse = () => Promise.reject(new WebAssembly.CompileError('invalid opcode'));
        WebAssembly.compileStreaming = refuse;
        WebAssembly.compile = refuse;
      });
      await page.reload();
      await failed(page);
      assert.match((await complaints(page)).join(), /needs WebAssembly with SIMD/);
    }));
});

describe('a file of the site', () => {
  // The built-in words are read without the file of the tokenizer; a text takes it.
  for (const [what, wanted, link] of /** @type {const} */ ([
    ['the tokenizer', /merges\.bin$/, `${SMALL}&text=The+dog+barks`],
    ['the computing thread', /\/worker[^/]*\.js$/, SMALL],
  ])) {
    for (const [how, fail] of Object.entries(FAILURES).slice(0, 3)) {
      test(`${what}, ${how}: is told, and Retry goes on`, () =>
        harness.withPage(link, { context, expected: EXPECTED }, async ({ page }) => {
          await startable(page);
          await reopenWith(page, wanted, fail);
          await failed(page);
          await page.context().unrouteAll();
          await button(page, 'Retry').first().click();
          await page.waitForSelector('html:not([data-state="error"])', { state: 'attached' });
          await start(page, 'ready');
          assert.deepEqual(await complaints(page), []);
          assert.equal((await exportedJson(page)).settings.n, 6);
        }));
    }
  }

  test('that keeps the page waiting is said', () =>
    harness.withPage(SMALL, { context }, async ({ page }) => {
      await startable(page);
      await page.clock.install();
      /** @type {(() => Promise<void>)[]} */
      const held = [];
      await reopenWith(page, /\.wasm$/, (route) => {
        held.push(() => route.continue());
      });
      await page.getByText('Getting ready…').waitFor();
      while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
      await page.clock.fastForward(21_000);
      await failed(page);
      assert.match((await complaints(page)).join(), /have not come for 20 seconds/);
      await Promise.all(held.map((go) => go()));
      await page.clock.resume();
      await page.waitForSelector('html:not([data-state="error"])', { state: 'attached' });
      await startable(page);
    }));
});

describe('a part that comes when it is wanted', () => {
  /** @type {Record<string, { want: (page: Page) => Promise<void>, told: string, there: string }>} */
  const PARTS = {
    'the patterns of all heads': {
      want: (page) => page.locator('label').filter({ hasText: 'Patterns' }).click(),
      told: '#map-problem .problem',
      there: '.map-panel.patterns #headmap',
    },
    'a chart': {
      want: (page) => button(page, 'Run ablations').click(),
      told: '#ablations-chart .problem',
      there: '#ablations-chart svg',
    },
    'a picture': {
      want: (page) => button(page, 'Export SVG').click(),
      told: '#export-problem .problem',
      there: '#export-note:text("Saved")',
    },
  };
  for (const [what, { want, told, there }] of Object.entries(PARTS)) {
    test(`${what}, is told where it was asked for, and Retry brings it`, () =>
      harness.withPage(SMALL, { context, expected: EXPECTED }, async ({ page }) => {
        await start(page, 'ready');
        await page.context().route(/\.js$/, (route) => route.abort());
        await want(page);
        const problem = page.locator(told);
        await problem.filter({ hasText: /did not come/ }).waitFor();
        await page.context().unrouteAll();
        await problem.getByRole('button', { name: 'Retry' }).click();
        await page.locator(there).first().waitFor();
        assert.equal(await problem.count(), 0);
      }));
  }

  test('what reads files, says so where they were picked', () =>
    harness.withPage(SMALL, { context, expected: EXPECTED }, async ({ page }) => {
      await start(page, 'ready');
      await page.context().route(/\.js$/, (route) => route.abort());
      const file = { name: 'words.csv', mimeType: 'text/csv', buffer: Buffer.from('a,b\nc,d') };
      await page.locator('#words-file').setInputFiles(file);
      await page
        .locator('#words-error')
        .filter({ hasText: /did not come/ })
        .waitFor({ state: 'attached' });
      await page.locator('#model-files').setInputFiles({ ...file, name: 'model.safetensors' });
      await page
        .locator('#model-error')
        .filter({ hasText: /did not come/ })
        .waitFor();
    }));

  test('the citation, says so in its place', () =>
    harness.withPage(SMALL, { context, expected: EXPECTED }, async ({ page }) => {
      await start(page, 'ready');
      await page.context().route(/\.js$/, (route) => route.abort());
      await page.locator('#cite-fold > summary').click();
      await page
        .locator('#cite-text')
        .filter({ hasText: /did not come/ })
        .waitFor();
    }));
});

describe('a name of an element in the address bar', () => {
  const LINK = 'v=1&model=tiny&seed=77&n=6&len=8&cats=3';
  /** @type {Record<string, (page: Page) => Promise<void>>} */
  const WAYS = {
    'a section': (page) => page.getByRole('link', { name: 'Pattern', exact: true }).click(),
    'another section': (page) => page.getByRole('link', { name: 'Ablations', exact: true }).click(),
    'a figure of the verdict': (page) => page.locator('#verdict-rank').click(),
    'the skip link': (page) =>
      page.locator('.skip').evaluate((link) => /** @type {HTMLElement} */ (link).click()),
    'one typed there': (page) => page.evaluate(() => void (location.hash = 'further-title')),
    'nothing at all': (page) => page.evaluate(() => void (location.hash = '')),
    'a key that is none': (page) => page.evaluate(() => void (location.hash = 'utm_source=x')),
  };
  test('is no link: nothing changes, and the link stays', () =>
    harness.withPage(LINK, {}, async ({ page }) => {
      await start(page, 'ready');
      const before = await exportedJson(page);
      for (const [name, go] of Object.entries(WAYS)) {
        await go(page);
        await page.waitForURL(/seed=77/);
        await page.waitForTimeout(100);
        assert.equal(await page.locator('#seed').inputValue(), '77', name);
        await reach(page, 'ready');
        assert.deepEqual(await exportedJson(page), before, name);
      }
      // A link is one in whatever letters it is written.
      await page.evaluate(() => void (location.hash = 'Model=tiny&n=6&SEED=78&seed=78'));
      await page.waitForURL(/seed=78/);
      assert.equal(await page.locator('#seed').inputValue(), '78');
    }));
});
