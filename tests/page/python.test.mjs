// What the page writes for Python: the notebook, the file of patterns, and the lines that
// read the results file. `make test-long` runs the notebooks where TransformerLens is
// installed (tools/setup.sh transformer-lens).

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { byteSymbols } from '../../tools/byte-symbols.mjs';
import {
  button,
  exported,
  exportedJson,
  reach,
  root,
  SMALL,
  start,
  startable,
  stateOf,
  useHarness,
} from './harness.mjs';

/** @typedef {import('playwright-core').Page} Page */

// The page's modules know types that these here do not.
const npz = new URL('../../www/sections/export/npz.js', import.meta.url);
/** @type {any} */
const { PatternFile, patternBytes, tooLarge } = await import(npz.href);

const harness = useHarness();

const code = await readFile(path.join(root, 'www/sections/export/notebook.py'), 'utf8');

/** Twelve of the notebook's prompts, of which one is dropped. */
const TWELVE = 'v=1&model=tiny&n=12';

/** What a text of a stranger may hold to get out of where it belongs. */
const HOSTILE = `''' + __import__("os") + r''' """ \\' \\n @RESULTS@ $x_$ é 🐢\u2028 red blue`;

/**
 * The cells of a notebook's file, checked for what nbformat asks of all.
 * @param {Buffer} bytes
 */
function cellsOf(bytes) {
  const notebook = JSON.parse(bytes.toString('utf8'));
  assert.equal(notebook.nbformat, 4);
  assert.equal(notebook.nbformat_minor, 5);
  assert.equal(notebook.metadata.kernelspec.language, 'python');
  const ids = new Set();
  for (const cell of notebook.cells) {
    assert.match(cell.id, /^[\w-]{1,64}$/);
    ids.add(cell.id);
    assert.ok(['code', 'markdown'].includes(cell.cell_type));
    assert.deepEqual(
      [cell.outputs, cell.execution_count],
      cell.cell_type === 'code' ? [[], null] : [undefined, undefined],
    );
  }
  assert.equal(ids.size, notebook.cells.length);
  return /** @type {{ type: string, text: string }[]} */ (
    notebook.cells.map((/** @type {any} */ cell) => ({
      type: cell.cell_type,
      text: cell.source.join(''),
    }))
  );
}

/**
 * The data of a notebook by its names, and its code without it.
 * @param {Buffer} bytes
 */
function dataOf(bytes) {
  /** @type {Record<string, any>} */
  const data = {};
  const cells = cellsOf(bytes).map(({ type, text }) => {
    const bare = text.replaceAll(
      /^([A-Z]+) = json\.loads\(r'''([^']*)'''\)$/gm,
      (_, name, json) => {
        assert.match(json, /^[\n -~]*$/, 'printable ASCII');
        data[name] = JSON.parse(json);
        return `${name} = json.loads(r'''@${name === 'PAGE' ? 'RESULTS' : name}@''')`;
      },
    );
    const lines = bare.split('\n');
    return type === 'markdown'
      ? ['# %% [markdown]', ...lines.map((line) => `# ${line}`.trimEnd())]
      : ['# %%', ...lines.map((line) => line.replace(/^%/, '# %'))];
  });
  return { data, code: `${cells.map((lines) => lines.join('\n')).join('\n\n')}\n` };
}

/** @param {Buffer} bytes @param {any} results @param {string} address */
function holdsStudy(bytes, results, address) {
  const { data, code: bare } = dataOf(bytes);
  assert.equal(bare, code, 'nothing but the data differs from the notebook’s code');
  assert.deepEqual({ ...data.PAGE, settings: data.SETTINGS }, results);
  assert.equal(data.LINK, address);
  return data;
}

describe('the notebook', () => {
  test('holds the settings, the words, the link and the page’s numbers', () =>
    harness.withPage(`${SMALL}&run=all`, {}, async ({ page }) => {
      await start(page, 'done');
      const { name, bytes } = await exported(page, 'Export notebook');
      assert.match(name, /^headscope-L\dH\d-seed5-prompt1\.ipynb$/);
      const { ROWS } = holdsStudy(bytes, await exportedJson(page), page.url());
      const table = await readFile(path.join(root, 'data/semantic_words.csv'), 'utf8');
      const rows = table
        .trim()
        .split('\n')
        .map((line) => line.split(',').slice(1));
      assert.deepEqual(ROWS, rows);
    }));

  test('holds a stranger’s text and words as data, whatever they are', () => {
    const words = `${HOSTILE.replaceAll(/[,"]/g, '')},red\n'''),blue`;
    const hash = new URLSearchParams({ v: '1', model: 'tiny', text: HOSTILE, words, cats: '2' });
    return harness.withPage(String(hash), {}, async ({ page }) => {
      await start(page, 'ready');
      const { bytes } = await exported(page, 'Export notebook');
      const { SETTINGS, ROWS } = holdsStudy(bytes, await exportedJson(page), page.url());
      assert.equal(SETTINGS.text, HOSTILE);
      assert.ok(ROWS.flat().includes("''')"), JSON.stringify(ROWS));
    });
  });

  test('installs what the benchmark’s numbers were made with', async () => {
    const setup = await readFile(path.join(root, 'tools/setup.sh'), 'utf8');
    const installed = /^transformer_lens='(.*)'$/m.exec(setup)?.[1]?.split(' ');
    const pinned = /^# %pip install --quiet (.*)$/m.exec(code)?.[1]?.split(' ') ?? [];
    assert.ok(pinned.length > 0 && pinned.every((each) => each.includes('==')));
    assert.deepEqual(installed, pinned);
  });
});

/**
 * The files in a zip that compresses nothing, by its directory.
 * @param {Buffer} zip
 */
function unzipped(zip) {
  const end = zip.lastIndexOf('PK\u0005\u0006');
  assert.ok(end > 0, 'a zip has a directory');
  /** @type {Record<string, Buffer>} */
  const files = {};
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    assert.equal(zip.toString('latin1', at, at + 4), 'PK\u0001\u0002');
    assert.equal(zip.readUInt16LE(at + 10), 0, 'stored');
    const [crc, size] = [zip.readUInt32LE(at + 16), zip.readUInt32LE(at + 24)];
    const name = zip.toString('utf8', at + 46, at + 46 + zip.readUInt16LE(at + 28));
    const local = zip.readUInt32LE(at + 42);
    const begin = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const file = zip.subarray(begin, begin + size);
    // Older Node has none.
    if (zlib.crc32) assert.equal(zlib.crc32(file), crc, name);
    files[name] = file;
    at += 46 + [28, 30, 32].reduce((sum, place) => sum + zip.readUInt16LE(at + place), 0);
  }
  return files;
}

/**
 * The array in an .npy file.
 * @param {Buffer | undefined} file
 */
function array(file) {
  assert.ok(file);
  assert.equal(file.toString('latin1', 0, 8), '\u0093NUMPY\u0001\u0000');
  const begin = 10 + file.readUInt16LE(8);
  assert.equal(begin % 64, 0);
  const header = file.toString('latin1', 10, begin);
  const [, type, sizes = ''] =
    /^\{'descr': '<([fi])4', 'fortran_order': False, 'shape': \(([\d, ]+)\), \} *\n$/.exec(
      header,
    ) ?? assert.fail(header);
  const shape = sizes.split(',').map(Number).slice(0, -1);
  const numbers = [];
  for (let at = begin; at < file.length; at += 4) {
    numbers.push(type === 'f' ? file.readFloatLE(at) : file.readInt32LE(at));
  }
  assert.equal(
    numbers.length,
    shape.reduce((product, size) => product * size, 1),
  );
  return { shape, numbers };
}

describe('the file of patterns', () => {
  test('holds every loaded head’s pattern on every kept prompt', () =>
    harness.withPage(`${TWELVE}&run=all`, {}, async ({ page }) => {
      await start(page, 'done');
      const results = await exportedJson(page);
      const { name, bytes } = await exported(page, 'Export NPZ');
      assert.match(name, /^headscope-L\dH\d-seed5-prompt1-patterns\.npz$/);
      const files = unzipped(bytes);
      const names = ['pattern.npy', 'prompt.npy', 'layer.npy', 'token_ids.npy'];
      assert.deepEqual(Object.keys(files), names);
      const kept = results.prompts.filter((/** @type {any} */ prompt) => prompt.kept);
      const { n_layer, n_head } = results.model;
      assert.equal(kept.length, 11);
      const n = 13;
      const { shape, numbers } = array(files['pattern.npy']);
      assert.deepEqual(shape, [kept.length, n_layer, n_head, n, n]);
      assert.deepEqual(array(files['prompt.npy']), {
        shape: [kept.length],
        numbers: kept.map((/** @type {any} */ { sequence }) => sequence),
      });
      assert.deepEqual(array(files['layer.npy']), { shape: [3], numbers: [0, 1, 2] });
      assert.deepEqual(array(files['token_ids.npy']), {
        shape: [kept.length, n],
        numbers: kept.flatMap((/** @type {any} */ { token_ids }) => token_ids),
      });

      /** @param {number} prompt its place @param {number} layer @param {number} head */
      const pattern = (prompt, layer, head) =>
        numbers.slice(((prompt * n_layer + layer) * n_head + head) * n * n).slice(0, n * n);
      const shown = kept.findIndex(
        (/** @type {any} */ each) => each.sequence === results.patterns.prompt,
      );
      assert.ok(shown >= 0);
      const [layer = 0, head = 0] = results.patterns.head.slice(1).split('H').map(Number);
      const rows = results.patterns.rows.flat();
      pattern(shown, layer, head).forEach((cell, i) =>
        assert.ok(Math.abs(cell - rows[i]) < 1e-6, `cell ${i}`),
      );
      // All heads' scores are made of these patterns: mean attention to the same category.
      for (const [i, { sequence, words, categories }] of kept.entries()) {
        const scores = results.head_scores.per_prompt[sequence];
        if (!scores) continue;
        for (let l = 0; l < n_layer; l++) {
          for (let h = 0; h < n_head; h++) {
            const cells = pattern(i, l, h);
            const targets = [];
            for (let q = 1; q < n; q++) {
              for (let k = 1; k < q; k++) {
                const same = categories[q - 1] === categories[k - 1];
                if (same && words[q - 1] !== words[k - 1]) targets.push(cells[q * n + k] ?? NaN);
              }
            }
            const mean = targets.reduce((sum, each) => sum + each, 0) / targets.length;
            assert.ok(Math.abs(mean - scores[l][h]) < 1e-6, `L${l}H${h} on ${sequence}`);
          }
        }
      }
      // What was on show is on show still, and is what a file holds.
      assert.deepEqual(await exportedJson(page), results);
      assert.equal(await stateOf(page), 'done');
    }));

  test('can be cancelled, and then nothing is saved', () =>
    harness.withPage('v=1&model=tiny&n=500', {}, async ({ page }) => {
      await start(page, 'ready');
      let downloads = 0;
      page.on('download', () => downloads++);
      await button(page, 'Export NPZ').click();
      await page
        .locator('#bar-text')
        .filter({ hasText: /^Writing the patterns of prompt/ })
        .waitFor();
      await page.locator('#bar-cancel').click();
      await reach(page, 'ready');
      await page
        .locator('#export-note')
        .filter({ hasNotText: 'Making' })
        .waitFor({ state: 'attached' });
      assert.equal(await page.locator('#export-problem .problem').count(), 0);
      assert.equal(downloads, 0);
    }));

  test('needs the model: results from a file have none', async () => {
    const results = await harness.withPage(SMALL, {}, async ({ page }) => {
      await start(page, 'ready');
      return exportedJson(page);
    });
    await harness.withPage(SMALL, {}, async ({ page }) => {
      await startable(page);
      const buffer = Buffer.from(JSON.stringify(results));
      await page
        .locator('#open-file')
        .setInputFiles({ name: 'results.json', mimeType: 'application/json', buffer });
      await page.locator('#import-notice').filter({ hasText: 'Results from' }).waitFor();
      await button(page, 'Export NPZ').click();
      const problem = page.locator('#export-problem .problem');
      await problem.filter({ hasText: 'Press Start to open the model' }).waitFor();
      // The notebook needs none.
      const { bytes } = await exported(page, 'Export notebook');
      holdsStudy(bytes, results, page.url());
    });
  });

  test('says where a prompt ends, and is not made larger than it may be', async () => {
    const prompts = [
      { sequence: 3, ids: [50256, 7] },
      { sequence: 8, ids: [50256, 1, 2] },
    ];
    const file = new PatternFile(prompts, 1, 2);
    file.add(Float32Array.of(1, 0, 0.25, 0.75, 1, 0, 0.5, 0.5), 2);
    file.add(new Float32Array(18).fill(0.125), 3);
    const files = unzipped(Buffer.from(await file.blob().arrayBuffer()));
    const { shape, numbers } = array(files['pattern.npy']);
    assert.deepEqual(shape, [2, 1, 2, 3, 3]);
    const [no, e] = [NaN, 0.125];
    const short = (/** @type {number[]} */ [a, b, c, d]) => [a, b, no, c, d, no, no, no, no];
    assert.deepEqual(numbers, [
      ...short([1, 0, 0.25, 0.75]),
      ...short([1, 0, 0.5, 0.5]),
      ...Array.from({ length: 18 }, () => e),
    ]);
    assert.deepEqual(array(files['token_ids.npy']).numbers, [50256, 7, -1, 50256, 1, 2]);
    assert.deepEqual(array(files['prompt.npy']).numbers, [3, 8]);
    assert.throws(() => new PatternFile(prompts, 2, 2).add(new Float32Array(8), 2));

    assert.equal(patternBytes(prompts, 12, 144), 2 * 12 * 144 * 9 * 4);
    assert.equal(tooLarge(256e6), null);
    const long = [{ sequence: 0, ids: Array(1024).fill(0) }];
    assert.match(String(tooLarge(patternBytes(long, 12, 12))?.what), /604 MB.*256 MB/);
  });
});

test('the lines for pandas name the file and read what there is in it', () =>
  harness.withPage(SMALL, {}, async ({ page }) => {
    await start(page, 'ready');
    const copied = async () => {
      await button(page, 'Copy Python').click();
      await page.locator('#export-note').filter({ hasText: 'Python copied.' }).waitFor();
      return page.evaluate(() => navigator.clipboard.readText());
    };
    const first = await copied();
    const { name } = await exported(page, 'Export JSON');
    assert.ok(first.includes(`open(${JSON.stringify(name)}, encoding="utf-8")`), first);
    assert.doesNotMatch(first, /scores|ablations/);
    await button(page, 'Score all heads').click();
    await page.locator('#top-heads button').first().waitFor();
    await reach(page, 'ready');
    assert.match(await copied(), /^scores = pd\.DataFrame\($/m);
  }));

const python =
  process.env.HEADSCOPE_BENCH_PYTHON ?? path.join(root, '.setup/transformer-lens/bin/python3');
const long = process.env.HEADSCOPE_LONG === '1';
const without = existsSync(python)
  ? false
  : 'TransformerLens is not installed: tools/setup.sh transformer-lens';

describe('in Python', { skip: long ? without : 'only in make test-long' }, () => {
  const run = promisify(execFile);

  /**
   * Runs what a page exports in a folder of its own.
   * @param {string} hash
   * @param {(folder: string, page: Page) => Promise<unknown>} use
   */
  async function inFolder(hash, use) {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'headscope-'));
    try {
      await harness.withPage(`${hash}&run=all`, {}, async ({ page }) => {
        await start(page, 'done');
        await use(folder, page);
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  /**
   * What the page's notebook prints. It is checked by nbformat's schema first.
   * @param {string} folder
   * @param {Page} page
   * @param {NodeJS.ProcessEnv} [env]
   */
  async function printed(folder, page, env = {}) {
    const file = path.join(folder, 'study.ipynb');
    await writeFile(file, (await exported(page, 'Export notebook')).bytes);
    const script = path.join(root, 'tests/page/run_notebook.py');
    // No test may ask anything of other machines.
    const offline = { ...process.env, HF_HUB_OFFLINE: '1', ...env };
    const { stdout } = await run(python, [script, file], { env: offline, maxBuffer: 1 << 24 });
    return stdout;
  }

  /** @param {string} text */
  function agrees(text) {
    const largest = /^Largest difference from the page's numbers: (\S+)$/m.exec(text)?.[1];
    assert.ok(Number(largest) < 1e-5, text);
    assert.doesNotMatch(text, /do not agree/);
    return `largest difference ${largest}`;
  }

  const random = () => `${harness.models.url}random-3x4x32`;
  /** @type {[what: string, model: () => string, settings: string][]} */
  const STUDIES = [
    ['the notebook’s ablations', () => 'tiny', 'head=L1H1'],
    [
      'resampling and dataset means',
      () => 'tiny',
      'head=L2H0&ablate=all&kind=resample&against=dataset-mean',
    ],
    [
      'global means and zero',
      random,
      'head=L2H3&ablate=all&kind=global-mean&against=zero&metric=surprisal',
    ],
    [
      'several at once, by position means and by resampling',
      random,
      'head=L2H1&ablate=embed%2BL0.mlp,L0H1%2BL1.pattern,L0.mlp-only%2BL1H0,L1.attn&kind=position-mean&against=resample&metric=row-mass&target=induction&len=20',
    ],
    [
      'one prompt and a pair of categories',
      random,
      'head=L1H2&seed=7&over=prompt&target=pair-0-1&words=red,blue,green%0Adog,cat%0Ahappy,sad,angry,proud&cats=3&kind=zero',
    ],
    [
      'a text',
      () => 'tiny',
      'head=L1H0&text=red+dog+and+a+blue+cat+happily+ran&kind=position-mean&ablate=all',
    ],
  ];
  for (const [what, model, settings] of STUDIES) {
    test(`the notebook of ${what} computes the page’s numbers`, (t) =>
      inFolder(`v=1&model=${model()}&${settings}`, async (folder, page) => {
        t.diagnostic(agrees(await printed(folder, page)));
      }));
  }

  test('the notebook of a model in a folder checks the tokens', (t) =>
    inFolder(`${SMALL}&head=L1H0`, async (folder, page) => {
      for (const file of ['config.json', 'model.safetensors']) {
        await cp(path.join(root, 'data/tiny', file), path.join(folder, file));
      }
      const merges = await readFile(path.join(root, 'data/tokenizer/merges.txt'), 'utf8');
      const pairs = merges.trim().split('\n').slice(1);
      const names = [
        ...byteSymbols(),
        ...pairs.map((pair) => pair.replace(' ', '')),
        '<|endoftext|>',
      ];
      const vocab = Object.fromEntries(names.map((name, id) => [name, id]));
      await writeFile(path.join(folder, 'vocab.json'), JSON.stringify(vocab));
      await writeFile(path.join(folder, 'merges.txt'), merges);
      const text = await printed(folder, page, { HEADSCOPE_MODEL: folder });
      assert.match(text, /The token ids of all 6 prompts are the page's\./);
      t.diagnostic(agrees(text));
    }));

  test('the lines for pandas and the file of patterns open', () =>
    inFolder(TWELVE, async (folder, page) => {
      for (const what of ['Export JSON', 'Export NPZ']) {
        const { name, bytes } = await exported(page, what);
        await writeFile(path.join(folder, what === 'Export NPZ' ? 'patterns.npz' : name), bytes);
      }
      await button(page, 'Copy Python').click();
      await page.locator('#export-note').filter({ hasText: 'Python copied.' }).waitFor();
      const lines = await page.evaluate(() => navigator.clipboard.readText());
      const check = `
import numpy as np

file = np.load("patterns.npz")
layer, head = map(int, results["patterns"]["head"][1:].split("H"))
at = list(file["prompt"]).index(results["patterns"]["prompt"])
assert np.abs(file["pattern"][at, layer, head] - pattern.to_numpy()).max() < 1e-6
mean = scores.groupby(["layer", "head"])["score"].mean().unstack().to_numpy()
assert np.abs(mean - results["head_scores"]["mean"]).max() < 1e-9
means = ablations.groupby("component")["effect"].mean()
first = results["ablations"][0]
effect = np.mean(first["ablated"]) - np.mean(first["baseline"])
assert abs(means[first["component"]] - effect) < 1e-9
assert len(prompts) == len(results["prompts"])
`;
      await run(python, ['-c', `${lines}\n${check}`], { cwd: folder });
    }));
});
