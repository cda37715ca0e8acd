// Why a head looks where it looks and what for, in a real browser: every number of
// TransformerLens' reference out of the exported file, and what a visitor sees of it.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import {
  accessibilityViolations,
  exportedJson,
  fixtures,
  reach,
  sidewaysScroll,
  SMALL,
  start,
  useHarness,
} from './harness.mjs';

const TOLERANCE = 1e-4;
const RANDOM = 'random-3x4x32';

const harness = useHarness();

/** @param {string} name */
const read = async (name) =>
  JSON.parse(await readFile(path.join(fixtures, RANDOM, `${name}.json`), 'utf8'));
const theirs = await read('circuits');
const { text } = await read('reference');

/** @param {string} rest */
const link = (rest) => `v=1&model=${encodeURIComponent(`${harness.models.url}${RANDOM}`)}&${rest}`;

/**
 * Holds numbers, lists of them, and objects of those against the reference.
 * @param {string} name
 * @param {any} ours
 * @param {any} reference
 */
function close(name, ours, reference) {
  if (typeof reference === 'number') {
    assert.ok(Math.abs(ours - reference) <= TOLERANCE, `${name}: ${ours} is not ${reference}`);
    return;
  }
  if (typeof reference !== 'object' || reference === null) {
    assert.deepEqual(ours, reference, name);
    return;
  }
  for (const [key, value] of Object.entries(reference)) close(`${name}.${key}`, ours?.[key], value);
}

/**
 * Values in the order of their prompts' numbers.
 * @param {Record<string, number>} bySequence
 */
const inOrder = (bySequence) =>
  Object.keys(bySequence)
    .sort((a, b) => Number(a) - Number(b))
    .map((sequence) => bySequence[sequence]);

test('a file of all that was found of a head opens again, and holds it', () =>
  harness.withPage(
    'v=1&model=tiny&n=6&head=L1H1&run=all.circuits.lens.output',
    {},
    async ({ page }) => {
      await start(page, 'done');
      const { further } = await exportedJson(page);
      assert.ok(Object.keys(further.circuits.forms).length > 1, 'forms of other heads, too');
      const buffer = Buffer.from(JSON.stringify(await exportedJson(page)));
      const file = { name: 'found.json', mimeType: 'application/json', buffer };
      await page.locator('#open-file').setInputFiles(file);
      await page.locator('#import-notice').getByText('found.json').waitFor();
      assert.deepEqual((await exportedJson(page)).further, further);
      // And back to what was here.
      await page.locator('#import-notice').getByRole('button', { name: 'Close' }).click();
      await page.locator('#import-notice').getByText('Results from before').waitFor();
      assert.deepEqual((await exportedJson(page)).further, further);
    },
  ));

describe('TransformerLens’ numbers', () => {
  test('form, words, steering and the parts of a score', async () => {
    const { query, key } = theirs.score_parts;
    const settings = `head=${theirs.head}&run=circuits&view=q${query}k${key}`;
    await harness.withPage(link(settings), {}, async ({ page }) => {
      await start(page, 'done');
      const { prompts } = await exportedJson(page);
      const kept = prompts.filter((/** @type {{ kept: boolean }} */ each) => each.kept);
      const { further } = await exportedJson(page);
      const { forms, words, score_parts: parts, head } = further.circuits;
      assert.equal(head, theirs.head);
      for (const [name, form] of Object.entries(theirs.forms)) {
        close(name, forms[name], form);
      }
      const { words: names, qk, qk_symmetric, qk_skew, ov_direct } = theirs.words_alone;
      close('words', words, { words: names, qk, qk_symmetric, qk_skew, ov_direct });
      const { prompt, ...expected } = theirs.score_parts;
      assert.equal(prompt, 'second kept');
      close('score_parts', parts, expected);
      // The shown prompt is the second kept one.
      assert.equal(parts.prompt, kept[1].sequence);
    });
  });

  for (const [alpha, expected] of Object.entries(theirs.steered)) {
    test(`steered by ${alpha}`, async () => {
      const settings = `head=${theirs.head}&run=all.circuits&alpha=${Number(alpha)}`;
      await harness.withPage(link(settings), {}, async ({ page }) => {
        await start(page, 'done');
        const { further, head_scores, patterns, breakdown, prompts } = await exportedJson(page);
        const { cell_mean, self_share } = further.circuits.steered;
        close('cell_mean', inOrder(cell_mean), expected.cell_mean);
        close('self_share', inOrder(self_share), expected.self_share);
        for (const part of [head_scores, patterns, breakdown]) {
          assert.equal(part.alpha, Number(alpha));
        }
        // The shown head's entry alone is steered.
        const [, layer, head] = /L(\d+)H(\d+)/.exec(theirs.head) ?? [];
        const mine = Object.entries(head_scores.per_prompt).map(([sequence, layers]) => [
          sequence,
          layers[Number(layer)][Number(head)],
        ]);
        close('head_scores', Object.fromEntries(mine), cell_mean);
        const second = prompts.filter((/** @type {{ kept: boolean }} */ each) => each.kept)[1];
        if (second.sequence === patterns.prompt) {
          close('pattern', patterns.rows, expected.pattern_second_prompt);
        }
      });
    });
  }

  test('the lens, a logit by component and the output under ablation', async () => {
    const { position, token, against } = theirs.direct_logit;
    const logit = `logit=${position}.${token}.${against}`;
    for (const kind of ['zero', 'position-mean']) {
      const settings = `text=${encodeURIComponent(text)}&kind=${kind}&${logit}&run=lens.output`;
      await harness.withPage(link(settings), {}, async ({ page }) => {
        await start(page, 'done');
        const { lens, attribution, output } = (await exportedJson(page)).further;
        close('lens', lens.layers, theirs.lens);
        close('attribution', attribution, theirs.direct_logit);
        const { component, kind: none, ...model } = output[0];
        assert.deepEqual([component, none], ['none', 'none']);
        close('none', model, theirs.output_under_ablation.none);
        const rows = Object.entries(theirs.output_under_ablation).filter(([name]) =>
          name.endsWith(`|${kind}`),
        );
        assert.equal(output.length - 1, rows.length);
        for (const [name, row] of rows) {
          const [of, by] = name.split('|');
          const found = output.find(
            (/** @type {{ component: string, kind: string }} */ each) =>
              each.component === of && each.kind === by,
          );
          close(name, found, row);
        }
      });
    }
  });
});

const sum = (/** @type {number} */ a, /** @type {number} */ b) => a + b;

/**
 * How many pairs of a prompt's words are different words of one category.
 * @param {{ words: string[], categories: number[] }} prompt
 */
const sameCategory = ({ words, categories }) =>
  words.flatMap((word, q) =>
    words.slice(0, q).filter((other, k) => other !== word && categories[k] === categories[q]),
  ).length;

describe('what a visitor sees', () => {
  for (const [width, height] of /** @type {const} */ ([
    [1280, 800],
    [390, 844],
  ])) {
    test(`the demo model’s head taken apart, at ${width} px`, () =>
      harness.withPage(SMALL, { width, height, byItself: true }, async ({ page }) => {
        await reach(page, 'done');
        await page.locator('#why').scrollIntoViewIfNeeded();
        await page.locator('#circuits-sentence').filter({ hasText: 'Before any prompt' }).waitFor();
        await page.locator('.words-matrix canvas').waitFor();
        // The heatmap and the score follow the slider.
        const score = () => page.locator('#steering-sentence').innerText();
        assert.match(await score(), /^The model/);
        await page.locator('#alpha').focus();
        await page.keyboard.press('Home');
        await page.locator('#steering-sentence').filter({ hasText: 'At α = -2' }).waitFor();
        assert.match(page.url(), /alpha=-2/);
        await page.getByRole('button', { name: 'Back to the model' }).click();
        await page
          .locator('#steering-sentence')
          .filter({ hasText: /^The model/ })
          .waitFor();
        assert.doesNotMatch(page.url(), /alpha/);
        await page.getByRole('button', { name: 'Average over all cells of the target' }).click();
        const mean = page
          .locator('#mean-parts-sentence')
          .filter({ hasText: /^Over the \d+ target cells/ });
        const said = await mean.innerText();
        const { further, prompts } = await exportedJson(page);
        const { cells, components, parts, score: total } = further.circuits.mean_parts;
        const kept = prompts.filter((/** @type {{ kept: boolean }} */ each) => each.kept);
        assert.equal(cells, kept.map(sameCategory).reduce(sum), said);
        assert.equal(components.length, parts.length);
        assert.ok(Math.abs(parts.flat().reduce(sum) - total) < 1e-6, said);
        assert.ok((await sidewaysScroll(page)).pixels <= 0);
        assert.deepEqual(await accessibilityViolations(page), []);
      }));
  }

  test('a word of run that is none is told, and the others run', () =>
    harness.withPage(`${SMALL}&run=lens.dance`, {}, async ({ page }) => {
      await page.locator('[data-role="link-notice"]').filter({ hasText: 'dance' }).waitFor();
      await start(page, 'done');
      const { further } = await exportedJson(page);
      assert.deepEqual(Object.keys(further).sort(), ['attribution', 'lens']);
    }));

  test('steering beyond its limits is told, and the model is shown', () =>
    harness.withPage(`${SMALL}&alpha=3`, {}, async ({ page }) => {
      await page.locator('[data-role="link-notice"]').filter({ hasText: '-2 to 2' }).waitFor();
      await start(page, 'ready');
      assert.equal((await exportedJson(page)).patterns.alpha, 1);
    }));
});
