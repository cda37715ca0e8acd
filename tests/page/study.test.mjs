// The tools beyond the three steps, in a real browser: each is found, used and
// read as a visitor would.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import {
  accessibilityViolations,
  button,
  compareCategories,
  exportedJson,
  fixtures,
  reach,
  sidewaysScroll,
  SMALL,
  start,
  useHarness,
} from './harness.mjs';

/** @typedef {import('playwright-core').Page} Page */

const harness = useHarness();

/**
 * Opens a fold by its summary.
 * @param {Page} page
 * @param {string} id
 */
async function unfold(page, id) {
  await page.locator(`#${id} > summary`).click();
}

/**
 * Presses a tool's button and waits until it is through.
 * @param {Page} page
 * @param {string} name
 */
async function use(page, name) {
  await page.getByRole('button', { name, exact: true, disabled: false }).click();
  await page.locator('html:not([data-state="running"])').waitFor();
}

/**
 * The texts of a table's rows, cell by cell.
 * @param {import('playwright-core').Locator} table
 */
async function rows(table) {
  const lines = await table.locator('tbody tr').all();
  return Promise.all(lines.map((line) => line.locator('th, td').allTextContents()));
}

describe('what is scored', () => {
  test('a target and a pair of categories go into the link, the sentence and the file', () =>
    harness.withPage(SMALL, {}, async ({ page }) => {
      await start(page, 'ready');
      await unfold(page, 'formulas');
      assert.match(
        String(await page.locator('#formulas').textContent()),
        /Chance is the same metric/,
      );
      await page.locator('#target').selectOption('bos');
      await page.locator('html[data-state="ready"]').waitFor();
      await use(page, 'Score all heads');
      assert.match(
        String(await page.locator('#scores-sentence').textContent()),
        /attention to BOS/,
      );
      assert.equal((await exportedJson(page)).head_scores.target, 'bos');
      await page.locator('#target').selectOption('pair');
      await page.locator('#target-to').selectOption('2');
      await page.waitForURL(/target=pair-0-2/);
    }));

  test('scores of the shown prompt alone are those of its place in the scores of all', () =>
    harness.withPage(SMALL, {}, async ({ page }) => {
      await start(page, 'ready');
      await use(page, 'Score all heads');
      const all = (await exportedJson(page)).head_scores;
      const kept = Object.keys(all.per_prompt);
      await page.locator('#prompt').fill(String(kept.at(-1)));
      await page.waitForURL(new RegExp(`prompt=${kept.at(-1)}`));
      await page.locator('#over').selectOption('prompt');
      await use(page, 'Score all heads');
      const alone = (await exportedJson(page)).head_scores;
      assert.deepEqual(Object.keys(alone.per_prompt), [kept.at(-1)]);
      assert.deepEqual(alone.mean, all.per_prompt[String(kept.at(-1))]);
    }));

  test('the table of heads filters and sorts', () =>
    harness.withPage(SMALL, {}, async ({ page }) => {
      await start(page, 'ready');
      await use(page, 'Score all heads');
      await unfold(page, 'scores-table-fold');
      const table = page.locator('#scores-table table');
      await table.waitFor();
      assert.equal((await rows(table)).length, 6);
      await page.getByLabel('Filter heads').fill('L1');
      assert.deepEqual((await rows(table)).map(([head]) => head).sort(), ['L1H0', 'L1H1']);
      await page.getByLabel('Filter heads').fill('');
      await table.getByRole('button', { name: /^SD/ }).click();
      const spread = (await rows(table)).map((cells) => Number(cells[3]));
      assert.deepEqual(
        spread,
        [...spread].sort((a, b) => a - b),
      );
    }));

  test('category by category attention makes 100 % in every row', () =>
    harness.withPage(SMALL, {}, async ({ page }) => {
      await start(page, 'ready');
      await compareCategories(page);
      const table = page.locator('#categories-table table');
      await table.waitFor();
      for (const [, ...cells] of await rows(table)) {
        const sum = cells.reduce((total, text) => total + Number(text), 0);
        assert.ok(Math.abs(sum - 100) < 1, `${sum} %`);
      }
    }));
});

describe('category by category', () => {
  test('does not come between the steps of a link that asks for all', () =>
    harness.withPage(`${SMALL}&run=all`, {}, async ({ page }) => {
      await compareCategories(page);
      await start(page, 'done');
      await page.locator('#categories-table table').waitFor();
      await reach(page, 'done');
    }));

  test('stays cancelled until it is asked for again', () =>
    harness.withPage(SMALL, {}, async ({ page }) => {
      await start(page, 'ready');
      // So few prompts are pooled faster than a test can reach for the button.
      await page.locator('#categories-cancel').evaluate((cancel) => {
        const observer = new MutationObserver(() => {
          if (/** @type {any} */ (cancel).hidden) return;
          /** @type {any} */ (cancel).click();
          observer.disconnect();
        });
        observer.observe(cancel, { attributes: true, attributeFilter: ['hidden'] });
      });
      await compareCategories(page);
      await page
        .locator('#categories-note')
        .filter({ hasText: /Cancelled/ })
        .waitFor();
      await page.waitForTimeout(300);
      await reach(page, 'ready');
      assert.equal(await page.locator('#categories-table table').count(), 0);
      await compareCategories(page);
      await page.locator('#categories-table table').waitFor();
    }));
});

describe('ablations of any components', () => {
  test('everything upstream is swept in one click', () =>
    harness.withPage(`${SMALL}&head=L2H1`, {}, async ({ page }) => {
      await start(page, 'ready');
      await page.getByLabel('All upstream').check();
      await use(page, 'Run ablations');
      // The grid of effects: layers down, parts across.
      await page.locator('#effects-grid table').waitFor();
      assert.equal((await rows(page.locator('#effects-grid table'))).length, 2);
      const { ablations } = await exportedJson(page);
      const names = ablations.map((/** @type {any} */ row) => row.component);
      assert.equal(names.length, 2 + 2 * (2 + 4));
      assert.ok(
        names.includes('L1.mlp-only') && names.includes('L0H1') && names.includes('L0.pattern'),
      );
      await page.waitForURL(/ablate=all/);
    }));

  test('a sweep is cancelled and leaves what was there', () =>
    harness.withPage('v=1&model=tiny&head=L2H1&n=300', {}, async ({ page }) => {
      await start(page, 'ready');
      await page.getByLabel('All upstream').check();
      await button(page, 'Run ablations').click();
      await page.locator('#step-ablations').getByRole('button', { name: 'Cancel' }).click();
      await reach(page, 'ready');
      assert.equal(await page.locator('#pattern').isVisible(), true);
      assert.equal(await page.locator('#ablations-table').isVisible(), false);
    }));

  test('chosen components are ablated together, by two kinds side by side', () =>
    harness.withPage('v=1&model=tiny&head=L2H1&kind=zero', {}, async ({ page }) => {
      await start(page, 'ready');
      await page.getByLabel('Choose…').check();
      await page.getByLabel('Ablate selected jointly').check();
      await page.getByLabel('L0.mlp', { exact: true }).check();
      await page.locator('#against').selectOption('resample');
      await use(page, 'Run ablations');
      const { ablations } = await exportedJson(page);
      assert.deepEqual(
        ablations.map((/** @type {any} */ row) => `${row.component} ${row.kind}`),
        ['embed+L0.mlp zero', 'embed+L0.mlp resample'],
      );
      // Both kinds stand in the one row of their component, in the table and in the charts.
      await page.locator('#ablations-table-fold > summary').click();
      const [row, ...others] = await rows(page.locator('#ablations-table table'));
      assert.deepEqual(others, []);
      const [resampled] = ablations.slice(1);
      const effect = resampled.ablated.map(
        (/** @type {number} */ after, /** @type {number} */ i) => after - resampled.baseline[i],
      );
      const mean = effect.reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b, 0);
      assert.ok(
        row?.some((/** @type {string} */ cell) => {
          const shown = Number(cell.replace('−', '-'));
          return cell !== '' && Math.abs(shown - mean / effect.length) <= 0.00005;
        }),
        `${row} has ${mean / effect.length}`,
      );
      await page.locator('#ablations-table-fold > summary').click();
      const titles = await page.locator('#ablations-chart figcaption').allTextContents();
      assert.ok(
        titles.every((title) => title.includes('zero ●, resample ○')),
        titles.join(),
      );
      await page.locator('#ablate').fill('L0.nothing');
      await page.locator('#ablate').blur();
      assert.match(String(await page.locator('#ablate-error').textContent()), /no component/);
    }));
});

test('what the engine cannot do is told where it was asked', () =>
  harness.withPage(`${SMALL}&head=L2H1&kind=resample`, {}, async ({ page }) => {
    // One of these sequences is kept, and has no other to resample from.
    await page
      .locator('#prompts-summary')
      .filter({ hasText: / 1 kept/ })
      .waitFor();
    await start(page, 'ready');
    await button(page, 'Run ablations').click();
    const problem = page.locator('#step-ablations .problem');
    await problem.waitFor();
    assert.match(String(await problem.textContent()), /at least two kept prompts/);
  }));

describe('published numbers', () => {
  test('do not apply to another model, and say so', () =>
    harness.withPage(SMALL, {}, async ({ page }) => {
      await start(page, 'ready');
      assert.match(
        String(await page.locator('#published-applies').textContent()),
        /Needs GPT-2 small: another model is shown/,
      );
      await unfold(page, 'check-fold');
      await page
        .locator('#check-result')
        .filter({ hasText: /does not apply/ })
        .waitFor();
      assert.equal(await button(page, 'Check the model').count(), 0);
    }));

  test('stand beside ours, prompt by prompt, with the largest difference and the correlation', async () => {
    const here = (/** @type {string} */ file) => new URL(`../../${file}`, import.meta.url);
    const { besidePrinted, report } = await import(
      here('www/sections/published/printed-scores.js').href
    );
    const notebook = JSON.parse(await readFile(here('data/gpt2/notebook.json'), 'utf8'));
    const { kept_sequences: sequences, same_category_attention_L1H5: printed } = notebook;
    const components = {
      embed: 'embed',
      pos_embed: 'pos_embed',
      'L0 pattern': 'L0.pattern',
      'L0 mlp_out': 'L0.mlp',
    };
    // Our own prompts may come in another order, and with more of them.
    const rows = Object.entries(printed.per_kept_sequence).map(([name, scores]) => ({
      component: Object.entries(components).find(([start]) => name.startsWith(`${start} `))?.[1],
      sequences: [99, ...sequences.toReversed()],
      baseline: [0, ...sequences.map(() => printed.second_kept_sequence_no_ablation)],
      ablated: [0, ...scores.toReversed()],
    }));
    const same = besidePrinted({ rows }, notebook);
    assert.equal(same.length, 1 + 88);
    assert.match(
      report(same),
      /all 89 printed scores are reached.* 0\.00000, correlation 1\.00000/,
    );
    rows[2].ablated[5] += 0.01;
    rows[3].ablated.length = 3;
    const other = report(besidePrinted({ rows }, notebook));
    assert.match(other, /68 of 89 printed scores are reached/);
  });

  test('stand beside the notebook’s own settings alone', () =>
    harness.withPage('v=1&head=L1H3', {}, async ({ page }) => {
      const applies = page.locator('#published-applies');
      await applies.filter({ hasText: /settings shown differ/ }).waitFor({ state: 'attached' });
    }));
});

describe('does it hold', () => {
  test('many seeds say for which the claim holds, and one of them opens', () =>
    harness.withPage(`${SMALL}&seeds=5-8`, {}, async ({ page }) => {
      await start(page, 'ready');
      await use(page, 'Run seeds');
      assert.match(String(await page.locator('#seeds-sentence').textContent()), /^Of 4 seeds, L/);
      // What makes it comes with its first use.
      await page.locator('#seeds-table table').waitFor({ state: 'attached' });
      assert.equal((await rows(page.locator('#seeds-table table'))).length, 4);
      await page.locator('#seeds-chart svg').first().waitFor();
      await page.locator('#seeds-table-fold > summary').click();
      await page.locator('#seeds-table').getByRole('button', { name: '7', exact: true }).click();
      await page.waitForURL(/seed=7/);
      assert.equal((await rows(page.locator('#seeds-table table'))).length, 4, 'the run stays');
      await page.locator('#seeds-to').fill('3');
      await page
        .locator('#seeds-error')
        .filter({ hasText: /larger/ })
        .waitFor();
    }));

  test('contrasts put heads and prompts side by side', () =>
    harness.withPage(SMALL, {}, async ({ page }) => {
      await start(page, 'ready');
      await unfold(page, 'contrasts-fold');
      await page.locator('#contrast-heads').fill('L1H1, L0H1, L9H9');
      await page.locator('#contrast-heads').blur();
      await use(page, 'Run controls');
      const table = page.locator('#contrasts-table table');
      assert.equal(await table.locator('tbody').count(), 4);
      assert.equal((await rows(table)).length, 4 * 3, 'a title and two heads each');
      await page.getByRole('button', { name: 'Show these prompts' }).first().click();
      await page.waitForURL(/words-z?=/);
      assert.match(await page.locator('#words').inputValue(), /^red,Red,RED\n/);
    }));

  test('a text is read with and without components, and goes on alike', () =>
    harness.withPage(
      `${SMALL}&text=The+red+dog+sat+on+a+chair&ablate=L0.mlp`,
      {},
      async ({ page }) => {
        await start(page, 'ready');
        await unfold(page, 'text-fold');
        await use(page, 'Run full model');
        assert.match(String(await page.locator('#text-sentence').textContent()), /Without L0\.mlp/);
        const tables = page.locator('#text-next table');
        assert.equal(await tables.count(), 2);
        assert.equal((await rows(tables.first())).length, 10);
        assert.match(String(await page.locator('#text-legend').textContent()), /Loss: .* nats/);

        // What was expected after the first word, and what came: its loss is told, too.
        const tokens = page.locator('#text-strip button');
        await tokens.nth(1).click();
        await tables.first().filter({ hasText: 'after “The” (1)' }).waitFor();
        const came = tables.first().locator('tr').filter({ hasText: 'came next' });
        assert.match(String(await came.textContent()), /red/);
        const loss = Number(await tokens.nth(2).locator('.token-id').textContent());
        const share = String(await came.locator('.next-bar').textContent());
        if (loss > 7) assert.match(share, /^< 0\.1/);
        else assert.ok(Math.abs(parseFloat(share) - 100 * Math.exp(-loss)) < 5, `${share} ${loss}`);
        await page.keyboard.press('ArrowRight');
        await tables.first().filter({ hasText: 'after “red” (2)' }).waitFor();
        await page.keyboard.press('End');
        await tables.first().filter({ hasText: 'at the end' }).waitFor();
        assert.equal(await page.locator('#text-strip button[tabindex="-1"]').count(), 7);
        assert.deepEqual(await accessibilityViolations(page), []);
        assert.equal((await rows(page.locator('#text-table table'))).length, 7);
        await page.locator('#continue-tokens').fill('5');
        await use(page, 'Generate text');
        const first = await page.locator('#continuation').textContent();
        assert.match(String(first), /^The red dog sat on a chair./);
        await use(page, 'Generate text');
        assert.equal(await page.locator('#continuation').textContent(), first);
      },
    ));
});

describe('the tools as they stand on the page', () => {
  const open = ['formulas', 'scores-table-fold', 'components-fold', 'check-fold'];
  const further = ['contrasts-fold', 'text-fold'];

  for (const [width, colorScheme] of /** @type {const} */ ([
    [1280, 'light'],
    [360, 'dark'],
  ])) {
    test(`all unfolded, axe finds nothing and nothing sticks out at ${width} px, ${colorScheme}`, () =>
      harness.withPage(
        'v=1&model=tiny&head=L2H1&seeds=5-6&against=zero&ablate=embed,L0.mlp',
        { width, colorScheme },
        async ({ page }) => {
          await start(page, 'ready');
          await use(page, 'Score all heads');
          await use(page, 'Run ablations');
          if (width < 1024) await page.locator('#settings > summary').click();
          for (const id of [...open, ...further]) await unfold(page, id);
          await compareCategories(page);
          await use(page, 'Run seeds');
          await use(page, 'Run controls');
          await use(page, 'Run full model');
          await page.locator('#categories-table table').waitFor();
          assert.deepEqual(await accessibilityViolations(page), []);
          const { pixels, wide } = await sidewaysScroll(page);
          assert.equal(pixels, 0, wide.join(', '));
        },
      ));
  }
});
