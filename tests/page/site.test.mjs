// The page as a visitor has it: the built site in a real browser.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import {
  accessibilityViolations,
  button,
  complaints,
  dist,
  exported,
  exportedJson,
  FAILED_REQUEST,
  fixtures,
  Harness,
  openModels,
  reach,
  sidewaysScroll,
  SMALL,
  start,
  startable,
  useHarness,
} from './harness.mjs';
import { BROKEN, GOOD_MODEL, makeModels } from './models.mjs';
import { serve } from '../../tools/server.mjs';

const harness = useHarness(async () => {
  const { folder, remove } = await makeModels();
  return { models: folder, remove };
});

/** @param {string} name */
const modelAddress = (name) => `${harness.models.origin}/${name}`;

describe('opening the page', () => {
  test('takes less than a megabyte, compressed as hosts compress, and no weights', (t) =>
    harness.withPage('', {}, async ({ page, requests }) => {
      await startable(page);
      let bytes = 0;
      for (const address of new Set(requests)) {
        const { pathname } = new URL(address);
        const file = path.join(dist, pathname === '/' ? 'index.html' : pathname);
        bytes += brotliCompressSync(await readFile(file)).length;
      }
      t.diagnostic(`${bytes} bytes in ${new Set(requests).size} files`);
      assert.ok(bytes > 500_000, 'the module and the tokenizer are counted');
      assert.ok(bytes <= 1_000_000, `${bytes} bytes before anything works`);
    }));

  test('asks the site 8 times at most before Start works, in 4 round trips', async (t) => {
    /** What the site was asked for and has not answered yet. @type {Set<() => void>} */
    const held = new Set();
    /** @type {string[]} */
    const asked = [];
    const site = await serve(dist, {
      async intercept(request, response) {
        // As static hosts do: what came once for the page is there for its worker.
        response.setHeader('Cache-Control', 'max-age=600');
        asked.push(request.url ?? '');
        await new Promise((resolve) => held.add(() => resolve(null)));
        return false;
      },
    });
    let rounds = 0;
    let open = true;
    // Answers what was asked for once nothing more is asked: a round trip.
    const answering = (async () => {
      for (let quiet = 0, last = 0; open;) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        quiet = asked.length === last ? quiet + 1 : 0;
        last = asked.length;
        if (held.size === 0 || quiet < 8) continue;
        rounds += 1;
        for (const answer of held) answer();
        held.clear();
      }
    })();
    try {
      await harness.withPage('', { url: site.url }, async ({ page }) => {
        await startable(page);
        const before = [...asked];
        t.diagnostic(`${before.length} requests in ${rounds} round trips: ${before.join(' ')}`);
        assert.ok(before.length <= 8, before.join(' '));
        assert.ok(rounds <= 4, `${rounds} round trips`);
        open = false;
        await answering;
      });
    } finally {
      open = false;
      for (const answer of held) answer();
      await site.close();
    }
  });

  test('shows the start state and its buttons, and asks nobody else for anything', () =>
    harness.withPage('', {}, async ({ page, requests }) => {
      await startable(page);
      for (const name of [
        'Start',
        'Score all heads',
        'Run ablations',
        'Copy link',
        'Export JSON',
        'Export CSV',
        'Export PNG',
      ]) {
        assert.equal(await button(page, name).count(), 1, `there is one button "${name}"`);
      }
      const foreign = requests.filter((url) => !url.startsWith(harness.site.url));
      assert.deepEqual(
        foreign.filter((url) => !/^(blob|data):/.test(url)),
        [],
      );
    }));

  test('says beside Start whom it will ask and for how much', () =>
    harness.withPage('', {}, async ({ page }) => {
      const described = await button(page, 'Start').getAttribute('aria-describedby');
      const note = page.locator(`#${described}`);
      await note.filter({ hasText: /MB/ }).waitFor();
      assert.match(String(await note.textContent()), /huggingface\.co/);
    }));

  test('works under a sub-path of its host', async () => {
    const below = await Harness.start({ base: '/some/where/headscope/' });
    try {
      await below.withPage(SMALL, {}, async ({ page, requests }) => {
        await start(page, 'ready');
        const outside = requests.filter(
          (url) => !url.startsWith(below.site.url) && !/^(blob|data):/.test(url),
        );
        assert.deepEqual(outside, []);
      });
    } finally {
      await below.stop();
    }
  });
});

describe('the numbers of a model whose numbers are known', () => {
  /** @type {any} */
  let reference;
  before(async () => {
    const text = await readFile(path.join(fixtures, GOOD_MODEL, 'reference.json'), 'utf8');
    reference = JSON.parse(text);
  });

  /** @param {string} rest */
  const link = (rest) =>
    `v=1&model=${encodeURIComponent(modelAddress(GOOD_MODEL))}&head=${reference.target_head}&${rest}`;

  /**
   * @param {unknown} actual
   * @param {unknown} wanted
   * @param {string} what
   */
  function assertClose(actual, wanted, what) {
    if (Array.isArray(wanted)) {
      assert.ok(Array.isArray(actual), `${what} is a list`);
      assert.equal(actual.length, wanted.length, `${what} has as many entries`);
      wanted.forEach((each, i) => assertClose(actual[i], each, `${what}[${i}]`));
      return;
    }
    const difference = Math.abs(Number(actual) - Number(wanted));
    assert.ok(difference <= 1e-4, `${what} is ${actual}, and TransformerLens has ${wanted}`);
  }

  test('prompts, scores, pattern and the notebook preset agree with TransformerLens', async () => {
    const results = await harness.withPage(link('run=all'), {}, async ({ page }) => {
      await start(page, 'done');
      return exportedJson(page);
    });

    assert.equal(results.schema, 'headscope-results/1');
    assert.equal(typeof results.build, 'string');
    assert.equal(results.model.n_layer, 3);
    assert.equal(results.model.n_head, 4);
    assert.equal(results.model.d_model, 32);
    assert.equal(results.settings.seed, reference.prompt_seed);
    assert.equal(results.settings.n, reference.sequences);

    const kept = results.prompts.filter((/** @type {any} */ prompt) => prompt.kept);
    assert.equal(results.prompts.length, reference.sequences);
    /** @param {string} key */
    const ofKept = (key) => kept.map((/** @type {any} */ prompt) => prompt[key]);
    assert.deepEqual(ofKept('sequence'), reference.kept_sequences);
    assert.deepEqual(ofKept('words'), reference.words);
    assert.deepEqual(ofKept('categories'), reference.categories_of_words);
    assert.deepEqual(ofKept('token_ids'), reference.token_ids);
    for (const prompt of results.prompts) {
      assert.equal(prompt.kept, prompt.reason === null, `sequence ${prompt.sequence} has a reason`);
    }

    const { head_scores: scores } = results;
    const [first, second] = reference.kept_sequences;
    assert.equal(scores.metric, 'cell-mean');
    assertClose(scores.mean, reference.head_scores_mean, 'head_scores.mean');
    assertClose(
      scores.per_prompt[first],
      reference.head_scores_first_prompt,
      'scores of the first',
    );
    assertClose(
      scores.per_prompt[second],
      reference.head_scores_second_prompt,
      'scores of the second',
    );

    assert.equal(results.patterns.head, reference.target_head);
    assert.equal(results.patterns.prompt, second);
    assertClose(results.patterns.rows, reference.target_pattern_second_prompt, 'the pattern');

    reference.kept_sequences.forEach((/** @type {number} */ sequence, /** @type {number} */ i) => {
      const shares = results.breakdown.per_prompt[sequence];
      const { same_category, same_word, self, bos, other } = shares;
      assertClose(
        [same_category, same_word, self, bos, other],
        reference.target_head_other_metrics[i].breakdown_same_category_same_word_self_bos_other,
        `the breakdown of sequence ${sequence}`,
      );
    });

    // The notebook's four, of all layers before the head's.
    assert.deepEqual(
      results.ablations.map((/** @type {any} */ row) => `${row.component}|${row.kind}`).sort(),
      [
        'L0.mlp|position-mean',
        'L0.pattern|head-mean',
        'L1.mlp|position-mean',
        'L1.pattern|head-mean',
        'embed|position-mean',
        'pos_embed|position-mean',
      ],
    );
    checkAblations(results);
  });

  /** @param {any} results */
  function checkAblations({ ablations }) {
    for (const { component, kind, head, metric, sequences, baseline, ablated } of ablations) {
      const key = `${component}|${kind}`;
      const wanted = reference.ablation_scores[key];
      if (!wanted) continue;
      assert.equal(head, reference.target_head);
      assert.equal(metric, 'cell-mean');
      assert.deepEqual(sequences, reference.kept_sequences, `the sequences of ${key}`);
      assertClose(baseline, reference.ablation_scores.baseline, `the baseline of ${key}`);
      assertClose(ablated, wanted, key);
    }
  }

  for (const kind of ['position-mean', 'zero', 'dataset-mean', 'global-mean', 'head-mean']) {
    test(`every component ablated by ${kind} agrees with TransformerLens`, async () => {
      const results = await harness.withPage(link(`kind=${kind}&run=all`), {}, async ({ page }) => {
        await start(page, 'done');
        return exportedJson(page);
      });
      const done = new Set(
        results.ablations.map((/** @type {any} */ row) => `${row.component}|${row.kind}`),
      );
      const wanted = Object.keys(reference.ablation_scores).filter((key) =>
        key.endsWith(`|${kind}`),
      );
      assert.ok(wanted.length > 0, 'the reference has this kind');
      assert.deepEqual(
        wanted.filter((key) => !done.has(key)),
        [],
        'not ablated',
      );
      checkAblations(results);
    });
  }

  for (const metric of ['row-mass', 'surprisal']) {
    test(`the head's ${metric} agrees with TransformerLens`, async () => {
      const results = await harness.withPage(
        link(`metric=${metric}&run=all`),
        {},
        async ({ page }) => {
          await start(page, 'done');
          return exportedJson(page);
        },
      );
      const [, layer, head] = /** @type {RegExpExecArray} */ (
        /^L(\d+)H(\d+)$/.exec(reference.target_head)
      ).map(Number);
      assert.equal(results.head_scores.metric, metric);
      assertClose(
        reference.kept_sequences.map(
          (/** @type {number} */ sequence) =>
            results.head_scores.per_prompt[sequence][layer ?? 0][head ?? 0],
        ),
        reference.target_head_other_metrics.map(
          (/** @type {any} */ metrics) => metrics[metric.replace('-', '_')],
        ),
        metric,
      );
    });
  }
});

describe('links', () => {
  test('one reopened elsewhere gives the same prompts and the same numbers', async () => {
    const hash = 'v=1&model=tiny&seed=77&n=6&len=9&cats=3&metric=row-mass&kind=zero&run=all';
    /** @param {string} link */
    const study = (link) =>
      harness.withPage(link, {}, async ({ page }) => {
        await start(page, 'done');
        const results = await exportedJson(page);
        await button(page, 'Copy link').click();
        await page.waitForTimeout(200);
        const copied = await page.evaluate(() => navigator.clipboard.readText());
        return { results, copied };
      });
    const first = await study(hash);
    assert.ok(first.copied.startsWith(`${harness.site.url}#v=1&`), first.copied);
    assert.match(first.copied, /\bseed=77\b/);
    const { results } = await study(first.copied.slice(first.copied.indexOf('#') + 1));
    for (const part of [
      'settings',
      'prompts',
      'head_scores',
      'breakdown',
      'patterns',
      'ablations',
    ]) {
      assert.deepEqual(results[part], first.results[part], part);
    }
    assert.equal(results.prompts.length, 6);
  });

  test('one that says only its model means the defaults', () =>
    harness.withPage('v=1&model=tiny', {}, async ({ page }) => {
      await start(page, 'ready');
      const { settings } = await exportedJson(page);
      const { seed, n, len, cats, prompt, metric, kind } = settings;
      assert.deepEqual(
        { seed, n, len, cats, prompt, metric, kind },
        { seed: 5, n: 30, len: 12, cats: 4, prompt: 1, metric: 'cell-mean', kind: 'notebook' },
      );
    }));

  test('an unknown key is named and ignored', () =>
    harness.withPage(`${SMALL}&colour=mauve`, {}, async ({ page }) => {
      await start(page, 'ready');
      const said = await complaints(page);
      assert.equal(said.length, 1);
      assert.match(said[0] ?? '', /“colour” is no setting of this page\. It was ignored\./);
    }));

  /** @type {[key: string, value: string][]} */
  const GARBAGE = [
    ['v', 'banana'],
    ['model', 'ftp://example.org/model'],
    ['seed', '-1'],
    ['seed', '4294967296'],
    ['n', '0'],
    ['n', 'many'],
    ['len', '1e9'],
    ['cats', '99'],
    ['words', 'cat,dog\nriver,cat'],
    ['head', 'banana'],
    ['prompt', '-3'],
    ['metric', 'vibes'],
    ['kind', 'hammer'],
    ['run', 'sideways'],
  ];
  for (const [key, value] of GARBAGE) {
    test(`${key}=${encodeURIComponent(value)} is reported by name, and the page still works`, () => {
      // `v` stands alone: another version's other keys may mean other things.
      const others = SMALL.split('&').filter((pair) => !pair.startsWith(`${key}=`));
      const hash = [...others, `${key}=${encodeURIComponent(value)}`].join('&');
      return harness.withPage(hash, {}, async ({ page }) => {
        await startable(page);
        const said = (await complaints(page)).join(' | ');
        assert.match(said, new RegExp(`\\b${key}\\b`, 'i'));
        if (key === 'model') {
          await openModels(page);
          await page.getByRole('radio', { name: /demo/i }).check();
        }
        await start(page, 'ready');
      });
    });
  }

  test('a head that the model lacks is reported, and its best head is shown', () =>
    harness.withPage(`${SMALL}&head=L40H7`, {}, async ({ page }) => {
      await start(page, 'ready');
      assert.match((await complaints(page)).join(' | '), /L40H7/);
      const results = await exportedJson(page);
      assert.match(results.patterns.head, /^L\dH\d+$/);
    }));
});

describe('settings that are possible alone and not together', () => {
  test('a draw shorter than the shown prompt shows its last one, and says so', () =>
    harness.withPage(`${SMALL.replace('n=6', 'n=30')}&prompt=20`, {}, async ({ page }) => {
      await start(page, 'ready');
      await page.locator('#n').fill('5');
      await page.waitForURL(/n=5&.*prompt=4/);
      await page
        .locator('#prompt-error')
        .filter({ hasText: /^Prompts run from 0 to 4\. The last one is shown\.$/ })
        .waitFor();
      assert.equal(await page.locator('#prompt').inputValue(), '4');
      await page
        .locator('#pattern-heading')
        .filter({ hasText: /prompt 4/ })
        .waitFor();
      await reach(page, 'ready');
      await page.locator('#prompt').fill('3');
      await page.waitForURL(/prompt=3/);
      assert.deepEqual(await complaints(page), []);
    }));

  test('sequences too long for their number become fewer', () =>
    harness.withPage('v=1&model=tiny', {}, async ({ page }) => {
      await startable(page);
      await page.locator('#len').fill('1000');
      await page
        .locator('#n-error')
        .filter({ hasText: /too many/ })
        .waitFor();
      assert.equal(await page.locator('#n').inputValue(), '1');
      await page
        .locator('#prompts-summary')
        .filter({ hasText: /1 prompt,/ })
        .waitFor();
    }));

  test('a pair of categories that a shorter word table lacks is given up', () =>
    harness.withPage(`${SMALL}&cats=2&target=pair-0-5`, {}, async ({ page }) => {
      await startable(page);
      await page.locator('#words').evaluate((editor) => {
        const { value } = /** @type {any} */ (editor);
        /** @type {any} */ (editor).value = value.split('\n').slice(0, 3).join('\n');
        editor.dispatchEvent(new Event('input'));
      });
      await page
        .locator('#target-error')
        .filter({ hasText: /no row 5: its rows run from 0 to 2\./ })
        .waitFor();
      assert.doesNotMatch(page.url(), /target=/);
      await start(page, 'ready');
    }));

  test('a head that the model lacks is reported over the map of scores too', () =>
    harness.withPage(SMALL.replace('tiny', 'tiny&head=L1H1'), {}, async ({ page }) => {
      await start(page, 'ready');
      await button(page, 'Score all heads').click();
      await page.locator('#top-heads button').first().waitFor();
      await page.locator('#head').fill('L9H99');
      await page
        .locator('#head-error')
        .filter({ hasText: /has L0 to L2, H0 to H1/ })
        .waitFor();
      await reach(page, 'ready');
      await page.locator('#head').fill('L2H0');
      await page.locator('#pattern-heading').filter({ hasText: /L2H0/ }).waitFor();
      await reach(page, 'ready');
      assert.deepEqual(await complaints(page), []);
    }));
});

test('a text of one’s own is shown token by token', () =>
  harness.withPage(`${SMALL}&text=The+red+dog`, {}, async ({ page }) => {
    await startable(page);
    const tokens = await page.locator('#fed .token-text').allTextContents();
    assert.deepEqual(tokens.slice(1), ['The', '␣red', '␣dog']);
    await page.locator('#text-clear').evaluate((clear) => /** @type {any} */ (clear).click());
    await page
      .locator('#fed-title')
      .filter({ hasText: /Prompt 1 of/ })
      .waitFor();
    assert.ok((await page.locator('#fed > li').count()) > 8);
  }));

describe('a model that cannot be used', () => {
  /**
   * @param {string} address
   * @param {RegExp} names
   */
  const refuses = (address, names) =>
    harness.withPage(
      `v=1&model=${encodeURIComponent(address)}&n=6`,
      { expected: FAILED_REQUEST },
      async ({ page }) => {
        await start(page, 'error');
        assert.match((await complaints(page)).join(' | '), names);

        // The way on, in this same page.
        const offer = button(page, 'Use the bundled model');
        if ((await offer.count()) > 0) {
          await offer.click();
          await page.waitForSelector('html:not([data-state="error"])', { state: 'attached' });
          await reach(page, 'ready');
        } else {
          await openModels(page);
          await page.getByRole('radio', { name: /demo/i }).check();
          await start(page, 'ready');
        }
        const results = await exportedJson(page);
        assert.equal(results.settings.model, 'tiny');
      },
    );

  test('because the folder is not there', () =>
    refuses(modelAddress('no-such-folder'), /404|no-such-folder|config\.json/));

  test('because its host cannot be reached', () =>
    refuses('https://weights.example.org/gpt2', /weights\.example\.org/));

  for (const [name, { names }] of Object.entries(BROKEN)) {
    test(`because it is ${name}`, () => refuses(modelAddress(name), names));
  }

  test('GPT-2 itself, because its host cannot be reached', () =>
    harness.withPage('', { expected: FAILED_REQUEST }, async ({ page }) => {
      await start(page, 'error');
      assert.match((await complaints(page)).join(' | '), /huggingface\.co/);
      await button(page, 'Use the bundled model').click();
      await page.waitForSelector('html:not([data-state="error"])', { state: 'attached' });
      await reach(page, 'ready');
    }));
});

describe('every visitor', () => {
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    test(`finds no accessibility violation in the ${colorScheme} scheme`, () =>
      harness.withPage(`${SMALL}&run=all`, { colorScheme }, async ({ page }) => {
        await startable(page);
        assert.deepEqual(await accessibilityViolations(page), [], 'in state start');
        await start(page, 'done');
        assert.deepEqual(await accessibilityViolations(page), [], 'in state done');
      }));
  }

  /**
   * @param {import('./harness.mjs').Page} page
   * @param {string} state
   */
  async function assertFits(page, state) {
    const { pixels, wide } = await sidewaysScroll(page);
    assert.equal(pixels, 0, `in state ${state}, perhaps because of ${wide.join(', ')}`);
  }

  for (const width of [320, 360, 768]) {
    test(`need not scroll sideways at ${width} pixels`, () =>
      harness.withPage(`${SMALL}&run=all`, { width, height: 740 }, async ({ page }) => {
        await startable(page);
        await assertFits(page, 'start');
        await start(page, 'done');
        await assertFits(page, 'done');
      }));
  }
});

describe('results', () => {
  test('are saved as CSV and PNG too', () =>
    harness.withPage(`${SMALL}&run=all`, {}, async ({ page }) => {
      await start(page, 'done');
      const csv = await exported(page, 'Export CSV');
      const lines = csv.bytes.toString('utf8').trim().split('\n');
      assert.ok(lines.length > 4, 'a header and a row for each ablation');
      const png = await exported(page, 'Export PNG');
      assert.deepEqual([...png.bytes.subarray(1, 4)], [...Buffer.from('PNG')]);
      assert.match(png.name, /\.png$/);
    }));

  test('stay the same when only the head on show changes', () =>
    harness.withPage(`${SMALL}&head=L0H0&run=all`, {}, async ({ page }) => {
      await start(page, 'done');
      const before = await exportedJson(page);
      await page.getByLabel('Head', { exact: true }).fill('L0H1');
      // The ablations were those of the other head, so they are gone.
      await reach(page, 'ready');
      let afterwards = await exportedJson(page);
      for (let tries = 0; afterwards.patterns?.head !== 'L0H1' && tries < 20; tries++) {
        await page.waitForTimeout(250);
        afterwards = await exportedJson(page);
      }
      assert.equal(afterwards.patterns?.head, 'L0H1');
      assert.match(page.url(), /head=L0H1/);
      assert.deepEqual(afterwards.head_scores.mean, before.head_scores.mean);
    }));
});
