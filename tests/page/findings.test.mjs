// The sentences that say what was found: they claim no more than the numbers bear.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { button, exportedJson, SMALL, start, startable, useHarness } from './harness.mjs';

/** @typedef {import('playwright-core').Page} Page */

const harness = useHarness();

/** What the files below are made of, computed when it is first asked for. @type {Promise<any> | undefined} */
let computed;
const results = () =>
  (computed ??= harness.withPage(
    `${SMALL.replace('n=6', 'n=20')}&run=all`,
    {},
    async ({ page }) => {
      await start(page, 'done');
      return exportedJson(page);
    },
  ));

/**
 * What a finding says of a results file.
 * @param {string} name
 * @param {any} file
 */
function finding(name, file) {
  return harness.withPage('v=1&model=tiny&seed=1', {}, async ({ page }) => {
    await startable(page);
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      button(page, 'Open…').click(),
    ]);
    const buffer = Buffer.from(JSON.stringify(file));
    await chooser.setFiles({ name: 'results.json', mimeType: 'application/json', buffer });
    await page.locator('#import-notice').filter({ hasText: 'Results from' }).waitFor();
    return String(await page.locator(`[data-finding="${name}"]`).textContent());
  });
}

/**
 * The file with effects of these means: steady ones are nearly the same for every
 * prompt, others are as often above as below them.
 * @param {{ mean: number, steady: boolean }[]} effects
 */
async function withEffects(effects) {
  const file = structuredClone(await results());
  file.ablations = file.ablations.slice(0, effects.length);
  effects.forEach(({ mean, steady }, index) => {
    const row = file.ablations[index];
    row.baseline = row.sequences.map(() => 0.2);
    row.ablated = row.sequences.map((/** @type {number} */ _, /** @type {number} */ i) => {
      const swing = (i % 2 === 0 ? 1 : -1) * (steady ? 0.0005 : 0.15);
      return 0.2 + mean + swing;
    });
  });
  return file;
}

describe('an ablation is said to matter', () => {
  test('only where its interval leaves zero out', async () => {
    const noise = { mean: 0.01, steady: false };
    const says = await finding(
      'ablations',
      await withEffects([noise, { ...noise, mean: -0.02 }, noise]),
    );
    assert.match(says, /^No ablation has a clear effect on L\dH\d: every 95% interval/);
    assert.match(says, /The largest is that of .* interval −0\.\d+ to \+0\.\d+/);
    assert.doesNotMatch(says, /most/);
  });

  test('where a smaller one is sure and a larger one is not', async () => {
    const effects = [
      { mean: 0.04, steady: false },
      { mean: -0.03, steady: true },
      { mean: 0.01, steady: true },
    ];
    const file = await withEffects(effects);
    const says = await finding('ablations', file);
    assert.match(
      says,
      /^Ablating .* changes L\dH\d most: .* to 0\.1[67]\d\d \(effect −0\.0(29|30)/,
    );
    assert.match(says, /On average .* moves it further, but that interval holds zero/);
  });

  test('where the largest is sure', async () => {
    const says = await finding(
      'ablations',
      await withEffects([
        { mean: 0.01, steady: true },
        { mean: 0.05, steady: true },
        { mean: 0.02, steady: false },
      ]),
    );
    assert.match(says, /changes L\dH\d most: .*effect \+0\.05/);
    assert.match(
      says,
      /Of 3 effects, 2 have their interval off zero; 2 are significant after Holm/,
    );
    assert.doesNotMatch(says, /holds zero/);
  });

  test('and of an effect that rounds to nothing, nothing is said', async () => {
    const file = await withEffects([{ mean: 0, steady: true }]);
    const [row] = file.ablations;
    row.ablated = row.baseline.map((/** @type {number} */ score) => score + 1e-7);
    assert.match(await finding('ablations', file), /^No ablation/);
  });
});

describe('a head is said to beat chance', () => {
  /**
   * @param {number} above the best head's mean over chance
   * @param {number} swing how far the prompts are from it
   */
  async function withScores(above, swing) {
    const file = structuredClone(await results());
    const { per_prompt, chance } = file.head_scores;
    Object.values(per_prompt).forEach((layers, i) => {
      layers.forEach((/** @type {number[]} */ heads, /** @type {number} */ layer) => {
        heads.fill(chance * 0.9);
        if (layer === 0) heads[1] = chance + above + (i % 2 === 0 ? 1 : -1) * swing;
      });
    });
    // A file whose means are not those of its prompts is refused.
    const prompts = Object.values(per_prompt);
    file.head_scores.mean = prompts[0].map(
      (/** @type {number[]} */ heads, /** @type {number} */ layer) =>
        heads.map(
          (_, head) => prompts.reduce((sum, each) => sum + each[layer][head], 0) / prompts.length,
        ),
    );
    return file;
  }

  test('without a doubt where the prompts agree', async () => {
    const says = await finding('heads', await withScores(0.1, 0.001));
    assert.match(says, /^L0H1 gives the most attention .* beats chance by the most/);
    assert.doesNotMatch(says, /differ too much/);
  });

  test('with one where they do not', async () => {
    assert.match(
      await finding('heads', await withScores(0.01, 0.1)),
      /The prompts differ too much to tell that from chance\./,
    );
  });
});

describe('an axis of whole numbers', () => {
  for (const [hash, what] of [
    [`${SMALL}&seeds=0-2`, 'three seeds'],
    [`${SMALL}&seeds=3-4`, 'two seeds'],
    [`${SMALL}&seeds=7-7`, 'one seed'],
    ['v=1&model=MANY&n=6&len=8&cats=3&seeds=0-5', 'ranks of twelve heads'],
  ]) {
    test(`names each once: ${what}`, () =>
      harness.withPage(
        String(hash).replace('MANY', encodeURIComponent(`${harness.models.url}random-3x4x32`)),
        {},
        async ({ page }) => {
          await start(page, 'ready');
          await button(page, 'Run seeds').click();
          const charts = page.locator('#seeds-chart svg');
          await charts.nth(1).waitFor();
          // Ranks stand on the axis on the left, seeds on the one below.
          const ticks = await charts.nth(1).evaluate((chart) => {
            const texts = [...chart.querySelectorAll('text')].map((text) => text.textContent ?? '');
            return texts.filter((text) => /^[\d.,]+$/.test(text));
          });
          assert.ok(ticks.length >= 3, ticks.join(' '));
          assert.ok(
            ticks.every((text) => /^\d+$/.test(text)),
            ticks.join(' '),
          );
          const places = await charts.nth(1).evaluate((chart) =>
            [...chart.querySelectorAll('text')]
              .filter((text) => /^\d+$/.test(text.textContent ?? ''))
              .map((text) => {
                const { x, y } = text.getBoundingClientRect();
                const onLeft = x - chart.getBoundingClientRect().x < 50;
                return `${onLeft ? `rank ${Math.round(y)}` : 'seed'} ${text.textContent}`;
              })
              .map((place) => place.replace(/rank \d+ /, 'rank ')),
          );
          assert.equal(new Set(places).size, places.length, places.join(', '));
        },
      ));
  }
});

test('prompts that contrasts propose begin with a kept one, and the press is answered there', () =>
  harness.withPage('v=1&model=tiny&n=30&len=8&cats=3&prompt=11', {}, async ({ page }) => {
    await start(page, 'ready');
    await page.locator('#contrasts-fold > summary').click();
    const told = page.locator('#contrast-shown');
    const shows = page.getByRole('button', { name: 'Show these prompts' });
    /** @type {[name: string, says: RegExp][]} */
    const sets = [
      ['Case variants', /, \d+ of 30 kept/],
      ['No words of one category', /^No words of one category: shown at the top\. /],
      ['An ordinary sentence', /^An ordinary sentence: shown at the top\. /],
    ];
    for (const [index, [name, says]] of sets.entries()) {
      await shows.nth(index).click();
      await told.filter({ hasText: new RegExp(`^${name}: shown at the top`) }).waitFor();
      assert.match(String(await told.textContent()), says);
      if (index === 0) {
        await page
          .locator('#fed-verdict')
          .filter({ hasText: /^kept$/ })
          .waitFor();
      }
    }
    // Pressed again, it answers again, though nothing is drawn.
    await shows.nth(2).click();
    await told.filter({ hasText: /ordinary sentence/ }).waitFor();
    await told.getByRole('button', { name: 'Go there' }).click();
    await page.waitForFunction(() => {
      const title = document.querySelector('#fed-title')?.getBoundingClientRect();
      return title && title.top >= 0 && title.top < innerHeight / 2;
    });
    // Other prompts are another matter.
    await button(page, 'Reset prompts').click();
    await page.waitForFunction(() => document.querySelector('#contrast-shown')?.textContent === '');
  }));

test('the button that is done says that it would start again', () =>
  harness.withPage(SMALL, {}, async ({ page }) => {
    await start(page, 'ready');
    const run = page.locator('[data-action="start"]');
    assert.equal(String(await run.textContent()).trim(), 'Run the demo model again');
    await page.evaluate(() => {
      location.hash = 'v=1&model=gpt2';
    });
    await run.filter({ hasText: /^\s*Load GPT-2 small/ }).waitFor();
  }));

test('the claim names the model that it is about', () =>
  harness.withPage(SMALL, {}, async ({ page }) => {
    await start(page, 'ready');
    assert.match(String(await page.locator('.lede').textContent()), /L1H5\s+of\s+GPT-2 small/);
    await page.locator('#kind').selectOption('zero');
    await page.locator('#kind').selectOption('notebook');
    assert.match(String(await page.locator('#kind-hint').textContent()), /for a head of layer 1/);
  }));
