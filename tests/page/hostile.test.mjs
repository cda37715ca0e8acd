// Strangers' texts stay texts: those of links, of word tables, of files, of models and
// their hosts. None becomes markup, none runs, and none needs the content security policy
// to stop it; that policy stops what a fault of the page might let through.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import {
  button,
  complaints,
  dist,
  exportedJson,
  FAILED_REQUEST,
  fixtures,
  start,
  startable,
  useHarness,
} from './harness.mjs';
import {
  assertInert,
  csvRows,
  FORMULAS,
  MARKUP,
  PAYLOAD,
  timesShown,
  watchPayload,
} from './hostile.mjs';
import { makeModelWithTokenizer } from './models.mjs';
import { serve } from '../../tools/server.mjs';

/** @typedef {import('playwright-core').Page} Page */

const [IMAGE = '', SCRIPT = ''] = MARKUP;
/** A token of a model, as markup. */
const TOKEN = `<|${IMAGE}|>`;
const HOSTED = 'hosted';
const NO_CONFIG = 'no-config';

const harness = useHarness(async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'headscope-hostile-'));
  const own = JSON.parse(await readFile(path.join(fixtures, 'tokenizers/own.json'), 'utf8'));
  const like = own.added_tokens.at(-1);
  own.added_tokens.push({ ...like, id: like.id + 1, content: TOKEN });
  const files = { 'tokenizer.json': JSON.stringify(own) };
  await makeModelWithTokenizer(path.join(folder, HOSTED), 384, files, {
    _name_or_path: IMAGE,
    architectures: ['GPT2LMHeadModel', IMAGE],
  });
  await mkdir(path.join(folder, NO_CONFIG));
  await writeFile(path.join(folder, NO_CONFIG, 'config.json'), `<!doctype html>${MARKUP.join('')}`);
  return { models: folder, remove: () => rm(folder, { recursive: true }) };
});

/**
 * Opens a link, and fails if anything of it ran or became markup.
 * @param {Record<string, string>} link
 * @param {import('./harness.mjs').PageOptions} options
 * @param {(page: Page) => Promise<unknown>} use
 */
function withLink(link, options, use) {
  return harness.withPage('', { url: 'about:blank', ...options }, async ({ page, requests }) => {
    await page.context().addInitScript(watchPayload);
    await page.goto(`${harness.site.url}#${new URLSearchParams({ v: '1', ...link })}`);
    await use(page);
    await assertInert(page, JSON.stringify(link).slice(0, 200));
    const own = [harness.site.origin, harness.models.origin];
    const foreign = requests.filter(
      (url) => !/^(blob|data|about):/.test(url) && !own.some((origin) => url.startsWith(origin)),
    );
    assert.deepEqual(foreign, []);
  });
}

/** @param {Page} page */
const unfoldAll = (page) =>
  page.evaluate(() => {
    for (const fold of document.querySelectorAll('details')) fold.open = true;
  });

/**
 * Every table of the page as the file it saves.
 * @param {Page} page
 */
async function savedTables(page) {
  /** @type {string[]} */
  const texts = [];
  const buttons = page.getByRole('button', { name: 'Save as CSV' });
  for (let i = 0, count = await buttons.count(); i < count; i++) {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      buttons.nth(i).evaluate((each) => /** @type {any} */ (each).click()),
    ]);
    texts.push(await readFile(await download.path(), 'utf8'));
  }
  return texts;
}

describe('markup in a link stays text', () => {
  test('in every value that a link can have, and in names that it cannot', () =>
    withLink({}, {}, async (page) => {
      await startable(page);
      const { keys } = await page.evaluate(async () => {
        const { catalogue } = await import(/** @type {any} */ ('./pkg/headscope.js'));
        return { keys: catalogue().settings.map((/** @type {any} */ { key }) => key) };
      });
      assert.ok(keys.length > 18, keys.join(' '));
      for (const markup of MARKUP) {
        const values = keys.map((/** @type {string} */ key) => [key, markup]);
        const link = new URLSearchParams([...values, [markup, markup], ['model', 'tiny']]);
        await page.evaluate((hash) => {
          location.hash = hash;
        }, String(link));
        // It gives way to the link of what could be used.
        await page.waitForFunction((hash) => location.hash.slice(1) !== hash, String(link));
        const shown = await timesShown(page);
        assert.ok(shown > 1, `${markup} is shown ${shown} times`);
        await assertInert(page, markup);
      }
    }));

  test('in words, in names of categories and in a text, wherever the page shows and saves them', () =>
    withLink({ model: 'tiny' }, {}, async (page) => {
      await startable(page);
      const quoted = (/** @type {string} */ cell) => `"${cell.replaceAll('"', '""')}"`;
      const rows = MARKUP.map((markup, i) =>
        [`${markup}:`, markup, `w${i}${markup}`, `${FORMULAS[i % FORMULAS.length]}${i}`]
          .map(quoted)
          .join(','),
      );
      const drawn = { model: 'tiny', words: rows.join('\n'), n: '3', len: '3', cats: '2' };
      /** @type {Record<string, string>[]} */
      const links = [drawn, { model: 'tiny', text: `${IMAGE} =1+1 @x` }];
      for (const link of links) {
        await page.goto('about:blank');
        await page.goto(`${harness.site.url}#${new URLSearchParams({ v: '1', ...link })}`);
        await start(page, 'ready');
        await unfoldAll(page);
        await page.locator('#pattern').focus();
        await page.keyboard.press('ArrowDown');
        await page.locator('#pattern-table table').waitFor();
        const shown = await timesShown(page);
        assert.ok(shown > 0, `shown ${shown} times`);
        await assertInert(page, link.text ?? 'a table of words');
        // The picture is XML, in which markup would be markup again.
        const [download] = await Promise.all([
          page.waitForEvent('download'),
          button(page, 'Export SVG').click(),
        ]);
        const svg = await readFile(await download.path(), 'utf8');
        const parsed = await page.evaluate((text) => {
          const picture = new DOMParser().parseFromString(text, 'image/svg+xml');
          const all = [...picture.querySelectorAll('*')];
          const names = [...new Set(all.map(({ localName }) => localName))];
          const handlers = all.flatMap((element) => [...element.attributes]);
          return { names, handlers: handlers.filter(({ name }) => /^on/i.test(name)).length };
        }, svg);
        const markup = parsed.names.filter((name) =>
          /hostile|script|parsererror|foreign/i.test(name),
        );
        assert.deepEqual(markup, []);
        assert.equal(parsed.handlers, 0);
      }
    }));
});

test('no cell of a saved table begins a formula, and all are read back as they are shown', () =>
  withLink(
    { model: 'tiny', target: 'previous', text: `=1+1 @x -y +z "a,b" ${SCRIPT}` },
    {},
    async (page) => {
      await start(page, 'ready');
      await button(page, 'Score all heads').click();
      await page.locator('#top-heads button').first().waitFor();
      await unfoldAll(page);
      await page.locator('#pattern-table table').waitFor();
      await page.locator('#scores-table table').waitFor();
      const files = await savedTables(page);
      await page.locator('.map-panel label').filter({ hasText: 'Patterns' }).click();
      await page.locator('#thumbnails-table table').waitFor();
      files.push(...(await savedTables(page)));
      assert.ok(files.length >= 4, `${files.length} tables`);
      const cells = files.flatMap((file) => csvRows(file).flat());
      const formulas = cells.filter(
        (cell) => /^[=+\-@\t\r]/.test(cell) && !/^[+-]?\d+(\.\d+)?(e-?\d+)?$/.test(cell),
      );
      assert.deepEqual(formulas, []);
      assert.ok(
        cells.some((cell) => cell.startsWith("'=")),
        'a token that would be one is there',
      );
      for (const file of files) {
        const widths = new Set(csvRows(file).map(({ length }) => length));
        assert.equal(widths.size, 1, file.slice(0, 300));
      }
    },
  ));

describe('markup in a file stays text', () => {
  test('in every text of a results file that the page shows, and in its name', async () => {
    const results = await harness.withPage(
      'v=1&model=tiny&n=4&len=5&cats=2&run=all',
      {},
      async ({ page }) => {
        await start(page, 'done');
        return exportedJson(page);
      },
    );
    await withLink({ model: 'tiny' }, {}, async (page) => {
      await startable(page);
      const strings = placesOfStrings(results);
      assert.ok(strings.length > 20, `${strings.length} texts`);
      let shown = 0;
      for (const [at, place] of strings.entries()) {
        const markup = MARKUP[at % MARKUP.length] ?? '';
        const file = structuredClone(results);
        setAt(file, place, markup);
        const name = `${SCRIPT}.json`;
        await page.locator('#open-file').setInputFiles({
          name,
          mimeType: 'application/json',
          buffer: Buffer.from(JSON.stringify(file)),
        });
        const told = page.locator('#open-problem .problem, #import-notice .import-card');
        await told.first().waitFor();
        shown += await timesShown(page);
        await assertInert(page, `${place.join('.')} is ${markup}`);
      }
      assert.ok(shown >= strings.length, 'the file’s name is shown each time');
    });
  });
});

/**
 * Where texts are in an object, one place of each kind: lists hold more of the same.
 * @param {any} value
 * @param {(string | number)[]} at
 * @returns {(string | number)[][]}
 */
function placesOfStrings(value, at = []) {
  if (typeof value === 'string') return [at];
  if (Array.isArray(value))
    return value.slice(0, 1).flatMap((each) => placesOfStrings(each, [...at, 0]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => placesOfStrings(each, [...at, key]));
}

/**
 * @param {any} object
 * @param {(string | number)[]} place
 * @param {string} text
 */
function setAt(object, place, text) {
  const last = /** @type {string} */ (place.at(-1));
  const holder = place.slice(0, -1).reduce((part, key) => part[key], object);
  holder[last] = text;
}

describe('markup of a model and of its host stays text', () => {
  test('in tokens of its tokenizer and in its config', () => {
    const model = `${harness.models.url}${HOSTED}`;
    return withLink({ model, head: 'L1H0', text: `perro ${TOKEN} gato` }, {}, async (page) => {
      await start(page, 'ready');
      await unfoldAll(page);
      const fed = await page.locator('#fed .token-text').allTextContents();
      assert.ok(fed.includes(TOKEN), fed.join(' '));
      await page.getByRole('button', { name: 'Run full model', exact: true }).click();
      await page.locator('#text-table table').waitFor();
      assert.ok((await timesShown(page)) > 3);
    });
  });

  test('in what comes in place of its files, and in its address', async () => {
    const addresses = [
      `${harness.models.url}${NO_CONFIG}`,
      `${harness.models.url}${IMAGE}`,
      `http://user:${PAYLOAD}@127.0.0.1:9/`,
    ];
    for (const model of addresses) {
      await withLink({ model }, { expected: FAILED_REQUEST }, async (page) => {
        await startable(page);
        const start = page.locator('[data-action="start"]');
        if ((await page.locator('#link-notice').isVisible()) === false) {
          await start.click();
          await page.locator('html[data-state="error"]').waitFor({ state: 'attached' });
        }
        assert.ok((await complaints(page)).join('').length > 20, model);
      });
    }
  });
});

describe('what a fault might let through, the content security policy stops:', () => {
  /** Each puts something on the page that would run, or ask another host. @type {Record<string, [action: string, directive: RegExp]>} */
  const FAULTS = {
    'a handler in markup': [
      `document.body.insertAdjacentHTML('beforeend', '<img src=x: onerror=${PAYLOAD}>')`,
      /script-src/,
    ],
    'an inline script': [
      `{ const script = document.createElement('script'); script.textContent = '${PAYLOAD}'; document.body.append(script); }`,
      /script-src/,
    ],
    'a script of another host': [
      `{ const script = document.createElement('script'); script.src = 'ELSEWHEREx.js'; document.body.append(script); }`,
      /script-src/,
    ],
    'a javascript: link that is pressed': [
      `{ const link = document.createElement('a'); link.href = 'javascript:${PAYLOAD}'; document.body.append(link); link.click(); }`,
      /script-src/,
    ],
    'a text run as a program': [`setTimeout('${PAYLOAD}')`, /script-src/],
    'a picture of another host': [
      `document.body.insertAdjacentHTML('beforeend', '<img src="ELSEWHEREx.png">')`,
      /img-src/,
    ],
    'a style that asks another host': [
      `document.body.insertAdjacentHTML('beforeend', '<link rel="stylesheet" href="ELSEWHEREx.css">')`,
      /style-src/,
    ],
    'an inline style': [
      `document.body.insertAdjacentHTML('beforeend', '<style>body { display: none }</style>')`,
      /style-src/,
    ],
    'a frame': [
      `document.body.insertAdjacentHTML('beforeend', '<iframe src="ELSEWHERE"></iframe>')`,
      /frame-src|child-src|default-src/,
    ],
    'a form that is sent': [
      `{ document.body.insertAdjacentHTML('beforeend', '<form action="ELSEWHERE"></form>'); document.body.lastElementChild.submit(); }`,
      /form-action/,
    ],
    'another base for addresses': [
      `document.head.insertAdjacentHTML('beforeend', '<base href="ELSEWHERE">')`,
      /base-uri/,
    ],
  };

  test(Object.keys(FAULTS).join(', '), async () => {
    /** What another host was asked for. @type {string[]} */
    const asked = [];
    const other = await serve(dist, {
      intercept(request, response) {
        asked.push(request.url ?? '');
        response.end();
        return true;
      },
    });
    try {
      await harness.withPage('v=1&model=tiny', { expected: /./ }, async ({ page, problems }) => {
        await page.evaluate(watchPayload);
        await startable(page);
        for (const [what, [action, directive]] of Object.entries(FAULTS)) {
          problems.length = 0;
          await page.evaluate(action.replaceAll('ELSEWHERE', other.url));
          const deadline = Date.now() + 20_000;
          const stopped = () =>
            problems.some((each) => /^reported: \S+ forbids/.test(each) && directive.test(each));
          while (!stopped() && Date.now() < deadline) await page.waitForTimeout(20);
          assert.ok(stopped(), `${what}: ${problems.join(' | ')}`);
          assert.equal(await page.evaluate(() => /** @type {any} */ (globalThis).ran), 0, what);
          assert.deepEqual(asked, [], what);
        }
        assert.ok(String(await page.evaluate(() => document.baseURI)).startsWith(harness.site.url));
      });
      // The other host would have answered.
      await fetch(other.url);
      assert.deepEqual(asked, ['/']);
    } finally {
      await other.close();
    }
  });
});
