// Several texts at once, and a target painted on one prompt: by link, by hand, in files.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import {
  accessibilityViolations,
  button,
  complaints,
  exportedJson,
  root,
  reach,
  sidewaysScroll,
  SMALL,
  start,
  useHarness,
} from './harness.mjs';

/** @typedef {import('playwright-core').Page} Page */

const harness = useHarness();

const TEXTS = encodeURIComponent(' red dog and a blue cat\r\n\r\ncat dog cat\n');

/**
 * Picks a cell of the heatmap by keys.
 * @param {Page} page
 * @param {number} q
 * @param {number} k
 * @param {string} [key]
 */
async function pickCell(page, q, k, key = 'Enter') {
  const cells = page.locator('#pattern');
  await cells.focus();
  for (let i = 0; i < 20; i++) await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Home');
  // The walk upwards ends at the labels.
  for (let i = -1; i < q; i++) await page.keyboard.press('ArrowDown');
  for (let i = 0; i < k; i++) await page.keyboard.press('ArrowRight');
  await page.keyboard.press(key);
}

describe('several texts', () => {
  test('are prompts, each by its line, scored together, and one is shown', () =>
    harness.withPage(
      `v=1&model=tiny&head=L1H1&text=${TEXTS}&prompt=1&run=all`,
      {},
      async ({ page }) => {
        await start(page, 'done');
        const { prompts, patterns, head_scores, settings } = await exportedJson(page);
        assert.equal(settings.text, decodeURIComponent(TEXTS));
        const words = prompts.map((/** @type {any} */ each) => each.words);
        assert.deepEqual(words, [
          ['red', 'dog', 'and', 'a', 'blue', 'cat'],
          ['cat', 'dog', 'cat'],
        ]);
        assert.equal(patterns.prompt, 1);
        assert.equal(patterns.rows.length, 4);
        assert.deepEqual(Object.keys(head_scores.per_prompt), ['0', '1']);
        await page.getByText('on text 1').first().waitFor();
        await page.locator('[name="prompt"]').first().fill('0');
        await page.waitForFunction(() => location.hash.includes('prompt=0'));
        await reach(page, 'done');
        assert.equal((await exportedJson(page)).patterns.rows.length, 7);
        assert.deepEqual(await accessibilityViolations(page), []);
      },
    ));

  test('with nothing to score show the pattern, and say why not more', () =>
    harness.withPage(
      'v=1&model=tiny&head=L1H1&text=The+car+drove+home.',
      { byItself: true },
      async ({ page }) => {
        await reach(page, 'ready');
        const { patterns, head_scores } = await exportedJson(page);
        assert.equal(patterns.rows.length, 6);
        assert.equal(head_scores, null);
        const why = page.getByText('No prompt has earlier words of the same category, so');
        assert.equal(
          await why.filter({ visible: true }).count(),
          2,
          'at the map, and at ablations',
        );
        assert.deepEqual(await complaints(page), []);
        // Who asks for it is told in so many words, and what another target gives.
        await button(page, 'Score all heads').click();
        await reach(page, 'error');
        const problem = page.locator('[data-role="problem"]');
        assert.match(String(await problem.textContent()), /Choose another target/);
        await page.locator('[name="target"]').selectOption('previous');
        await reach(page, 'done');
        assert.equal(await why.filter({ visible: true }).count(), 0);
        assert.equal(await problem.textContent(), '');
      },
    ));

  test('of a link of before are told', () =>
    harness.withPage(`v=1&model=tiny&text=${TEXTS}`, {}, async ({ page }) => {
      await start(page, 'ready');
      await page.getByText('The text has 2 lines.').first().waitFor();
      const { patterns } = await exportedJson(page);
      assert.equal(patterns.prompt, 0);
    }));
});

describe('a painted target', () => {
  test('is of the shown prompt alone, in scores, ablations and files', () =>
    harness.withPage(
      'v=1&model=tiny&head=L1H1&prompt=3&target=cells-q5k1_3.q7k2-4&run=all',
      {},
      async ({ page }) => {
        await start(page, 'done');
        const { head_scores, patterns, ablations, settings } = await exportedJson(page);
        assert.equal(settings.target, 'cells-q5k1_3.q7k2-4');
        assert.equal(head_scores.target, 'cells-q5k1_3.q7k2-4');
        assert.deepEqual(Object.keys(head_scores.per_prompt), ['3']);
        const { rows } = patterns;
        const cells = [rows[5][1], rows[5][3], rows[7][2], rows[7][3], rows[7][4]];
        const mean = cells.reduce((sum, weight) => sum + weight) / 5;
        assert.ok(Math.abs(head_scores.per_prompt[3][1][1] - mean) < 1e-6);
        for (const { sequences } of ablations) assert.deepEqual(sequences, [3]);
      },
    ));

  test('is told and cut where it lies beyond a text', () =>
    harness.withPage(
      'v=1&model=tiny&text=red+dog+blue&target=cells-q2k1.q9k0',
      {},
      async ({ page }) => {
        await start(page, 'ready');
        await page.getByText('1 painted cell lies beyond the prompt').first().waitFor();
        assert.equal((await exportedJson(page)).settings.target, 'cells-q2k1');
      },
    ));

  test('is painted by keys and pointer, wiped, and cleared', () =>
    harness.withPage(`${SMALL}&head=L1H1&prompt=0`, {}, async ({ page }) => {
      await start(page, 'ready');
      const target = () =>
        page.evaluate(() => new URLSearchParams(location.hash.slice(1)).get('target'));
      await page.getByRole('button', { name: 'Paint cells' }).click();
      assert.deepEqual(await accessibilityViolations(page), [], 'pressed, and pointed at');
      await pickCell(page, 4, 1);
      await page.waitForFunction(() => location.hash.includes('target=cells-q4k1'));
      await pickCell(page, 6, 3, 'Shift+Enter');
      await page.waitForFunction(() => location.hash.includes('target=cells-q4k1-3.q5k1-3.q6k1-3'));
      assert.match((await target()) ?? '', /^cells-/);
      assert.equal(await page.locator('[name="target"]').inputValue(), 'cells');
      await page.locator('#paint-clear').click();
      await page.waitForFunction(() => !location.hash.includes('target='));
      assert.deepEqual((await sidewaysScroll(page)).wide, []);
    }));
});

test('the post’s check says what it needs, and its prompt is a press away', () =>
  harness.withPage(`${SMALL}&head=L1H1`, {}, async ({ page }) => {
    await start(page, 'ready');
    const said = page.locator('[data-finding="post-check"]');
    assert.equal(await said.innerText(), 'Needs GPT-2 small: another model is shown.');
    await page.getByRole('button', { name: 'Show the post’s prompt' }).click();
    const { text } = JSON.parse(
      await readFile(path.join(root, 'data/gpt2/post-pattern.json'), 'utf8'),
    );
    await page.waitForFunction(() => location.hash.includes('text-z='));
    await reach(page, 'ready');
    const { settings, prompts } = await exportedJson(page);
    assert.equal(settings.text, text);
    assert.equal(prompts[0].token_ids.length, 64);
  }));
