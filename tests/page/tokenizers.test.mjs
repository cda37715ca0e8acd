// Models with tokenizers of their own, and models whose texts cannot be read.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import {
  button,
  complaints,
  exportedJson,
  fixtures,
  reach,
  start,
  startable,
  useHarness,
} from './harness.mjs';
import { makeModelWithTokenizer } from './models.mjs';

/** @typedef {import('./harness.mjs').Page} Page */

const files = path.join(fixtures, 'tokenizers');
/** @param {string} name */
const fixture = (name) => readFile(path.join(files, name));
const json = await fixture('own.json');
const pair = {
  'vocab.json': await fixture('vocab.json'),
  'merges.txt': await fixture('merges.txt'),
};

const folder = await mkdtemp(path.join(os.tmpdir(), 'headscope-tokenizers-'));
const harness = useHarness(async () => {
  const own = JSON.parse(json.toString('utf8'));
  /** @param {object} model */
  const changed = (model) => JSON.stringify({ ...own, model: { ...own.model, ...model } });
  /** @type {[string, number, Record<string, string | Buffer>, object?][]} */
  const models = [
    ['own', 384, { 'tokenizer.json': json }],
    ['pair', 384, pair],
    ['unigram', 384, { 'tokenizer.json': changed({ type: 'Unigram' }) }],
    [
      'normalised',
      384,
      { 'tokenizer.json': JSON.stringify({ ...own, normalizer: { type: 'NFC' } }) },
    ],
    ['damaged', 384, { 'tokenizer.json': json.subarray(0, 1000) }],
    ['none', 1000, {}],
    ['half', 1000, { 'vocab.json': pair['vocab.json'] }],
    ['class', 50_257, {}, { tokenizer_class: 'T5Tokenizer' }],
    ['gpt2', 50_257, {}, { tokenizer_class: 'GPT2TokenizerFast' }],
  ];
  for (const [name, ...model] of models) {
    await makeModelWithTokenizer(path.join(folder, name), ...model);
  }
  return { models: folder, remove: () => rm(folder, { recursive: true }) };
});

/** Words that the small tokenizer has as one token each, and GPT-2's has not. */
const WORDS = 'words=rojo%2Cazul%0Aperro%2Cgato&cats=2&n=4&len=4&head=L1H0';

/** @param {string} name @param {string} rest */
function link(name, rest) {
  return `v=1&model=${encodeURIComponent(`${harness.models.url}${name}`)}&${rest}`;
}

/** @param {Page} page @returns {Promise<string[]>} the tokens of the shown prompt */
function fed(page) {
  return page.locator('#fed .token-text').allTextContents();
}

test('prompts are read by the model’s own tokenizer once it is open, and so is its file', async () => {
  const results = await harness.withPage(link('own', WORDS), {}, async ({ page }) => {
    await startable(page);
    const before = await fed(page);
    await start(page, 'ready');
    assert.notDeepEqual(await fed(page), before, 'the prompts are shown as they are read now');
    assert.ok(
      (await fed(page)).every((text) => /^(<\|endoftext\|>|␣(rojo|azul|perro|gato))$/.test(text)),
    );
    assert.match(await page.locator('#loaded-note').innerText(), /own tokenizer.*323 tokens/s);
    // Changes after that are read so at once.
    await page.evaluate(() => location.assign(location.hash.replace('n=4', 'n=5')));
    await page.locator('#prompts-summary').filter({ hasText: '5 prompts' }).waitFor();
    await reach(page, 'ready');
    assert.ok((await fed(page)).includes('␣rojo') || (await fed(page)).includes('␣azul'));
    return exportedJson(page);
  });
  assert.match(results.model.tokenizer_sha256, /^[0-9a-f]{64}$/);
  assert.equal(results.prompts.length, 5);
  for (const { token_ids, kept } of results.prompts) {
    assert.equal(token_ids[0], 320, 'its own beginning of text');
    assert.ok(token_ids.every((/** @type {number} */ id) => id < 323));
    assert.equal(kept, true);
  }
  // The file is read without the model, whose tokenizer is not there.
  await harness.withPage('v=1', {}, async ({ page, requests }) => {
    await page.locator('#note-head').filter({ hasNotText: 'Getting ready' }).waitFor();
    const buffer = Buffer.from(JSON.stringify(results));
    await page
      .locator('#open-file')
      .setInputFiles({ name: 'own.json', mimeType: 'application/json', buffer });
    await page.locator('#import-notice').filter({ hasText: 'Results from own.json' }).waitFor();
    assert.ok(
      (await fed(page)).every((text) => /^(<\|endoftext\|>|␣(rojo|azul|perro|gato))$/.test(text)),
    );
    assert.ok(requests.every((url) => !url.startsWith(harness.models.url)));
    assert.deepEqual((await exportedJson(page)).prompts, results.prompts);
  });
});

test('a text, its likeliest next tokens and how it goes on are the own tokenizer’s', async () => {
  const text = encodeURIComponent('el perro<|endoftext|> y\t☕');
  await harness.withPage(link('own', `text=${text}&head=L1H0`), {}, async ({ page }) => {
    await start(page, 'ready');
    assert.deepEqual(await fed(page), [
      '<|endoftext|>',
      '␣el',
      '␣perro',
      '<|endoftext|>',
      '␣y',
      '⇥',
      ...['<0xE2>', '<0x98>', '<0x95>'],
    ]);
    assert.match(await page.locator('#fed-note').innerText(), /read as the one token/);
    await page.locator('#text-fold > summary').click();
    for (const name of ['Run full model', 'Generate text']) {
      await page.getByRole('button', { name, exact: true, disabled: false }).click();
      await reach(page, 'running').catch(() => {});
      await reach(page, 'ready');
    }
    const { further } = await exportedJson(page);
    assert.deepEqual(further.text.token_ids.length, 9);
    // The model has 384 rows: those beyond the tokenizer have numbers and no names.
    for (const { id, text: shown } of further.text.before.next) {
      if (id >= 323) assert.equal(shown, `[${id}]`);
      else assert.doesNotMatch(shown, /^\[|�/);
    }
    assert.ok(further.continuation.token_ids.every((/** @type {number} */ id) => id < 323));
  });
});

test('vocab.json and merges.txt do as well, by address and from disk', async () => {
  await harness.withPage(link('pair', WORDS), {}, async ({ page }) => {
    await start(page, 'ready');
    assert.ok((await fed(page)).includes('<s>'));
    assert.match(await page.locator('#loaded-note').innerText(), /own tokenizer.*<s> begins/s);
  });
  for (const name of ['own', 'pair']) {
    await harness.withPage(`v=1&${WORDS}`, {}, async ({ page }) => {
      await page.locator('#note-head').filter({ hasNotText: 'Getting ready' }).waitFor();
      const all = ['config.json', 'model.safetensors'];
      all.push(...(name === 'own' ? ['tokenizer.json'] : Object.keys(pair)));
      await page
        .locator('#model-files')
        .setInputFiles(all.map((file) => path.join(folder, name, file)));
      await start(page, 'ready');
      const { prompts } = await exportedJson(page);
      assert.equal(prompts[0].token_ids[0], name === 'own' ? 320 : 0);
    });
  }
});

describe('what cannot be read is refused with the reason', () => {
  /** @type {[string, RegExp][]} */
  const refused = [
    ['unigram', /model of type Unigram/],
    ['normalised', /normalizer of type NFC/],
    ['damaged', /tokenizer\.json cannot be read/],
    ['none', /vocab_size = 1000.*no tokenizer\.json/],
    ['half', /vocab_size = 1000.*no tokenizer\.json/],
    ['class', /tokenizer_class = "T5Tokenizer"/],
  ];
  for (const [name, reason] of refused) {
    test(name, async () => {
      await harness.withPage(
        link(name, 'n=4'),
        { expected: /merges\.txt/ },
        async ({ page, requests }) => {
          await startable(page);
          await button(page, 'Start').click();
          await page.locator('html[data-state="error"]').waitFor();
          assert.match((await complaints(page)).join(' '), reason);
          assert.ok(
            !requests.some((url) => url.endsWith('model.safetensors')),
            'before the weights',
          );
        },
      );
    });
  }
});

test('a host that has another answer for what it lacks lacks it all the same', async () => {
  const page404 = { status: 200, contentType: 'text/html', body: '<!doctype html><p>Welcome.' };
  for (const answer of [page404, { status: 403, body: 'AccessDenied' }, { status: 410 }]) {
    const options = { expected: /tokenizer|vocab/ };
    await harness.withPage(link('gpt2', 'n=4&head=L1H0'), options, async ({ page }) => {
      const headers = { 'Access-Control-Allow-Origin': '*' };
      await page
        .context()
        .route(/\/(tokenizer|vocab)\.json$/, (route) => route.fulfill({ ...answer, headers }));
      await start(page, 'ready');
      assert.match(await page.locator('#loaded-note').innerText(), /No tokenizer came/);
    });
  }
});

test('without any files GPT-2’s is taken where it can be, and that is said', async () => {
  await harness.withPage(link('gpt2', 'n=4&head=L1H0'), {}, async ({ page }) => {
    await start(page, 'ready');
    assert.match(await page.locator('#loaded-note').innerText(), /No tokenizer came/);
    const { model, prompts } = await exportedJson(page);
    assert.equal(model.tokenizer_sha256 ?? null, null);
    assert.equal(prompts[0].token_ids[0], 50_256);
  });
});
