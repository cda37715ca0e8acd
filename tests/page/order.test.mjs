// Two presses in every order: the later choice wins over what runs, and nothing
// is stuck.

import assert from 'node:assert/strict';
import path from 'node:path';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import {
  button,
  complaints,
  exportedJson,
  reach,
  SMALL,
  start,
  startable,
  stateOf,
  useHarness,
} from './harness.mjs';
import { GOOD_MODEL, makeModels, MANY_HEADS } from './models.mjs';

/** @typedef {import('playwright-core').Page} Page */

let folder = '';
const harness = useHarness(async () => {
  const models = await makeModels();
  ({ folder } = models);
  return { models: folder, remove: models.remove };
});

/** Enough prompts for a step to be under way when the next press comes. */
const LINK = 'v=1&model=tiny&n=40&head=L1H1';

/**
 * What the page is to show at the end.
 * @typedef {object} Wanted
 * @property {'tiny' | 'A' | 'B'} model
 * @property {number} seed
 * @property {string} head
 */

/** The sizes by which the models are told apart. */
const LAYERS = { tiny: 3, A: 3, B: 12 };
const HEADS = { tiny: 2, A: 4, B: 12 };

/** A file of results of another study, made once. @type {Promise<{ name: string, mimeType: string, buffer: Buffer }> | undefined} */
let results;
function resultsFile() {
  results ??= harness.withPage('v=1&model=tiny&n=6&head=L2H0&seed=3', {}, async ({ page }) => {
    await start(page, 'ready');
    const buffer = Buffer.from(JSON.stringify(await exportedJson(page)));
    return { name: 'results.json', mimeType: 'application/json', buffer };
  });
  return results;
}

/** @param {string} name */
async function modelFiles(name) {
  const read = async (/** @type {string} */ file) => ({
    name: file,
    mimeType: 'application/octet-stream',
    buffer: await readFile(path.join(folder, name, file)),
  });
  return [await read('model.safetensors'), await read('config.json')];
}

/**
 * Presses a button whatever its state, as a visitor may.
 * @param {string} selector
 */
const press = (selector) => (/** @type {Page} */ page) =>
  page.evaluate((wanted) => {
    const element = [...document.querySelectorAll(wanted)].find((each) => each.checkVisibility());
    if (element instanceof HTMLElement) element.click();
  }, selector);

/**
 * @param {string} id
 * @param {string} value
 */
const type = (id, value) => (/** @type {Page} */ page) => page.locator(`#${id}`).fill(value);

/**
 * Writes a text of one's own, wherever its field is folded away.
 * @param {string} text
 */
const write = (text) => (/** @type {Page} */ page) =>
  page.locator('#text').evaluate((field, value) => {
    /** @type {HTMLTextAreaElement} */ (field).value = value;
    field.dispatchEvent(new Event('input'));
  }, text);

/** @type {Record<string, { press: (page: Page) => Promise<unknown>, wants: Partial<Wanted> }>} */
const PRESSES = {
  start: { press: press('#step-head [data-run]'), wants: {} },
  'score heads': { press: press('#step-scores [data-run]'), wants: {} },
  'run ablations': { press: press('#step-ablations [data-run]'), wants: {} },
  'pick file A': {
    press: async (page) => page.locator('#model-files').setInputFiles(await modelFiles(GOOD_MODEL)),
    wants: { model: 'A' },
  },
  'pick file B': {
    press: async (page) => page.locator('#model-files').setInputFiles(await modelFiles(MANY_HEADS)),
    wants: { model: 'B' },
  },
  'choose tiny': {
    press: async (page) => {
      await page.locator('#model-menu').evaluate((menu) => menu.setAttribute('open', ''));
      await press('input[name="model"][value="tiny"]')(page);
    },
    wants: { model: 'tiny' },
  },
  'change the head': { press: type('head', 'L0H1'), wants: { head: 'L0H1' } },
  'change the seed': { press: type('seed', '77'), wants: { seed: 77 } },
  'open results': {
    press: async (page) => page.locator('#open-file').setInputFiles(await resultsFile()),
    wants: { model: 'tiny', head: 'L2H0', seed: 3 },
  },
  cancel: { press: press('.progress-cancel'), wants: {} },
};

/**
 * Waits until nothing changes any more.
 * @param {Page} page
 */
async function settle(page) {
  const look = () =>
    page.evaluate(() => {
      const { state } = document.documentElement.dataset;
      const busy = document.querySelectorAll('.step.running').length;
      const still = busy === 0 && state !== 'loading' && state !== 'running';
      return { text: `${state} ${location.hash}`, still };
    });
  let quiet = 0;
  for (let seen = await look(), tries = 0; quiet < 8; tries++) {
    assert.ok(tries < 400, `the page does not settle: ${seen.text}`);
    await page.waitForTimeout(60);
    const now = await look();
    quiet = now.still && now.text === seen.text ? quiet + 1 : 0;
    seen = now;
  }
}

/**
 * @param {Page} page
 * @param {Wanted} wanted
 * @param {string} what
 */
async function assertShows(page, { model, seed, head }, what) {
  assert.deepEqual(await complaints(page), [], what);
  const state = await stateOf(page);
  assert.ok(['start', 'ready', 'done'].includes(String(state)), `${what}: ${state}`);
  const link = new URLSearchParams(new URL(page.url()).hash.slice(1));
  assert.equal(link.get('model'), model === 'tiny' ? 'tiny' : 'file', what);
  assert.equal(link.get('seed') ?? '5', String(seed), what);
  assert.equal(link.get('head'), head, what);
  assert.equal(await page.locator('#head').inputValue(), head, what);
  assert.equal(await page.locator('#seed').inputValue(), String(seed), what);
  const heading = String(await page.locator('#pattern-heading').textContent());
  if (/^Head L/.test(heading)) assert.match(heading, new RegExp(`^Head ${head} `), what);
  // All of it is of the settings: a Start finds nothing of before.
  await page.locator('[data-action="start"]').click();
  await settle(page);
  assert.deepEqual(await complaints(page), [], what);
  const size = new RegExp(`Open: ${LAYERS[model]} layers of ${HEADS[model]} heads`);
  assert.match(String(await page.locator('#note-head').textContent()), size, what);
  const file = await exportedJson(page);
  assert.equal(file.patterns.head, head, what);
  assert.equal(file.settings.seed, seed, what);
  assert.deepEqual([file.model.n_layer, file.model.n_head], [LAYERS[model], HEADS[model]], what);
}

/** All pairs take five minutes: `make test-long` has them, `make test` a third of each row. */
const ALL_PAIRS = process.env.HEADSCOPE_LONG === '1';

for (const [row, [first, { press: pressFirst, wants: wantsFirst }]] of Object.entries(
  PRESSES,
).entries()) {
  const seconds = Object.entries(PRESSES).filter(
    (_, column) => ALL_PAIRS || (row + column) % 3 === 0,
  );
  test(`after “${first}”, ${seconds.length} others win`, () =>
    harness.withPage('', {}, async ({ page }) => {
      for (const [second, { press: pressSecond, wants: wantsSecond }] of seconds) {
        // What a reload would keep is not what this is about.
        await page.evaluate(() => sessionStorage.clear());
        await page.goto('about:blank');
        await page.goto(`${harness.site.url}#${LINK}`);
        await start(page, 'ready');
        await pressFirst(page);
        await pressSecond(page);
        await settle(page);
        /** @type {Wanted} */
        const wanted = { model: 'tiny', seed: 5, head: 'L1H1', ...wantsFirst, ...wantsSecond };
        await assertShows(page, wanted, `${first}, ${second}`);
      }
    }));
}

test('what is pressed while another step runs has its turn after it', () =>
  harness.withPage(LINK, {}, async ({ page }) => {
    await startable(page);
    await page.evaluate(() => {
      for (const step of ['head', 'scores', 'ablations']) {
        const run = document.querySelector(`#step-${step} [data-run]`);
        run?.removeAttribute('aria-disabled');
        if (run instanceof HTMLElement) run.click();
      }
    });
    await reach(page, 'done');
  }));

describe('an edit right before a press', () => {
  /** @type {Record<string, { field: string, value: string, run: string, key: string }>} */
  const EDITS = {
    'the last seed of many': {
      field: '#seeds-to',
      value: '2',
      run: '#step-seeds [data-run]',
      key: 'seeds',
    },
    'the seed': { field: '#seed', value: '7', run: '#step-scores [data-run]', key: 'seed' },
    'the length': { field: '#len', value: '9', run: '#step-ablations [data-run]', key: 'len' },
    'the head': { field: '#head', value: 'L2H1', run: '#step-head [data-run]', key: 'head' },
  };
  for (const [what, { field, value, run, key }] of Object.entries(EDITS)) {
    for (const way of ['mouse', 'keyboard', 'script']) {
      test(`${what}, by ${way}: is taken, and the run goes through`, () =>
        harness.withPage(SMALL, {}, async ({ page }) => {
          await start(page, 'ready');
          await page.locator(field).fill(value);
          if (way === 'mouse') {
            await page.locator(run).click();
          } else if (way === 'keyboard') {
            await page.keyboard.press('Tab');
            await page.locator(run).press('Enter');
          } else {
            await page.locator(run).evaluate((element) => {
              if (element instanceof HTMLElement) element.click();
            });
          }
          await page.locator(run.replace(' ', '.done:not(.running) ')).waitFor();
          await settle(page);
          assert.match(page.url(), new RegExp(`${key}=(0-)?${value}`));
          const file = await exportedJson(page);
          assert.match(String(file.settings[key]), new RegExp(`${value}$`));
          if (key === 'seeds') assert.equal(file.further.seeds.seeds.length, 3);
          assert.deepEqual(await complaints(page), []);
        }));
    }
  }

  test('is in the link that is copied', () =>
    harness.withPage(SMALL, {}, async ({ page }) => {
      await start(page, 'ready');
      await page.locator('#seed').fill('12345');
      await button(page, 'Copy link').click();
      await page.locator('#share-note').filter({ hasText: 'Link copied' }).waitFor();
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      assert.match(copied, /seed=12345/);
    }));
});

describe('a run that a later choice ends', () => {
  /** @type {Record<string, { id: string, value: string, because: RegExp }>} */
  const CHANGES = {
    'the seed': { id: 'seed', value: '9', because: /because the seed was changed/ },
    'the metric': { id: 'metric', value: 'row-mass', because: /because the metric was changed/ },
    'the word table': { id: 'words', value: 'a,b,c\nd,e,f', because: /because the word table/ },
  };
  for (const [what, { id, value, because }] of Object.entries(CHANGES)) {
    test(`says why: ${what}`, () =>
      harness.withPage(SMALL.replace(/cats=\d+/, 'cats=2'), {}, async ({ page }) => {
        await start(page, 'ready');
        // The change comes while the step is under way, however fast that is.
        await page.evaluate(([field, text]) => {
          const run = document.querySelector('#step-scores [data-run]');
          if (run instanceof HTMLElement) run.click();
          const control = /** @type {HTMLInputElement} */ (document.getElementById(field));
          control.value = text;
          for (const kind of ['input', 'change']) control.dispatchEvent(new Event(kind));
        }, /** @type {[string, string]} */ ([id, value]));
        await page.locator('#note-scores').filter({ hasText: because }).waitFor();
        await settle(page);
        assert.deepEqual(await complaints(page), []);
      }));
  }
});

describe('a text that the model has no room for', () => {
  const LONG = 'dog cat '.repeat(60);
  /** @type {Record<string, (page: Page) => Promise<unknown>>} */
  const REPAIRS = {
    'a shorter text': write('The dog saw a cat'),
    'no text': (page) =>
      page.locator('#text-clear').evaluate((clear) => /** @type {any} */ (clear).click()),
    'a longer one, then a shorter one': async (page) => {
      await write(LONG + LONG)(page);
      await page.waitForTimeout(500);
      await write('The dog saw a cat')(page);
    },
  };
  for (const [what, repair] of Object.entries(REPAIRS)) {
    test(`says so where the head is looked for, and ${what} shows it again without a press`, () =>
      harness.withPage(SMALL, {}, async ({ page }) => {
        await start(page, 'ready');
        await write(LONG)(page);
        const empty = page.locator('#pattern-empty');
        await empty.filter({ hasText: /tokens/, hasNotText: /Press Start/ }).waitFor();
        await repair(page);
        await empty.waitFor({ state: 'hidden' });
        await reach(page, 'ready');
        assert.deepEqual(await complaints(page), []);
      }));
  }
});

describe('a head that the model lacks', () => {
  for (const [model, range] of /** @type {const} */ ([
    ['gpt2', /GPT-2 small has L0 to L11, H0 to H11\. Until then L1H5 stays in force/],
    ['tiny', /The demo model has L0 to L2, H0 to H1\. Until then L1H5 stays in force/],
  ])) {
    test(`is refused at once, before ${model} is open`, () =>
      harness.withPage(`v=1&model=${model}&n=6`, {}, async ({ page }) => {
        await startable(page);
        for (const head of ['L12H3', 'L1H55', 'l99h0']) {
          await page.locator('#head').fill(head);
          await page.locator('#head-error').filter({ hasText: range }).waitFor();
          assert.doesNotMatch(page.url(), /head=/);
        }
      }));
  }

  test('is refused by a model that is open, wherever a head is named', () =>
    harness.withPage(SMALL, {}, async ({ page }) => {
      await page.locator('#model-files').setInputFiles(await modelFiles(GOOD_MODEL));
      await page.waitForURL(/model=file/);
      await start(page, 'ready');
      const before = await page.locator('#head').inputValue();
      await page.locator('#head').fill('L3H0');
      await page
        .locator('#head-error')
        .filter({ hasText: /This model has L0 to L2, H0 to H3\. Until then/ })
        .waitFor();
      await reach(page, 'ready');
      await page.locator('#head').fill(before);
      await page.locator('#pin-head').fill('L0H4');
      await page.locator('#pin-head').press('Enter');
      assert.match(
        String(await page.locator('#pin-head-error').textContent()),
        /L0 to L2, H0 to H3/,
      );
      await page.locator('#contrasts-fold > summary').click();
      await page.locator('#contrast-heads').fill('L0H0, L3H1');
      await page.locator('#contrast-heads').blur();
      assert.match(
        String(await page.locator('#contrast-heads-error').textContent()),
        /L0 to L2, H0 to H3/,
      );
      await page.getByLabel('Choose…').check();
      await page.locator('#ablate').fill('L7.mlp');
      await page.locator('#ablate').blur();
      assert.match(String(await page.locator('#ablate-error').textContent()), /L0 to L2, H0 to H3/);
    }));
});
