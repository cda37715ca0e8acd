// Loading weights, on a stand-in of GPT-2 small's size and layout from a host
// that counts every byte and misbehaves on command.

import assert from 'node:assert/strict';
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { makeStandIn, publishedLayout } from '../../tools/stand-in.mjs';
import { serve } from '../../tools/server.mjs';
import {
  button,
  complaints,
  dist,
  exportedJson,
  FAILED_REQUEST,
  pressStart,
  reach,
  stateOf,
  study,
  tryStudy,
  useHarness,
  wasmMemory,
} from './harness.mjs';
import { startHost } from './host.mjs';

/** @typedef {import('./harness.mjs').Page} Page */
/** @typedef {import('./host.mjs').Host} Host */

/** A study that needs every kind of part, and few prompts, to be over soon. */
const FEW = '&n=6';
/** A study of layer 0's patterns: 7 MB in some 25 ranges. */
const SMALL = '&head=L0H5&n=4&len=6';

/** The largest tensor of a layer: no part that is fetched at once is larger. */
const LARGEST_PART = 768 * 3072 * 4;
/** config.json, the header and a probe or two once more. */
const SLACK = 64 << 10;

const layout = publishedLayout();

const { folder } = makeStandIn();
const harness = useHarness();

/**
 * Opens a study in a browser context of its own, of a model on a host of its own.
 *
 * @template T
 * @param {string} rest of the link, after the model
 * @param {import('./harness.mjs').PageOptions & { fault?: import('./host.mjs').Fault, plain?: boolean }} options
 * @param {(open: import('./harness.mjs').OpenPage & { host: Host }) => Promise<T>} use
 * @returns {Promise<T>}
 */
async function withStudy(rest, { fault, plain, ...options }, use) {
  const host = await startHost({ folder });
  try {
    if (fault) host.fault(fault);
    const model = encodeURIComponent(plain ? host.plainUrl : host.url);
    const open = (/** @type {import('./harness.mjs').OpenPage} */ page) => use({ ...page, host });
    return await harness.withPage(`v=1&model=${model}${rest}`, options, open);
  } finally {
    await host.close();
  }
}

/**
 * @typedef {object} Undisturbed
 * @property {any} results
 * @property {number} bytes of all bodies
 */

/** @type {Map<string, Promise<Undisturbed>>} */
const runs = new Map();

/**
 * What a study gives, and how much it moves, when nothing goes wrong. Run once.
 * @param {string} rest of the link
 * @returns {Promise<Undisturbed>}
 */
function undisturbed(rest) {
  let run = runs.get(rest);
  if (!run) {
    run = withStudy(rest, {}, async ({ page, host }) => {
      const results = await study(page);
      return { results, bytes: host.bytes };
    });
    runs.set(rest, run);
  }
  return run;
}

/**
 * @param {any} found
 * @param {any} wanted
 * @param {string} what
 */
function assertClose(found, wanted, what) {
  if (wanted === null || typeof wanted !== 'object') {
    const same = typeof wanted === 'number' ? Math.abs(found - wanted) <= 1e-6 : found === wanted;
    assert.ok(same, `${what} is ${found}, and undisturbed it is ${wanted}`);
    return;
  }
  assert.deepEqual(Object.keys(found ?? {}), Object.keys(wanted), `what ${what} has`);
  for (const key of Object.keys(wanted)) assertClose(found[key], wanted[key], `${what}.${key}`);
}

/**
 * @param {any} results
 * @param {Undisturbed} undisturbedRun
 */
function assertSameNumbers(results, { results: wanted }) {
  assert.ok(wanted.patterns.rows.length > 0, 'there is a pattern to compare with');
  assert.deepEqual(results.prompts, wanted.prompts);
  assertClose(results.patterns, wanted.patterns, 'patterns');
  assertClose(results.breakdown, wanted.breakdown, 'breakdown');
}

/**
 * @param {{ bytes: number }} host
 * @param {number} most
 * @param {string} why
 */
function assertMovedAtMost({ bytes }, most, why) {
  assert.ok(bytes <= most, `${bytes} bytes moved, at most ${most} were due: ${why}`);
}

/**
 * Bytes of the model file that were asked for more than once.
 * @param {Host} host
 */
function askedTwice({ requests }) {
  const ranges = requests
    .filter(({ file, status }) => file === 'model.safetensors' && status === 206)
    .map(({ from, to }) => ({ from, to }))
    .sort((a, b) => a.from - b.from);
  let twice = 0;
  let end = 0;
  for (const { from, to } of ranges) {
    twice += Math.max(Math.min(end, to) - from, 0);
    end = Math.max(end, to);
  }
  return twice;
}

/**
 * Bytes of mask buffers that were asked for, in the gaps between what is needed.
 * @param {Host} host
 */
function maskBytes({ requests }) {
  const masks = layout.tensors
    .filter(({ name }) => /^h\.\d+\.attn\.bias$/.test(name))
    .map(({ offsets: [from, to] }) => [layout.dataStart + from, layout.dataStart + to]);
  let bytes = 0;
  for (const { file, status, from, to } of requests) {
    if (file !== 'model.safetensors' || status !== 206) continue;
    for (const [start = 0, end = 0] of masks) {
      bytes += Math.max(Math.min(to, end) - Math.max(from, start), 0);
    }
  }
  return bytes;
}

/**
 * The weights in the browser's cache, the largest first.
 * @param {Page} page
 */
async function cached(page) {
  const entries = await page.evaluate(async () => {
    const found = [];
    for (const name of await caches.keys()) {
      if (!name.startsWith('headscope-weights')) continue;
      const cache = await caches.open(name);
      for (const { url } of await cache.keys()) {
        const response = await cache.match(url, { ignoreVary: true });
        found.push({ name, url, size: (await response?.blob())?.size ?? 0 });
      }
    }
    return found;
  });
  return entries.sort((a, b) => b.size - a.size);
}

/**
 * Damages an entry of a cache: a flipped bit in its middle, or its second half gone.
 * @param {Page} page
 * @param {{ name: string, url: string }} entry
 * @param {'flip' | 'halve'} how
 */
function damage(page, entry, how) {
  return page.evaluate(async ([name, url, how]) => {
    const cache = await caches.open(name);
    const response = await cache.match(url, { ignoreVary: true });
    if (!response) throw new Error(`${url} is not cached`);
    let body = new Uint8Array(await response.arrayBuffer());
    const middle = body.length >> 1;
    if (how === 'halve') body = body.slice(0, middle);
    else body[middle] = (body[middle] ?? 0) ^ 1;
    const { status, headers } = response;
    await cache.put(url, new Response(body, { status, headers }));
  }, /** @type {const} */ ([entry.name, entry.url, how]));
}

describe('a study moves only what it needs', () => {
  test('36.5 MB for the default one, no byte twice, no mask, no preflight', (t) =>
    withStudy('', {}, async ({ page, host }) => {
      const results = await study(page);
      const { requests } = host;
      // Beside them came the tokenizer, which the published model is not asked for.
      const bytes = host.bytesOf('model.safetensors');
      const asked = requests.filter(({ status }) => status === 206).length;
      const memory = await wasmMemory(page);
      t.diagnostic(`${bytes} bytes in ${asked} ranges, ${memory} bytes of WebAssembly memory`);
      assert.equal(results.patterns.head, 'L1H5');
      assert.ok(bytes > 30e6, 'the counter works');
      assertMovedAtMost({ bytes }, 36.5e6, 'the default study');
      assert.ok(askedTwice(host) <= SLACK, `${askedTwice(host)} bytes were asked for twice`);
      assert.ok(maskBytes(host) <= 2 * SLACK, `${maskBytes(host)} bytes of masks were asked for`);
      assert.deepEqual(
        requests.filter(({ method }) => method === 'OPTIONS'),
        [],
        'a preflight, which a static host need not answer',
      );
      assert.ok(memory <= 110e6, `${memory} bytes of WebAssembly memory`);
    }));

  test('345 MB in all for the scores of 144 heads, of which it fetches the rest', (t) =>
    withStudy(FEW, {}, async ({ page, host }) => {
      await study(page);
      await button(page, 'Score all heads').click();
      await page.waitForSelector('html[data-state="running"]', { state: 'attached' });
      await reach(page, 'ready', 120_000);
      const { head_scores: scores } = await exportedJson(page);
      const memory = await wasmMemory(page);
      t.diagnostic(`${host.bytes} bytes, ${memory} bytes of WebAssembly memory`);
      assert.equal(scores.mean.length, 12);
      assert.ok(scores.mean.flat().every(Number.isFinite), 'every score is a number');
      assert.ok(host.bytes > 300e6, 'the counter works');
      assertMovedAtMost(host, 345e6, 'the scores');
      // Layer by layer, small tensors that lie in the gaps of one layer's ranges come
      // again with their own.
      assert.ok(askedTwice(host) <= 4 * SLACK, `${askedTwice(host)} bytes were asked for twice`);
      assert.ok(maskBytes(host) <= 12 * SLACK, `${maskBytes(host)} bytes of masks were asked for`);
    }));

  test('560 MB of memory for the whole model and its logits', (t) =>
    withStudy(SMALL, {}, async ({ page, host }) => {
      await study(page);
      await page.locator('#text-fold > summary').click();
      await page
        .getByRole('button', { name: 'Run full model', exact: true, disabled: false })
        .click();
      await page.locator('#text-table table').waitFor({ state: 'attached', timeout: 180_000 });
      const memory = await wasmMemory(page);
      t.diagnostic(`${host.bytes} bytes, ${memory} bytes of WebAssembly memory`);
      // Every parameter but the positions that no token takes, and no mask.
      assert.ok(host.bytes > 490e6, 'the counter works');
      assertMovedAtMost(host, 498e6, 'the whole model');
      assert.ok(memory <= 560e6, `${memory} bytes of WebAssembly memory`);
    }));

  test('and nothing from a reload on: it comes from the cache, and the page says so', async () => {
    const clean = await undisturbed(FEW);
    await withStudy(FEW, {}, async ({ page, host }) => {
      await study(page);
      host.reset();
      await page.reload();
      const results = await study(page);
      assertSameNumbers(results, clean);
      assert.equal(host.bytesOf('model.safetensors'), 0, 'bytes of the model file');
      // Its 300 bytes may be asked for again: they say whether the model is the same.
      assertMovedAtMost(host, 1000, 'a reload');
      assert.ok(results.bytes.network <= 1000, 'the results file says so');
      assert.ok(results.bytes.cache > 35e6, 'the results file says so');
      assert.match(await page.locator('.launch').innerText(), /from (the |this browser.s )?cache/i);
    });
  });
});

describe('a download that is cut goes on by itself, and fetches at most one part twice', () => {
  // The first in the header; the others spread over the rest.
  const points = [0.0002, ...Array.from({ length: 19 }, (_, i) => (i + 0.5) / 19)];
  points.forEach((share, i) => {
    const reset = i % 2 === 1;
    const how = reset ? 'reset' : 'closed';
    test(`after ${(share * 100).toFixed(2)} %, the connection ${how}`, async (t) => {
      const clean = await undisturbed(FEW);
      const fault = /** @type {const} */ ({
        do: 'cut',
        total: Math.round(clean.bytes * share),
        reset,
      });
      await withStudy(FEW, { fault, expected: FAILED_REQUEST }, async ({ page, host }) => {
        const results = await study(page);
        t.diagnostic(`${host.bytes - clean.bytes} bytes more than undisturbed`);
        assert.ok(
          host.requests.some(({ fault }) => fault === 'cut'),
          'the cut took place',
        );
        assertSameNumbers(results, clean);
        assertMovedAtMost(host, clean.bytes + LARGEST_PART + SLACK, 'one part twice');
      });
    });
  });
});

describe('a host that misbehaves', { concurrency: 4 }, () => {
  /**
   * Each fault; `end` where only one of the two will do, and what an error must name.
   * @type {[what: string, fault: import('./host.mjs').Fault, end?: 'ready' | 'error', names?: RegExp][]}
   */
  const FAULTS = [
    ['cuts six answers', { do: 'cut', after: 10_000, times: 6 }, 'ready'],
    ['is gone from the middle on', { do: 'cut', total: 3e6, times: Infinity }, 'error', /127\.0/],
    ['answers 500 twice', { do: 'status', status: 500, skip: 4, times: 2 }, 'ready'],
    ['answers 503 always', { do: 'status', status: 503, times: Infinity }, 'error', /503/],
    ['answers 403 once a link has expired', { do: 'status', status: 403, skip: 6 }],
    ['sends a short body', { do: 'short', after: 2000, skip: 4 }, 'ready'],
    [
      'sends nothing but short bodies',
      { do: 'short', after: 0, skip: 4, times: Infinity },
      'error',
    ],
    ['ignores one range', { do: 'whole', skip: 5 }, 'ready'],
    ['stalls once', { do: 'stall', after: 1000, skip: 5 }],
    ['lets no other origin read', { do: 'no-cors', times: Infinity }, 'error', /127\.0.*CORS/s],
    ['loses the length of HEAD', { do: 'no-length', times: Infinity }, 'ready'],
    ['fails at config.json once', { do: 'status', status: 502, file: 'config.json' }],
    ['cuts config.json', { do: 'cut', after: 100, file: 'config.json' }],
  ];

  for (const [what, fault, end, names] of FAULTS) {
    test(`one that ${what}`, async (t) => {
      const clean = await undisturbed(SMALL);
      await withStudy(SMALL, { fault, expected: FAILED_REQUEST }, async ({ page, host }) => {
        const ended = await tryStudy(page);
        t.diagnostic(`ended in ${ended}`);
        if (ended === 'error') await assertRetryWorks(page, host, names);
        assert.equal(ended, end ?? ended);
        assertSameNumbers(await exportedJson(page), clean);
      });
    });
  }

  test('one that sends a number which is none is asked once more', async () => {
    const clean = await undisturbed(SMALL);
    const weights = layout.tensors.find(({ name }) => name === 'h.0.attn.c_attn.weight');
    const offset = layout.dataStart + (weights?.offsets[0] ?? 0) + 4_000_000;
    const bytes = Buffer.from([0, 0, 0xc0, 0x7f]);
    const fault = /** @type {const} */ ({ do: 'patch', offset, bytes, covers: offset });
    await withStudy(SMALL, { fault, expected: FAILED_REQUEST }, async ({ page, host }) => {
      const ended = await tryStudy(page);
      assert.ok(
        host.requests.some(({ fault }) => fault === 'patch'),
        'it was sent',
      );
      if (ended === 'error') await assertRetryWorks(page, host, /h\.0\.attn\.c_attn\.weight/);
      assertSameNumbers(await exportedJson(page), clean);
    });
  });

  test('one that asks for patience gets it', async () => {
    const clean = await undisturbed(SMALL);
    const fault = /** @type {const} */ ({ do: 'status', status: 429, retryAfter: 2, skip: 4 });
    await withStudy(SMALL, { fault, expected: FAILED_REQUEST }, async ({ page, host }) => {
      assertSameNumbers(await study(page), clean);
      const refused = host.requests.find((request) => request.fault === 'status');
      assert.ok(refused, 'it refused');
      const again = host.requests.find(
        ({ from, time, status }) => from === refused.from && time > refused.time && status === 206,
      );
      assert.ok(again, 'it was asked again');
      const waited = again.time - refused.time;
      assert.ok(waited >= 1900, `asked again after ${waited} ms, and Retry-After said 2 s`);
    });
  });

  test('one that serves only whole files sends this one once', async (t) => {
    const clean = await undisturbed(SMALL);
    const fault = /** @type {const} */ ({ do: 'whole', times: Infinity });
    await withStudy(SMALL, { fault, expected: FAILED_REQUEST }, async ({ page, host }) => {
      const results = await study(page);
      t.diagnostic(`${host.bytes} bytes, ${await wasmMemory(page)} bytes of WebAssembly memory`);
      assertSameNumbers(results, clean);
      // Beyond the file only what was on its way when the page hung up on a probe.
      assertMovedAtMost(host, layout.length + (24 << 20), 'one file');
    });
  });

  test('one without redirects serves as well', async () => {
    const clean = await undisturbed(SMALL);
    await withStudy(SMALL, { plain: true }, async ({ page, host }) => {
      assertSameNumbers(await study(page), clean);
      assertMovedAtMost(host, clean.bytes, 'the same study');
    });
  });

  /**
   * The page shows a clear error with a Retry, which works once nothing is wrong.
   * @param {Page} page
   * @param {Host} host
   * @param {RegExp} [names]
   */
  async function assertRetryWorks(
    page,
    host,
    names = /127\.0\.0\.1|model\.safetensors|config\.json/,
  ) {
    const said = (await complaints(page)).join(' | ');
    assert.match(said, names);
    assert.doesNotMatch(said, /bug in Headscope|fault of the page/);
    assert.equal(await button(page, 'Retry').count(), 1, `a Retry beside "${said}"`);
    host.clear();
    await button(page, 'Retry').click();
    await page.waitForSelector('html:not([data-state="error"])', { state: 'attached' });
    await reach(page, 'ready', 120_000);
  }
});

describe('what has arrived', () => {
  test('is kept by a Cancel: Start fetches the rest', async (t) => {
    const clean = await undisturbed(FEW);
    await withStudy(FEW, { expected: FAILED_REQUEST }, async ({ page, host }) => {
      const half = Math.round(clean.bytes / 2);
      host.fault({ do: 'stall', total: half, times: Infinity });
      await pressStart(page);
      const deadline = Date.now() + 60_000;
      while (host.bytes < half && Date.now() < deadline) await page.waitForTimeout(50);
      assert.equal(host.bytes, half, 'bytes before the stall');
      // For the page to have read them too.
      await page.waitForTimeout(300);
      await page.locator('#step-head').getByRole('button', { name: 'Cancel' }).click();
      await reach(page, 'start', 5000);
      host.clear();
      const results = await study(page);
      t.diagnostic(`${host.bytes - clean.bytes} bytes more than undisturbed`);
      assertSameNumbers(results, clean);
      assertMovedAtMost(host, clean.bytes + LARGEST_PART + SLACK, 'what was cancelled is kept');
    });
  });

  test('in one of two tabs need not be downloaded by the other', async () => {
    const clean = await undisturbed(FEW);
    await withStudy(FEW, {}, async ({ page, host }) => {
      const second = await page.context().newPage();
      await second.goto(page.url());
      const both = await Promise.all([page, second].map(study));
      for (const results of both) assertSameNumbers(results, clean);
      // Each tab reads the small files itself.
      const bytes = host.bytesOf('model.safetensors');
      assertMovedAtMost({ bytes }, clean.bytes + SLACK, 'two tabs download once');
    });
  });

  test('is gone after "Clear cache", and downloaded again', async () => {
    const clean = await undisturbed(SMALL);
    await withStudy(SMALL, {}, async ({ page, host }) => {
      page.on('dialog', (dialog) => dialog.accept());
      await study(page);
      assert.ok(
        (await cached(page)).some(({ size }) => size > 1e6),
        'the weights are cached',
      );
      const clear = page.getByRole('button', { name: /^Clear cache/ });
      const kept = await page.locator('#storage-text').innerText();
      assert.match(kept, /\b7(\.\d+)?\sMB/, 'it says how many');
      await clear.click();
      const deadline = Date.now() + 10_000;
      while ((await cached(page)).length > 0 && Date.now() < deadline) {
        await page.waitForTimeout(100);
      }
      assert.deepEqual(await cached(page), []);
      host.reset();
      await page.reload();
      assertSameNumbers(await study(page), clean);
      assert.ok(host.bytes > clean.bytes - SLACK, `${host.bytes} bytes were downloaded again`);
    });
  });

  test('and was damaged in the cache is found and fetched again', async (t) => {
    const clean = await undisturbed(FEW);
    await withStudy(FEW, {}, async ({ page, host }) => {
      await study(page);
      const [first, second] = await cached(page);
      assert.ok(first && second && second.size > 100_000, 'the weights are cached');
      await damage(page, first, 'flip');
      await damage(page, second, 'halve');
      host.reset();
      await page.reload();
      const results = await study(page);
      t.diagnostic(`${host.bytes} bytes for ${first.size} and ${second.size} damaged ones`);
      assertSameNumbers(results, clean);
      assert.ok(host.bytes > 100_000, 'something was fetched again');
      assertMovedAtMost(host, first.size + second.size + SLACK, 'only what was damaged');
    });
  });

  test('is used where the browser has no room to keep it, with a note', async () => {
    const clean = await undisturbed(SMALL);
    await withStudy(SMALL, { expected: /QuotaExceeded/ }, async ({ page, host }) => {
      const session = await page.context().newCDPSession(page);
      await session.send('Storage.overrideQuotaForOrigin', {
        origin: harness.site.origin,
        quotaSize: 1_000_000,
      });
      assertSameNumbers(await study(page), clean);
      assertMovedAtMost(host, clean.bytes + SLACK, 'nothing twice');
      await page
        .locator('#storage-text')
        .filter({ hasText: /memory|storage|space/i })
        .waitFor();
    });
  });

  test('is used where the browser has no cache at all, with a note', async () => {
    const clean = await undisturbed(SMALL);
    const worker = await readFile(path.join(dist, 'worker.js'), 'utf8');
    const without = 'Object.defineProperty(self, "caches", { value: undefined });';
    const site = await serve(dist, {
      intercept(request, response) {
        if (request.url !== '/worker.js') return false;
        response.setHeader('Content-Type', 'text/javascript');
        response.end(`${worker}\n${without}`);
        return true;
      },
    });
    try {
      await withStudy(SMALL, { url: site.url }, async ({ page, host }) => {
        assertSameNumbers(await study(page), clean);
        assertMovedAtMost(host, clean.bytes + SLACK, 'nothing twice');
        assert.match(await page.locator('.launch').innerText(), /memory|storage|space/i);
      });
    } finally {
      await site.close();
    }
  });
});

test('a file from disk is read by slices, and nothing comes over the network', async (t) => {
  const clean = await undisturbed(FEW);
  await harness.withPage(FEW.slice(1), {}, async ({ page, requests }) => {
    const input = page.locator('input[type="file"]');
    const weights = input.and(page.getByLabel(/model\.safetensors from disk/i));
    const config = input.and(page.getByLabel(/config\.json from disk/i));
    const files = ['model.safetensors', 'config.json'].map((name) => path.join(folder, name));
    const many = await weights.evaluate((input) => /** @type {any} */ (input).multiple);
    await weights.setInputFiles(many ? files : files.slice(0, 1));
    if ((await config.count()) > 0) await config.setInputFiles(files.slice(1));
    const results = await study(page);
    t.diagnostic(`${await wasmMemory(page)} bytes of WebAssembly memory`);
    assertSameNumbers(results, clean);
    const foreign = requests.filter(
      (url) => !url.startsWith(harness.site.url) && !/^(blob|data):/.test(url),
    );
    assert.deepEqual(foreign, []);
    assert.ok((await wasmMemory(page)) <= 110e6, 'it is not held whole');
    assert.equal(results.bytes.network, 0, 'the results file says so');
  });
});

test('GPT-2 small itself is checked: other bytes under its name are refused by tensor', async () => {
  await harness.withPage('v=1&n=6', { expected: FAILED_REQUEST }, async ({ page }) => {
    /** @type {Map<string, number>} how often each range was asked for */
    const asked = new Map();
    const handle = await open(path.join(folder, 'model.safetensors'));
    try {
      await page.context().route('https://huggingface.co/**', async (route) => {
        const headers = {
          'Access-Control-Allow-Origin': '*',
          'Access-Control-Expose-Headers': 'Content-Range',
        };
        if (route.request().url().endsWith('/config.json')) {
          await route.fulfill({ headers, path: path.join(folder, 'config.json') });
          return;
        }
        const range = (await route.request().headerValue('range')) ?? '';
        const [, first = '0', last = '0'] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
        asked.set(range, (asked.get(range) ?? 0) + 1);
        const body = Buffer.alloc(Number(last) + 1 - Number(first));
        await handle.read(body, 0, body.length, Number(first));
        await route.fulfill({
          status: 206,
          headers: { ...headers, 'Content-Range': `bytes ${first}-${last}/${layout.length}` },
          body,
        });
      });
      await pressStart(page);
      await page.waitForSelector('html:is([data-state="ready"], [data-state="error"])', {
        state: 'attached',
        timeout: 120_000,
      });
      assert.equal(await stateOf(page), 'error', 'weights with other hashes are no GPT-2 small');
      assert.match((await complaints(page)).join(' | '), /\b(h\.\d+\.[\w.]+|wpe)\.(weight|bias)\b/);
      const most = Math.max(...asked.values());
      assert.equal(most, 2, 'a mismatch is fetched once more, and only once');
      await page.context().unrouteAll({ behavior: 'wait' });
    } finally {
      await handle.close();
    }
  });
});
