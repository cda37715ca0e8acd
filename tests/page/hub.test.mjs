// The hub as it is: it leads to addresses that expire, limits requests, and names
// versions as it likes; and other hosts, which send what nobody asked for.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { makeStandIn, publishedLayout } from '../../tools/stand-in.mjs';
import { figuresOf } from '../fixtures/random-3x4x32/published.mjs';
import {
  button,
  complaints,
  dist,
  exportedJson,
  FAILED_REQUEST,
  fixtures,
  pressStart,
  reach,
  root,
  study,
  tryStudy,
  useHarness,
} from './harness.mjs';
import { startHost } from './host.mjs';

/** @typedef {import('./harness.mjs').Page} Page */
/** @typedef {import('./host.mjs').Host} Host */

const layout = publishedLayout();
const { folder: large } = makeStandIn();
const small = path.join(fixtures, 'random-3x4x32');
/** A study of layer 0's patterns. */
const FIRST_LAYER = '&head=L0H1&n=4&len=6';

const harness = useHarness();
/** The small model with other weights and the same shapes. */
let other = '';
before(async () => {
  other = await mkdtemp(path.join(os.tmpdir(), 'headscope-other-'));
  await cp(small, other, { recursive: true });
  const file = path.join(other, 'model.safetensors');
  const bytes = await readFile(file);
  // Every number changes its sign.
  for (let at = 8 + Number(bytes.readBigUInt64LE(0)) + 3; at < bytes.length; at += 4) {
    bytes[at] = (bytes[at] ?? 0) ^ 0x80;
  }
  await writeFile(file, bytes);
});
after(() => rm(other, { recursive: true, force: true }));

/**
 * Opens a study in a browser context of its own, of a model on a hub of its own.
 *
 * @template T
 * @param {string} rest of the link, after the model
 * @param {import('./harness.mjs').PageOptions & { folder?: string, revision?: string, before?: (host: Host) => void }} options
 * @param {(open: import('./harness.mjs').OpenPage & { host: Host }) => Promise<T>} use
 * @returns {Promise<T>}
 */
async function withHub(rest, { folder = small, revision = 'main', before, ...options }, use) {
  const host = await startHost({ folder });
  try {
    before?.(host);
    const link = `v=1&model=${encodeURIComponent(host.revision(revision))}${rest}`;
    const opened = { expected: FAILED_REQUEST, ...options };
    return await harness.withPage(link, opened, (page) => use({ ...page, host }));
  } finally {
    await host.close();
  }
}

/**
 * Scores all heads, or comes to a problem.
 * @param {Page} page
 */
async function scoreHeads(page) {
  await button(page, 'Score all heads').click();
  const note = page.locator('#step-scores [data-note]').filter({ hasText: 'Up to date' });
  const failed = page.locator('html[data-state="error"]');
  await note.or(failed).first().waitFor({ state: 'attached', timeout: 180_000 });
}

/**
 * The keys of what is kept of models.
 * @param {Page} page
 * @returns {Promise<string[]>}
 */
function keys(page) {
  return page.evaluate(async () => {
    const cache = await caches.open('headscope-weights-1');
    return (await cache.keys()).map(({ url }) =>
      decodeURIComponent(new URL(url).pathname.slice(1).replaceAll('+', ' ')),
    );
  });
}

/**
 * Waits until the host has sent so many bytes.
 * @param {Page} page
 * @param {Host} host
 * @param {number} bytes
 */
async function sent(page, host, bytes) {
  const deadline = Date.now() + 60_000;
  while (host.bytes < bytes && Date.now() < deadline) await page.waitForTimeout(5);
  assert.ok(host.bytes >= bytes, `${host.bytes} of ${bytes} bytes were sent`);
}

describe('the hub is asked', () => {
  test('for the way once, then where it leads, and nothing signed is kept', (t) =>
    withHub('&n=6', { folder: large }, async ({ page, host }) => {
      await study(page);
      const first = host.asked.length;
      t.diagnostic(`${first} requests: ${host.asked.map(({ file }) => file).join(', ')}`);
      assert.ok(first <= 3, `${first} requests of the hub for a study`);
      await scoreHeads(page);
      await reach(page, 'ready', 180_000);
      assert.ok(host.asked.length - first <= 3, `${host.asked.length - first} more for all heads`);
      assert.ok(host.requests.length > 50, 'the second host was asked for the ranges');
      const file = JSON.stringify(await exportedJson(page));
      const stored = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
      for (const [where, text] of Object.entries({
        file,
        stored,
        link: page.url(),
        cache: (await keys(page)).join('\n'),
      })) {
        assert.doesNotMatch(text, /signature=|expires=/, `a signed address in the ${where}`);
      }
    }));

  /** How the second host says that an address is no good any more. */
  const refusals = [403, 404, 410, 401];
  for (const status of refusals) {
    test(`anew when its address answers ${status}, and once for all readers`, () =>
      withHub('&n=6', { folder: large }, async ({ page, host }) => {
        host.rate = 20e6;
        await pressStart(page);
        await sent(page, host, 2e6);
        const before = host.asked.length;
        if (status === 403) host.expire();
        else host.fault({ do: 'status', status, origin: 'storage' });
        await reach(page, 'ready', 180_000);
        assert.ok(
          host.requests.some((request) => request.status === status),
          'an address was refused',
        );
        assert.equal(host.asked.length - before, 1, 'requests for a new address');
      }));
  }

  test('each time where it gives addresses that answer once', () =>
    withHub(FIRST_LAYER, { before: (host) => (host.singleUse = true) }, async ({ page, host }) => {
      const results = await study(page);
      assert.ok(results.patterns.rows.length > 0);
      const refused = host.requests.filter(({ status }) => status === 403).length;
      assert.ok(refused <= 6, `${refused} requests were refused`);
    }));
});

describe('a host that asks for a pause', { concurrency: 3 }, () => {
  test('of a minute, which no page may read, gets it, with a countdown and a Cancel', async (t) =>
    withHub('&n=6', { folder: large }, async ({ page, host }) => {
      host.rate = 20e6;
      await pressStart(page);
      await sent(page, host, 5e6);
      host.expire();
      host.limit = host.asked.length;
      const stage = page.locator('#step-head .progress-stage');
      const detail = page.locator('#step-head .progress-detail');
      await stage.filter({ hasText: /^127\.0\.0\.1:\d+ asks for a pause$/ }).waitFor();
      const refused = Date.now();
      assert.match(
        String(await detail.textContent()),
        /^Goes on by itself in [56]\d s; what arrived is kept\.$/,
      );
      // What was on its way arrives; then nobody is asked for anything.
      await page.waitForTimeout(3000);
      const asked = host.requests.length;
      await page.waitForTimeout(5000);
      assert.equal(host.requests.length, asked, 'requests during the pause');

      await page.locator('#step-head').getByRole('button', { name: 'Cancel' }).click();
      await reach(page, 'start', 5000);
      await pressStart(page);
      await stage.filter({ hasText: /asks for a pause$/ }).waitFor();
      assert.match(String(await detail.textContent()), /by itself in [2-5]\d s/);
      host.limit = Infinity;
      await reach(page, 'ready', 120_000);
      const again = host.requests[asked]?.time ?? 0;
      const waited =
        (again - (host.requests.find(({ status }) => status === 429)?.time ?? 0)) / 1000;
      t.diagnostic(
        `asked again after ${waited.toFixed(1)} s, ${(Date.now() - refused) / 1000} s in all`,
      );
      assert.ok(waited >= 59 && waited < 70, `asked again after ${waited} s`);
      // The ranges that were on their way when the address expired began again.
      assert.ok(host.bytes < 36.5e6 + 20e6, `${host.bytes} bytes: what arrived is kept`);
      assert.equal(host.requests.filter(({ status }) => status === 429).length, 1);
    }));

  for (const [how, retryAfter] of /** @type {const} */ ([
    ['seconds', 3],
    ['a date', () => new Date(Date.now() + 4000).toUTCString()],
  ])) {
    test(`told in ${how} gets that`, () =>
      withHub(FIRST_LAYER, {}, async ({ page, host }) => {
        host.fault({ do: 'status', status: 503, retryAfter, skip: 1 });
        await study(page);
        const refused = host.requests.find(({ status }) => status === 503);
        const next = host.requests.find(
          ({ from, time, status }) =>
            from === refused?.from && time > refused.time && status === 206,
        );
        assert.ok(refused && next, 'it refused, and was asked again');
        const waited = next.time - refused.time;
        assert.ok(waited > 1900 && waited < 9000, `asked again after ${waited} ms`);
      }));
  }

  test('of hours is not waited for', () =>
    withHub(FIRST_LAYER, {}, async ({ page, host }) => {
      host.fault({ do: 'status', status: 429, retryAfter: 7200 });
      assert.equal(await tryStudy(page), 'error');
      assert.match((await complaints(page)).join(' '), /127\.0\.0\.1:\d+ .*pause of 120 min/);
      await button(page, 'Retry').click();
      await reach(page, 'ready');
    }));
});

describe('versions that a host names', () => {
  const length = (/** @type {number} */ size) => `"v-${size}"`;
  let n = 0;
  /** @type {[what: string, version: (size: number) => Record<string, string>, noted: boolean][]} */
  const VERSIONS = [
    [
      'weak and strong in turn',
      (size) => ({ ETag: `${n++ % 2 ? 'W/' : ''}${length(size)}` }),
      false,
    ],
    [
      'marked as packed in turn',
      (size) => ({ ETag: `"v-${size}${n++ % 2 ? '-gzip' : ''}"` }),
      false,
    ],
    ['a new one in each answer', () => ({ ETag: `"v-${n++}"` }), true],
    [
      'another date in each answer',
      () => ({ 'Last-Modified': new Date(1.6e12 + 1000 * n++).toUTCString() }),
      true,
    ],
    ['none at all', () => ({}), true],
  ];
  for (const [what, version, noted] of VERSIONS) {
    test(`${what}: the study goes on${noted ? ', and the page says that nothing is kept' : ''}`, () =>
      withHub(FIRST_LAYER, { before: (host) => (host.version = version) }, async ({ page }) => {
        await study(page);
        await scoreHeads(page);
        await reach(page, 'ready');
        assert.deepEqual(await complaints(page), []);
        const parts = (await keys(page)).filter((key) => !key.endsWith('/description'));
        // What a host turns out to make up is learnt in the middle of a load.
        await page.reload();
        await study(page);
        const said = await page.locator('.launch').innerText();
        assert.equal(/no(thing| version).*kept on this device/.test(said), noted, said);
        assert.equal(parts.length === 0, noted, `kept: ${parts.join(', ')}`);
      }));
  }

  test('do not matter at an address of one commit: what is kept is used', () =>
    withHub(
      FIRST_LAYER,
      { revision: 'a'.repeat(40), before: (host) => (host.version = () => ({ ETag: `"${n++}"` })) },
      async ({ page, host }) => {
        await study(page);
        host.reset();
        await page.reload();
        await study(page);
        assert.deepEqual(host.requests, [], 'requests for what is kept');
        await scoreHeads(page);
        await reach(page, 'ready');
        assert.deepEqual(await complaints(page), []);
      },
    ));
});

describe('a file that was replaced on its host', () => {
  /** @type {[what: string, before: (host: Host) => void][]} */
  const HOSTS = [
    ['that shows another ETag', (host) => (host.version = () => ({ ETag: `"${host.folder}"` }))],
    ['that shows no version', (host) => (host.version = () => ({}))],
    [
      'that shows no version and sends whole files',
      (host) => {
        host.version = () => ({});
        host.fault({ do: 'whole', times: Infinity });
      },
    ],
  ];
  for (const [what, before] of HOSTS) {
    test(`${what} is found, and no result has bytes of both`, async () => {
      const clean = await withHub(FIRST_LAYER, { folder: other }, async ({ page }) => {
        await study(page);
        await scoreHeads(page);
        await reach(page, 'ready');
        return exportedJson(page);
      });
      await withHub(FIRST_LAYER, { before }, async ({ page, host }) => {
        const old = await study(page);
        assert.notDeepEqual(old.patterns, clean.patterns, 'the files differ');
        host.folder = other;
        // The other layers have to be fetched.
        await scoreHeads(page);
        await reach(page, 'error');
        assert.match((await complaints(page)).join(' '), /model\.safetensors on 127.* has changed/);
        assert.ok(await page.locator('#pattern-empty').isVisible(), 'old results are gone');
        await button(page, 'Retry').click();
        await page.waitForSelector('html:not([data-state="error"])', { state: 'attached' });
        await reach(page, 'ready');
        await scoreHeads(page);
        await reach(page, 'ready');
        const results = await exportedJson(page);
        assert.deepEqual(results.patterns, clean.patterns);
        assert.deepEqual(results.head_scores.mean, clean.head_scores.mean);
      });
    });
  }

  test('takes only what was kept of it: not of addresses that begin alike', () =>
    withHub(FIRST_LAYER, { revision: 'main-2' }, async ({ page, host }) => {
      await study(page);
      const kept = (await keys(page)).filter((key) => key.includes('/main-2/'));
      assert.ok(kept.length > 1, 'the neighbour is kept');
      const link = `#v=1&model=${encodeURIComponent(host.url)}${FIRST_LAYER}`;
      await page.goto(harness.site.url + link);
      await page.reload();
      await study(page);
      host.version = () => ({ ETag: '"another"' });
      await page.reload();
      await page.goto(`${harness.site.url}${link.replace('n=4', 'n=9')}`);
      await page.reload();
      assert.equal(await tryStudy(page), 'error');
      const left = await keys(page);
      assert.deepEqual(left.filter((key) => key.includes('/main-2/')).sort(), kept.sort());
      assert.deepEqual(
        left.filter((key) => key.includes('/main/')),
        [],
      );
    }));
});

describe('what is not the file is named', { concurrency: 3 }, () => {
  const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 548105171\n`;
  const type = 'binary/octet-stream';
  /** @type {[what: string, fault: import('./host.mjs').Fault, names: RegExp][]} */
  const ANSWERS = [
    ['a web page', { do: 'other', body: '<!DOCTYPE html><title>Sign in</title>' }, /web page/],
    ['a web page as bytes', { do: 'other', type, body: '\n <html><p>Welcome.' }, /web page/],
    ['a message in XML', { do: 'other', type, body: '<?xml version="1.0"?><Error/>' }, /XML/],
    ['a pointer file', { do: 'other', type, body: POINTER }, /pointer to a large file/],
    ['a demand for a login', { do: 'status', status: 401 }, /login.*401/],
    ['a refusal', { do: 'status', status: 403 }, /login.*403/],
  ];
  for (const [what, fault, names] of ANSWERS) {
    for (const file of ['config.json', 'model.safetensors']) {
      test(`${what} for ${file}`, () =>
        withHub(FIRST_LAYER, {}, async ({ page, host }) => {
          host.fault({ ...fault, file, times: Infinity });
          assert.equal(await tryStudy(page), 'error');
          const said = (await complaints(page)).join(' ');
          assert.match(said, names);
          assert.match(said, new RegExp(`127\\.0\\.0\\.1.*${file.replace('.', '\\.')}`));
          assert.doesNotMatch(said, /Check the connection|header of \d+ bytes|expected value/);
          host.clear();
          await button(page, 'Retry').click();
          await reach(page, 'ready');
        }));
    }
  }

  test('a web page in the middle, as a café sends it, costs nothing that is kept', () =>
    withHub(FIRST_LAYER, {}, async ({ page, host }) => {
      host.fault({ do: 'other', body: '<!doctype html><p>Welcome.', skip: 3, times: Infinity });
      assert.equal(await tryStudy(page), 'error');
      assert.match((await complaints(page)).join(' '), /web page/);
      assert.ok((await keys(page)).length > 0, 'what arrived is kept');
      host.clear();
      await button(page, 'Retry').click();
      await reach(page, 'ready');
    }));

  test('packed ranges', () =>
    withHub(FIRST_LAYER, {}, async ({ page, host }) => {
      host.fault({ do: 'packed', times: Infinity });
      assert.equal(await tryStudy(page), 'error');
      assert.match(
        (await complaints(page)).join(' '),
        /127\.0.* packs model\.safetensors \(Content-Encoding\)/,
      );
    }));
});

describe('ways out', () => {
  test('of a host out of reach: again, the bundled model, a file from disk, another address', () =>
    withHub(FIRST_LAYER, {}, async ({ page, host }) => {
      host.fault({ do: 'no-cors', times: Infinity });
      host.fault({ do: 'status', status: 500, file: 'config.json', times: Infinity });
      assert.equal(await tryStudy(page), 'error');
      for (const name of ['Retry', 'Use the bundled model']) {
        assert.equal(await button(page, name).count(), 1, name);
      }
      await button(page, 'Give another address').click();
      assert.equal(await page.evaluate(() => document.activeElement?.id), 'model-address');
      const [chooser] = await Promise.all([
        page.waitForEvent('filechooser'),
        button(page, 'Pick the file from disk').click(),
      ]);
      await chooser.setFiles([
        path.join(small, 'model.safetensors'),
        path.join(small, 'config.json'),
      ]);
      await study(page);
    }));

  test('of a picked file with a number that is none say nothing of the connection', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'headscope-nan-'));
    try {
      const bytes = await readFile(path.join(small, 'model.safetensors'));
      const header = 8 + Number(bytes.readBigUInt64LE(0));
      for (let at = header; at + 4 <= bytes.length; at += 4096) bytes.writeFloatLE(NaN, at);
      const file = path.join(folder, 'model.safetensors');
      await writeFile(file, bytes);
      await harness.withPage('v=1&head=L0H1&n=4', {}, async ({ page }) => {
        const input = page.locator('#model-files');
        await input.setInputFiles([file, path.join(small, 'config.json')]);
        await page.waitForTimeout(500);
        assert.equal(await tryStudy(page), 'error');
        const said = (await complaints(page)).join(' ');
        assert.match(said, /not a finite number/);
        assert.doesNotMatch(said, /connection/);
        assert.equal(await button(page, 'Pick the file from disk').count(), 1);
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('bytes are told alike', () => {
  test('by Start, by what was read, by what is kept and by Clear', () =>
    harness.withPage('v=1&model=tiny', {}, async ({ page }) => {
      const note = page.locator('#note-head');
      await note.filter({ hasText: 'Downloads' }).waitFor();
      const [, promised] = /Downloads (\S+ .B) from/.exec(await note.innerText()) ?? [];
      const results = await study(page);
      assert.match(await note.innerText(), new RegExp(`Read ${promised} from the network`));
      const { hashed_bytes, of } = results.model.weights_checked;
      assert.equal(hashed_bytes, 0, 'no hash of it is published');
      assert.ok(of > 100_000 && of <= results.bytes.network, `${of} bytes of weights`);
      assert.equal('weights_sha256' in results.model, false, 'the file was not hashed');
      const kept = page.locator('#storage-text').filter({ hasText: /\d/ });
      const [, amount] = /Cache: (\S+ .B)/.exec(String(await kept.textContent())) ?? [];
      assert.equal(amount, `${Math.round(of / 1000)} kB`);
    }));

  test('by a line of progress that is not cut, at any width', async () => {
    for (const width of [360, 1280]) {
      await withHub('&n=6', { folder: large, width }, async ({ page, host }) => {
        host.rate = 4e6;
        await pressStart(page);
        const detail = page.locator('#step-head .progress-detail');
        await detail.filter({ hasText: /left · .* MB from the network/ }).waitFor();
        for (const line of [detail, page.locator('#step-head .progress-amount')]) {
          const cut = await line.evaluate((text) =>
            Math.max(text.scrollWidth - text.clientWidth, text.scrollHeight - text.clientHeight),
          );
          assert.ok(cut <= 0, `${cut} pixels are cut at ${width}`);
        }
        await page.locator('#step-head').getByRole('button', { name: 'Cancel' }).click();
      });
    }
  });
});

describe('make check-hub', () => {
  /**
   * Runs the tool.
   * @param {string[]} args
   * @returns {Promise<{ status: number, said: string }>}
   */
  function checkHub(...args) {
    const tool = path.join(root, 'tools/check-hub.mjs');
    return new Promise((resolve) => {
      execFile(process.execPath, [tool, ...args], (error, stdout, stderr) => {
        resolve({ status: Number(error?.code ?? 0), said: stdout + stderr });
      });
    });
  }

  /** A site whose published numbers are those of the stand-in. */
  let site = '';
  before(async () => {
    site = await mkdtemp(path.join(os.tmpdir(), 'headscope-site-'));
    await cp(dist, site, { recursive: true });
  });
  after(() => rm(site, { recursive: true, force: true }));

  /** @param {string} name */
  const data = (name) => path.join(site, 'data/gpt2', name);

  test('plays the whole study: 0 if all numbers are reached, 1 if one is not', async (t) => {
    await mkdir(path.dirname(data('')), { recursive: true });
    const tensor = layout.tensors.find(({ name }) => name === 'h.0.attn.c_attn.weight');
    assert.ok(tensor);
    const [from, to] = tensor.offsets;
    const handle = await open(path.join(large, 'model.safetensors'));
    const bytes = Buffer.alloc(to - from);
    await handle.read(bytes, 0, bytes.length, layout.dataStart + from);
    await handle.close();
    const hash = createHash('sha256').update(bytes).digest('hex');
    await writeFile(
      data('tensor-sha256.tsv'),
      `tensor\tshape\tsha256\n${tensor.name}\t?\t${hash}\n`,
    );
    const figures = figuresOf(pathToFileURL(`${large}/`));
    await writeFile(
      data('published-figures.json'),
      JSON.stringify({ prompts: [figures('The cat sat', 3)] }),
    );

    // The stand-in's own scores, printed to four places.
    const notebook = JSON.parse(await readFile(data('notebook.json'), 'utf8'));
    const { kept_sequences: kept, same_category_attention_L1H5: printed } = notebook;
    const ablations = await withHub('&run=all', { folder: large }, async ({ page }) => {
      await pressStart(page);
      await reach(page, 'done', 240_000);
      return (await exportedJson(page)).ablations;
    });
    const places = (/** @type {number} */ score) => Number(score.toFixed(4));
    const components = ['embed', 'pos_embed', 'L0.pattern', 'L0.mlp'];
    const names = Object.keys(printed.per_kept_sequence);
    const written = [/^embed /, /^pos_embed /, /^L0 pattern /, /^L0 mlp_out /];
    components.forEach((component, i) => {
      const row = ablations.find((/** @type {any} */ each) => each.component === component);
      const name = names.find((each) => written[i]?.test(each)) ?? '';
      printed.per_kept_sequence[name] = kept.map((/** @type {number} */ sequence) =>
        places(row.ablated[row.sequences.indexOf(sequence)]),
      );
      printed.second_kept_sequence_no_ablation = places(
        row.baseline[row.sequences.indexOf(kept[1])],
      );
    });
    await writeFile(data('notebook.json'), JSON.stringify(notebook));

    const hub = await startHost({ folder: large });
    try {
      const good = await checkHub('--dist', site, '--hub', hub.front);
      t.diagnostic(good.said);
      assert.match(good.said, /^88 of 88 printed scores/m);
      const [, promised] = /^Downloads (\d+ MB) from huggingface/m.exec(good.said) ?? [];
      assert.match(good.said, new RegExp(`^Open: .* Read ${promised} from the network`, 'm'));
      assert.match(good.said, /whole model.* Downloads \d+ MB from huggingface\.co/);
      assert.match(good.said, /^Self-check: Passed/m);
      assert.match(good.said, /^huggingface\.co: 1 requests/m);
      assert.match(good.said, /^127\.0\.0\.1:\d+: \d+ requests, [45]\d\d\.\d MB$/m);
      assert.match(good.said, new RegExp(`^${bytes.length} of \\d+ bytes of weights`, 'm'));
      assert.equal(good.status, 0, good.said);
      assert.equal(hub.asked.length, 1, 'requests for the published model');

      printed.per_kept_sequence[names[0] ?? ''][3] += 0.001;
      await writeFile(data('notebook.json'), JSON.stringify(notebook));
      const bad = await checkHub('--dist', site, '--hub', hub.front);
      assert.match(bad.said, /^87 of 88 printed scores/m);
      assert.equal(bad.status, 1, bad.said);
    } finally {
      await hub.close();
    }
  });

  test('says that it could not be tried where nobody answers: 2', async () => {
    const nobody = await startHost({ folder: large });
    await nobody.close();
    const { status, said } = await checkHub('--dist', site, '--hub', nobody.front);
    assert.match(said, /^Could not be tried: the page says: .*did not answer/m);
    assert.equal(status, 2);
  });
});
