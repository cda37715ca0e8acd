// What is dropped on the page: it goes where its kind belongs, wherever it fell.

import assert from 'node:assert/strict';
import { cp, mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  complaints,
  exportedJson,
  fixtures,
  reach,
  SMALL,
  start,
  startable,
  stateOf,
  useHarness,
} from './harness.mjs';

/** @typedef {import('playwright-core').Page} Page */

const harness = useHarness();
const MODEL = path.join(fixtures, 'random-3x4x32');

/** A folder of files to drop. */
let folder = '';
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'headscope-drop-'));
});
after(() => rm(folder, { recursive: true }));

/**
 * @param {string} name
 * @param {string | Buffer} contents
 */
async function file(name, contents) {
  const where = path.join(folder, name);
  await mkdir(path.dirname(where), { recursive: true });
  await writeFile(where, contents);
  return where;
}

/**
 * Drops files and folders, as a hand would.
 * @param {Page} page
 * @param {string[]} files
 * @param {[x: number, y: number]} [at] in the heading, unless given
 */
async function drop(page, files, [x, y] = [200, 120]) {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files, dragOperationsMask: 1 };
  for (const type of /** @type {const} */ (['dragEnter', 'dragOver', 'drop'])) {
    await session.send('Input.dispatchDragEvent', { type, x, y, data });
  }
}

/** @param {Page} page */
const modelOf = (page) => page.locator('input[name="model"]:checked').getAttribute('value');

/** @param {Page} page */
const refused = (page) => page.locator('[data-role="problem"]');

/** @param {Page} page */
async function opensTheModel(page) {
  await page.waitForURL(/model=file/);
  assert.equal(await modelOf(page), 'file');
  await start(page, 'ready');
  const { model } = await exportedJson(page);
  assert.deepEqual([model.n_layer, model.n_head], [3, 4]);
}

describe('a model dropped', () => {
  test('as its two files, far from the card with the models', () =>
    harness.withPage(SMALL, {}, async ({ page }) => {
      await startable(page);
      await page.locator('#scores-title').scrollIntoViewIfNeeded();
      const paths = ['config.json', 'model.safetensors'].map((name) => path.join(MODEL, name));
      await drop(page, paths, [700, 400]);
      await opensTheModel(page);
    }));

  test('as a folder that holds much else', async () => {
    const hub = path.join(folder, 'hub');
    await cp(MODEL, hub, { recursive: true });
    await file('hub/README.md', '# A model');
    await file('hub/.gitattributes', '*.bin filter=lfs');
    await file('hub/pytorch_model.bin', 'PK');
    await file('hub/onnx/config.json', '{"model_type":"gpt2","n_head":99}');
    await harness.withPage(SMALL, {}, async ({ page }) => {
      await startable(page);
      await drop(page, [hub]);
      await opensTheModel(page);
      assert.deepEqual(await complaints(page), []);
    });
  });

  test('under names that do not tell', async () => {
    const weights = await file(
      'weights-of-mine',
      await readFile(path.join(MODEL, 'model.safetensors')),
    );
    await harness.withPage(SMALL, {}, async ({ page }) => {
      await startable(page);
      await drop(page, [weights]);
      await page.waitForURL(/model=file/);
    });
  });
});

test('results dropped on the card with the models open, and so do settings, whatever their names', () =>
  harness.withPage(SMALL, {}, async ({ page }) => {
    await start(page, 'ready');
    const results = await exportedJson(page);
    const { x, y } = await page.locator('.launch').evaluate((card) => {
      card.scrollIntoView();
      const { left, top } = card.getBoundingClientRect();
      return { x: left + 40, y: top + 40 };
    });
    const saved = await file('mine.txt', JSON.stringify(results));
    await drop(page, [saved], [x, y]);
    await page.locator('#import-notice').filter({ hasText: 'mine.txt' }).waitFor();
    assert.equal(await modelOf(page), 'tiny');
    const settings = { ...results.settings, seed: 77 };
    const text = JSON.stringify({ schema: 'headscope-settings/1', build: 'x', settings }, null, 2);
    await drop(page, [await file('config-of-my-study.json', text)]);
    await page.waitForURL(/seed=77/);
    assert.deepEqual(await complaints(page), []);
  }));

describe('a word table dropped', () => {
  for (const name of ['words.csv', 'words.txt', 'words']) {
    test(`as ${name} is in force, and its rows are in sight`, async () => {
      const table = await file(name, 'red,blue,green\ncat,dog,horse\nsea,river,lake\n');
      await harness.withPage(SMALL, {}, async ({ page }) => {
        await startable(page);
        await drop(page, [table]);
        await page.waitForURL(/words=red/);
        assert.equal(await page.locator('#words-rows').isVisible(), true);
        await startable(page);
      });
    });
  }
});

describe('what the page has no use for is refused by kind', () => {
  /** @type {[name: string, contents: string, says: RegExp][]} */
  const CASES = [
    ['photo.png', '\u0089PNG', /photo\.png is a picture\./],
    ['paper.pdf', '%PDF', /paper\.pdf is a document\./],
    ['pytorch_model.bin', 'PK', /not read here\..*Save the model as safetensors/],
    ['package.json', '{"name":"x"}', /neither results, nor settings, nor a model’s config/],
    ['nothing', '', /nothing is empty\./],
    ['program', '\u0000\u0001\u0002', /program is of no kind/],
  ];
  for (const [name, contents, says] of CASES) {
    test(name, async () => {
      const dropped = await file(name, contents);
      await harness.withPage(SMALL, {}, async ({ page }) => {
        await start(page, 'ready');
        const before = await exportedJson(page);
        await drop(page, [dropped]);
        await refused(page).filter({ hasText: says }).waitFor();
        assert.match(String(await refused(page).textContent()), /is kept/);
        assert.equal(await stateOf(page), 'ready');
        assert.deepEqual(await exportedJson(page), before);
      });
    });
  }

  test('weights in another form with their config, with the way to convert them', async () => {
    const dropped = await Promise.all([
      file('config.json', '{"model_type":"gpt2","n_layer":12}'),
      file('model.gguf', 'GGUF'),
    ]);
    await harness.withPage(SMALL, {}, async ({ page }) => {
      await start(page, 'ready');
      await drop(page, dropped);
      await refused(page)
        .filter({ hasText: /model\.gguf.*Save the model as safetensors/ })
        .waitFor();
      assert.equal(await stateOf(page), 'ready');
    });
  });

  test('of several kinds one is taken, and the rest is named', async () => {
    const table = await file('both.csv', 'red,blue,green\ncat,dog,horse\nsea,river,lake\n');
    const settings = JSON.stringify({
      schema: 'headscope-settings/1',
      build: 'x',
      settings: { model: 'tiny', seed: 78 },
    });
    await harness.withPage(SMALL, {}, async ({ page }) => {
      await startable(page);
      await drop(page, [table, await file('both.json', settings), await file('both.gif', 'GIF')]);
      await page.waitForURL(/seed=78/);
      await refused(page)
        .filter({ hasText: /both\.csv \(a word table\)/ })
        .waitFor();
      assert.doesNotMatch(page.url(), /words=/);
    });
  });

  test('and a folder without a file', async () => {
    await mkdir(path.join(folder, 'bare'));
    await harness.withPage(SMALL, {}, async ({ page }) => {
      await startable(page);
      await drop(page, [path.join(folder, 'bare')]);
      await refused(page)
        .filter({ hasText: /no file/ })
        .waitFor();
      await reach(page, 'start');
    });
  });
});
