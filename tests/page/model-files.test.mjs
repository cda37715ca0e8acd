// What may be given for a model: addresses as people paste them, models in several
// files, and what is picked from disk.

import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import {
  button,
  complaints,
  exportedJson,
  FAILED_REQUEST,
  fixtures,
  openModels,
  reach,
  SMALL,
  start,
  startable,
  stateOf,
  useHarness,
} from './harness.mjs';
import { GOOD_MODEL, makeDividedModel } from './models.mjs';

/** @typedef {import('./harness.mjs').Page} Page */

const OTHER_FORMATS = { other: 'pytorch_model.bin', others: 'pytorch_model.bin.index.json' };
const good = path.join(fixtures, GOOD_MODEL);
let folder = '';

const harness = useHarness(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'headscope-files-'));
  await cp(good, path.join(folder, GOOD_MODEL), { recursive: true });
  for (const count of [1, 2, 3]) await makeDividedModel(in_(`in-${count}`), count);
  await makeDividedModel(in_('incomplete'), 2);
  await rm(in_('incomplete/model-00002-of-00002.safetensors'));
  await makeDividedModel(in_('hostile'), 2);
  const list = in_('hostile/model.safetensors.index.json');
  const text = await readFile(list, 'utf8');
  await writeFile(list, text.replace('model-00002-of-00002', '../in-2/model-00002-of-00002'));
  for (const [name, file] of Object.entries(OTHER_FORMATS)) {
    await mkdir(in_(name));
    await cp(path.join(good, 'config.json'), in_(`${name}/config.json`));
    await writeFile(in_(`${name}/${file}`), 'PK weights');
  }
  await writeFile(in_('generation_config.json'), '{"_from_model_config": true}');
  await writeFile(in_('pytorch_model-00001-of-00002.bin'), 'PK weights');
  await cp(path.join(good, 'model.safetensors'), in_('another.safetensors'));
  return { models: folder, remove: () => rm(folder, { recursive: true }) };
});

/** @param {string} file */
const in_ = (file) => path.join(folder, file);

const STUDY = 'n=6&head=L1H1';

/** @param {string} model */
const linkOf = (model) => `v=1&model=${encodeURIComponent(model)}&${STUDY}`;

/** @param {string} name */
const linkTo = (name) => linkOf(`${harness.models.origin}/${name}`);

/**
 * What a study of the good model in a single file gives. Run once.
 * @type {Promise<any> | undefined}
 */
let wanted;
function expected() {
  wanted ??= harness.withPage(linkTo(GOOD_MODEL), {}, async ({ page }) => {
    await start(page, 'ready');
    return exportedJson(page);
  });
  return wanted;
}

/** @param {Page} page */
async function assertSameNumbers(page) {
  const { patterns, breakdown } = await exportedJson(page);
  const { patterns: rows, breakdown: shares } = await expected();
  assert.ok(rows.rows.length > 5);
  assert.deepEqual(patterns, rows);
  assert.deepEqual(breakdown, shares);
}

/**
 * @param {Page} page
 * @param {RegExp} text
 */
const says = (page, text) => page.locator('#model-error').filter({ hasText: text }).waitFor();

/**
 * The model that the page's link names.
 * @param {Page} page
 */
const linked = (page) => new URLSearchParams(new URL(page.url()).hash.slice(1)).get('model');

/** @param {Page} page */
const chosen = (page) => page.locator('input[type="radio"]:checked').first().getAttribute('value');

describe('the address of a model', () => {
  test('is understood however it is given', () =>
    harness.withPage(SMALL, {}, async ({ page }) => {
      await startable(page);
      await openModels(page);
      const field = page.locator('#model-address');
      for (const [given, kept, host] of [
        ['openai-community/gpt2-medium', 'openai-community/gpt2-medium', 'huggingface.co'],
        ['https://huggingface.co/a/b/tree/main', 'a/b', 'huggingface.co'],
        ['HF.co/a/c@v1.0', 'a/c@v1.0', 'huggingface.co'],
        [
          'https://huggingface.co/a/d/resolve/main/model.safetensors?download=true',
          'a/d',
          'huggingface.co',
        ],
        [
          'HTTPS://Weights.example.org/x/config.json',
          'https://weights.example.org/x',
          'weights.example.org',
        ],
      ]) {
        await field.fill(given ?? '');
        // Leaving the field takes what is in it.
        await field.press('Tab');
        await page.waitForFunction(
          (model) => new URLSearchParams(location.hash.slice(1)).get('model') === model,
          kept,
        );
        assert.equal(await field.inputValue(), kept);
        assert.equal(await chosen(page), 'url');
        await page
          .locator('#note-head')
          .filter({ hasText: `Reads from ${host};` })
          .waitFor();
        assert.deepEqual(await complaints(page), []);
      }
      // Names of the page's own models choose those.
      await field.fill('gpt2-small');
      await field.press('Tab');
      await page.waitForURL(/model=gpt2(&|$)/);
      assert.equal(await chosen(page), 'gpt2');
    }));

  test('is kept with its revision, which is shown and fetched', () =>
    harness.withPage(
      linkOf('https://huggingface.co/a/b/tree/v1.0'),
      { expected: FAILED_REQUEST },
      async ({ page }) => {
        /** @type {string[]} */
        const asked = [];
        await page.context().route('https://huggingface.co/**', async (route) => {
          const { pathname } = new URL(route.request().url());
          const range = await route.request().headerValue('range');
          asked.push(pathname);
          const answer = await fetch(
            `${harness.models.origin}/${GOOD_MODEL}/${path.basename(pathname)}`,
            { headers: range ? { range } : {} },
          );
          await route.fulfill({
            status: answer.status,
            headers: Object.fromEntries(answer.headers),
            body: Buffer.from(await answer.arrayBuffer()),
          });
        });
        await startable(page);
        assert.equal(await page.locator('#model-address').inputValue(), 'a/b@v1.0');
        await button(page, 'Start').click();
        await reach(page, 'ready');
        assert.ok(asked.includes('/a/b/resolve/v1.0/config.json'), asked.join(' '));
        assert.ok(
          asked.every((pathname) => pathname.startsWith('/a/b/resolve/v1.0/')),
          asked.join(' '),
        );
        const results = await exportedJson(page);
        assert.equal(results.model.id, 'a/b@v1.0');
        assert.equal(results.settings.model, 'a/b@v1.0');
        await page.locator('#seed').fill('6');
        await page.waitForURL(/seed=6/);
        assert.equal(linked(page), 'a/b@v1.0');
        await page.context().unrouteAll({ behavior: 'wait' });
      },
    ));

  for (const [what, given, reason] of /** @type {[string, string, RegExp][]} */ ([
    ['is none', 'horse', /has to be gpt2, tiny, a model of huggingface\.co/],
    [
      'is of another kind',
      'https://huggingface.co/datasets/a/b',
      /the datasets of huggingface\.co/,
    ],
    ['is on a disk', '/home/me/model.safetensors', /a file on a disk/],
    ['tells a secret', 'https://me:secret@a.example/b', /a password/],
  ])) {
    test(`that ${what} holds Start back, and the page says why`, () =>
      harness.withPage(SMALL, {}, async ({ page }) => {
        await start(page, 'ready');
        await openModels(page);
        const field = page.locator('#model-address');
        await field.fill(given);
        // At once: what was typed last is what is meant.
        await button(page, 'Start').click({ force: true });
        await says(page, reason);
        assert.equal(await chosen(page), 'url');
        assert.match(await page.locator('#note-head').innerText(), /not understood/);
        assert.equal(await button(page, 'Start').getAttribute('aria-disabled'), 'true');
        assert.equal(linked(page), 'tiny', 'the link is that of the results on show');
        assert.equal(await stateOf(page), 'ready');
        // Whatever else is chosen ends it.
        await page.locator('input[name="model"][value="tiny"]').check();
        assert.deepEqual(await complaints(page), []);
        await page
          .locator('#note-head')
          .filter({ hasText: /^Open: 3 layers/ })
          .waitFor();
        const pressed = page.locator('[data-action="start"]');
        assert.equal(await pressed.getAttribute('aria-disabled'), null);
      }));
  }

  test('and a file hold Start back until they are given', () =>
    harness.withPage(SMALL, {}, async ({ page }) => {
      await startable(page);
      const held = () => page.locator('#note-head').innerText();
      await openModels(page);
      await page.locator('#model-url').check();
      assert.match(await held(), /name or the address of the model first/);
      const [chooser] = await Promise.all([
        page.waitForEvent('filechooser'),
        page.locator('#model-file').check(),
      ]);
      assert.match(await held(), /Pick the file of a model first/);
      await chooser.setFiles([
        path.join(good, 'model.safetensors'),
        path.join(good, 'config.json'),
      ]);
      await page.waitForURL(/model=file/);
      await start(page, 'ready');
      // Another link is another choice.
      await openModels(page);
      await page.locator('#model-url').check();
      await page.locator('#model-address').fill('horse');
      await page.evaluate((link) => (location.hash = link), SMALL);
      await page.waitForFunction(() => document.querySelector('#model-error')?.textContent === '');
      assert.equal(await chosen(page), 'tiny');
    }));
});

describe('a model in several files', () => {
  for (const count of [1, 2, 3]) {
    test(`${count} of them, gives the same numbers, from its host and from the cache`, () =>
      harness.withPage(
        linkTo(`in-${count}`),
        { expected: FAILED_REQUEST },
        async ({ page, requests }) => {
          await start(page, 'ready');
          await assertSameNumbers(page);
          const whole = requests.filter((url) => url.endsWith('/model.safetensors.index.json'));
          assert.equal(whole.length, 1);
          await page.reload();
          requests.length = 0;
          await start(page, 'ready');
          await assertSameNumbers(page);
          const again = requests.filter((url) => url.includes(`/in-${count}/`));
          assert.deepEqual(again, [], 'all of it was kept');
        },
      ));
  }

  for (const [what, name, names] of /** @type {[string, string, RegExp][]} */ ([
    ['one is missing', 'incomplete', /no file model-00002-of-00002\.safetensors \(status 404\)/],
    ['one is said to be elsewhere', 'hostile', /"\.\.\/in-2\/model-00002-of-00002\.safetensors"/],
    [
      'they hold another format',
      'other',
      /as pytorch_model\.bin and not as model\.safetensors.*spaces\/safetensors\/convert/s,
    ],
    ['they hold parts of another format', 'others', /pytorch_model\.bin\.index/],
    ['there are none', 'nothing', /no file (config\.json|model\.safetensors)/],
  ])) {
    test(`is refused if ${what}`, () =>
      harness.withPage(linkTo(name), { expected: FAILED_REQUEST }, async ({ page, requests }) => {
        await start(page, 'error');
        assert.match((await complaints(page)).join(' | '), names);
        const beyond = requests.filter((url) => url.includes('/in-2/'));
        assert.deepEqual(beyond, [], 'nothing beside its folder is asked for');
        await button(page, 'Use the bundled model').click();
        await page.waitForSelector('html:not([data-state="error"])', { state: 'attached' });
        await reach(page, 'ready');
      }));
  }
});

describe('of what is picked from disk', () => {
  /**
   * @param {string[]} files
   * @param {(page: Page) => Promise<void>} use
   */
  const picking = (files, use) =>
    harness.withPage(`v=1&model=tiny&${STUDY}`, {}, async ({ page }) => {
      await startable(page);
      await page.locator('#model-files').setInputFiles(files);
      await use(page);
    });
  const config = path.join(good, 'config.json');
  const weights = path.join(good, 'model.safetensors');
  const note = (/** @type {Page} */ page) => page.locator('#model-note');

  /** @param {Page} page */
  async function assertOpens(page) {
    await page.waitForURL(/model=file/);
    await start(page, 'ready');
    await assertSameNumbers(page);
  }

  test('all files of a divided model are taken, in whatever order', () => {
    const shard = (/** @type {number} */ i) => in_(`in-3/model-0000${i}-of-00003.safetensors`);
    const list = in_('in-3/model.safetensors.index.json');
    const files = [shard(3), in_('in-3/config.json'), shard(1), list, shard(2)];
    return picking(files, async (page) => {
      await assertOpens(page);
      assert.equal(await note(page).textContent(), '');
    });
  });

  test('a part of a divided model is no model', () =>
    picking([in_('in-3/model-00002-of-00003.safetensors'), config], async (page) => {
      await says(page, /divided into 3 files, and 1 of them was picked.*Pick all 3/);
      assert.equal(linked(page), 'tiny');
      assert.equal(await button(page, 'Start').getAttribute('aria-disabled'), 'true');
      await page.locator('#model-files').setInputFiles([weights, config]);
      await assertOpens(page);
      assert.deepEqual(await complaints(page), []);
    }));

  test('of two models one is taken, and the page says which', () =>
    picking([in_('another.safetensors'), config, weights], async (page) => {
      await assertOpens(page);
      const told =
        '2 models were picked. Taken: model.safetensors. Not taken: another.safetensors.';
      assert.equal(await note(page).textContent(), told);
      await openModels(page);
      await page.locator('input[name="model"][value="tiny"]').check();
      assert.equal(await note(page).textContent(), '');
    }));

  test('JSON that is no config is not taken for one', () =>
    picking([in_('generation_config.json'), weights], async (page) => {
      await page.waitForURL(/model=file/);
      assert.match(
        String(await note(page).textContent()),
        /generation_config\.json tells no sizes/,
      );
      // Without a config the heads of a width of 32 cannot be told.
      await start(page, 'error');
      const said = (await complaints(page)).join(' | ');
      assert.match(said, /does not say how many heads.*32 wide.*together with its config\.json/s);
      assert.doesNotMatch(said, /config\.json says/);
      await page
        .locator('#model-files')
        .setInputFiles([in_('generation_config.json'), weights, config]);
      await page.waitForSelector('html:not([data-state="error"])', { state: 'attached' });
      await assertOpens(page);
      assert.equal(await note(page).textContent(), '');
    }));

  test('a config alone, other JSON and other formats are told apart', () =>
    picking([config], async (page) => {
      await says(page, /config\.json came without weights.*together with model\.safetensors/);
      const files = page.locator('#model-files');
      await files.setInputFiles([in_('generation_config.json')]);
      await says(page, /generation_config\.json: no model is in it/);
      await files.setInputFiles([in_('pytorch_model-00001-of-00002.bin'), config]);
      await says(page, /pytorch_model-00001-of-00002\.bin holds weights in a form.*convert/);
      assert.equal(linked(page), 'tiny');
    }));
});
