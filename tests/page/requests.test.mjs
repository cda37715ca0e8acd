// Nobody but the page's own site is asked before a press, whatever a link says: every
// setting, alone and with hostile values, every run and frame, every way to name a model.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useHarness } from './harness.mjs';
import { MARKUP, watchPayload } from './hostile.mjs';
import { GOOD_MODEL } from './models.mjs';

/** @typedef {import('playwright-core').Page} Page */

const harness = useHarness();

/** Ways to name a model that is not the site's own. */
const models = () => [
  'gpt2',
  'openai-community/gpt2-medium',
  'owner/name@main',
  'https://huggingface.co/openai-community/gpt2/resolve/main/model.safetensors',
  `${harness.models.url}${GOOD_MODEL}`,
  'http://127.0.0.1:9/model',
  '//127.0.0.1:9/model',
  '127.0.0.1:9/model',
  'http://user:secret@127.0.0.1:9/model',
  'data:text/html,<script>1</script>',
  'javascript:1',
  'file:///etc/passwd',
  '../../model',
  ...MARKUP,
];

/** Values of any setting that might be taken for an address, or for more than a value. */
const VALUES = [
  'http://127.0.0.1:9/x',
  '//127.0.0.1:9/x',
  'url(http://127.0.0.1:9/x)',
  '@import "http://127.0.0.1:9/x"',
  '[x](http://127.0.0.1:9/x)',
  '__proto__',
  ...MARKUP,
];

/**
 * Waits until the page does nothing more by itself.
 * @param {Page} page
 */
async function settle(page) {
  await page
    .locator('html:is([data-state="start"], [data-state="ready"], [data-state="done"])')
    .waitFor({ state: 'attached', timeout: 60_000 });
  await page.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve)));
}

/** @param {Page} page @returns {Promise<string[]>} the keys of a link */
const keysOf = (page) =>
  page.evaluate(async () => {
    const { catalogue } = await import(/** @type {any} */ ('./pkg/headscope.js'));
    return catalogue().settings.map((/** @type {any} */ { key }) => key);
  });

/**
 * Opens links one after another as a visitor has them, with all that runs by itself.
 * @param {(keys: string[]) => Record<string, string>[]} linksOf
 * @returns {Promise<void>}
 */
const openAll = (linksOf) =>
  harness.withPage('', { byItself: true }, async ({ page, requests }) => {
    await page.context().addInitScript(watchPayload);
    await settle(page);
    const links = linksOf(await keysOf(page));
    for (const link of links) {
      requests.length = 0;
      const hash = new URLSearchParams({ v: '1', n: '4', len: '5', ...link });
      await page.goto('about:blank');
      await page.goto(`${harness.site.url}#${hash}`);
      await settle(page);
      assert.ok(requests.length > 0, 'the page was opened');
      const foreign = requests.filter(
        (url) => !url.startsWith(harness.site.url) && !/^(blob|data|about):/.test(url),
      );
      assert.deepEqual(foreign, [], `${hash}`);
      assert.equal(await page.evaluate(() => /** @type {any} */ (globalThis).ran), 0, `${hash}`);
    }
    assert.ok(links.length > 10, `${links.length} links`);
  });

describe('nobody else is asked before a press by a link', () => {
  test('to a model elsewhere, however it is named', () =>
    openAll(() => models().map((model) => ({ model }))));

  test('to a model elsewhere that says to run everything, or shows one section', () =>
    openAll(() => {
      const runs = ['all', 'circuits', 'lens', 'output', 'seeds', 'all.circuits.lens.output.seeds'];
      const embeds = ['heatmap', 'heads', 'ablations', 'verdict', 'circuits', 'lens'];
      const ways = [...runs.map((run) => ({ run })), ...embeds.map((embed) => ({ embed }))];
      return ['gpt2', `${harness.models.url}${GOOD_MODEL}`].flatMap((model) =>
        ways.map((way) => ({ model, ...way })),
      );
    }));

  test('with any value of any setting', () =>
    openAll((keys) => {
      // All at once, and each alone with one of them.
      const all = VALUES.map((value) =>
        Object.fromEntries(keys.filter((key) => key !== 'v').map((key) => [key, value])),
      );
      const each = keys.map((key, i) => ({ [key]: VALUES[i % VALUES.length] ?? '' }));
      return [...all, ...each];
    }));
});
