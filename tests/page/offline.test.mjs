// The site without a network, and from one version to the next.

import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { serve } from '../../tools/server.mjs';
import {
  button,
  dist,
  exportedJson,
  reach,
  root,
  SMALL,
  start,
  startable,
  useHarness,
} from './harness.mjs';

/** @typedef {import('playwright-core').Page} Page */

const harness = useHarness();

/** A prompt that has a score. */
const SCORED = 'v=1&model=tiny&text=The+cat+saw+a+horse';
const GONE = /ERR_INTERNET_DISCONNECTED|ERR_FAILED|Failed to load resource/;

/** @param {Page} page */
const served = (page) => page.waitForFunction(() => navigator.serviceWorker.controller !== null);

/** @param {Page} page */
async function siteCaches(page) {
  const names = await page.evaluate(() => caches.keys());
  return names.filter((name) => name.startsWith('headscope-site'));
}

/**
 * A copy of the site that a test may change and a server that may go away.
 * @param {string} [base]
 */
async function ownSite(base = '/') {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'headscope-site-'));
  await cp(dist, folder, { recursive: true });
  const server = await serve(folder, { base });
  return {
    folder,
    url: server.url,
    /** Writes another build's name and hashes into the copy. @param {string} name */
    stamp: (name) =>
      promisify(execFile)('node', [path.join(root, 'tools/stamp-site.mjs'), folder, name]),
    async remove() {
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}

test('a second visit works without a network, the bundled model included', () =>
  harness.withPage(SMALL, { expected: GONE }, async ({ page, requests }) => {
    await start(page, 'ready');
    await served(page);
    // All of the model follows behind what the first study needed.
    await page.waitForFunction(async () => {
      const found = await caches.match(new URL('data/tiny/model.safetensors', location.href).href);
      return found !== undefined;
    });
    const before = await exportedJson(page);
    await page.context().setOffline(true);
    await page.goto('about:blank');
    await page.goto(`${harness.site.url}#${SMALL}&seed=6&run=all`);
    requests.length = 0;
    await start(page, 'done');
    const results = await exportedJson(page);
    assert.equal(results.build, before.build);
    assert.ok(results.ablations.length > 0 && results.head_scores.mean.length === 3);
    await page.locator('#ablations-chart svg').first().waitFor();
    await page.locator('#text-fold > summary').click();
    await button(page, 'Run full model').click();
    await page.locator('#text-table table').waitFor();
    assert.match(String(await page.locator('#headmap').getAttribute('width')), /\d{3}/);
  }));

test('a page under a sub-path keeps its own version beside another of the same host', async () => {
  const site = await ownSite('/some/where/');
  try {
    await harness.withPage(SMALL, { url: site.url, expected: GONE }, async ({ page }) => {
      await startable(page);
      await served(page);
      assert.match(String(await siteCaches(page)), /^headscope-site \/some\/where\/ \w+$/);
      await page.context().setOffline(true);
      await page.goto(`${site.url}?from=elsewhere#${SMALL}`);
      await startable(page);
    });
  } finally {
    await site.remove();
  }
});

/**
 * The one of a site's scripts that holds a text: the build says which.
 * @param {string} folder
 * @param {string} part
 */
async function scriptWith(folder, part) {
  for (const name of await readdir(folder)) {
    const script = path.join(folder, name);
    const text = name.endsWith('.js') ? await readFile(script, 'utf8') : '';
    if (text.includes(part)) return { script, text };
  }
  throw new Error(`no script of the site holds "${part}"`);
}

test('a new version waits, is offered, and takes over whole', async () => {
  const site = await ownSite();
  try {
    await harness.withPage(SCORED, { url: site.url }, async ({ page, requests }) => {
      await startable(page);
      await served(page);
      const { script, text } = await scriptWith(site.folder, 'uniform causal attention');
      await writeFile(script, text.replace('uniform causal attention', 'uniform causal luck'));
      await site.stamp('2.0.0+next');

      // The visit that finds the new version still gets the old one, all of it.
      requests.length = 0;
      await page.reload();
      await start(page, 'ready');
      assert.notEqual((await exportedJson(page)).build, '2.0.0+next');
      assert.match(String(await page.locator('#score').textContent()), /uniform causal attention/);
      const bar = page.locator('#update');
      await bar.filter({ hasText: /new version/ }).waitFor();

      // With another tab open, neither is left with half of each.
      const other = await page.context().newPage();
      await other.goto(`${site.url}#${SCORED}`);
      await startable(other);
      await bar.getByRole('button', { name: 'Reload' }).click();
      await bar.filter({ hasText: /other tabs first/ }).waitFor();
      await start(other, 'ready');
      assert.match(String(await other.locator('#score').textContent()), /uniform causal attention/);
      await other.close();

      await bar.getByRole('button', { name: 'Reload' }).click();
      await page.waitForFunction(() => performance.getEntriesByType('navigation').length === 1);
      await page.waitForFunction(() => document.querySelector('#update')?.hasAttribute('hidden'));
      await start(page, 'ready');
      assert.match(String(await page.locator('#score').textContent()), /uniform causal luck/);
      assert.equal((await exportedJson(page)).build, '2.0.0+next');
      assert.equal((await siteCaches(page)).length, 1);
    });
  } finally {
    await site.remove();
  }
});

test('of the builds of the Rust module the one that this browser runs is kept', () =>
  harness.withPage(SMALL, {}, async ({ page, requests }) => {
    await startable(page);
    await served(page);
    const fetched = new Set(requests.filter((url) => url.endsWith('.wasm')));
    const kept = await page.evaluate(async () => {
      const names = (await caches.keys()).filter((name) => name.startsWith('headscope-site'));
      const all = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
      return all.flat().flatMap(({ url }) => (url.endsWith('.wasm') ? [url] : []));
    });
    assert.equal(kept.length, 1);
    assert.deepEqual([...fetched], kept, 'no other was fetched, by the page or behind it');
  }));

describe('where bytes are dear', () => {
  for (const connection of [
    { saveData: true, effectiveType: '4g' },
    { saveData: false, effectiveType: '2g' },
    { saveData: false, effectiveType: 'slow-2g' },
  ]) {
    test(`nothing is fetched that is not asked for (${JSON.stringify(connection)})`, () =>
      harness.withPage('about', {}, async ({ page, requests }) => {
        await page.addInitScript((told) => {
          Object.defineProperty(Navigator.prototype, 'connection', { get: () => told });
        }, connection);
        await page.goto(`${harness.site.url}?dear#${SMALL}`);
        requests.length = 0;
        await start(page, 'ready');
        await page.waitForTimeout(3000);
        assert.equal(
          await page.evaluate(
            async () => (await navigator.serviceWorker.getRegistrations()).length,
          ),
          0,
        );
        assert.deepEqual(await siteCaches(page), []);
        assert.deepEqual(
          requests.filter((url) => url.includes('service-worker')),
          [],
        );
      }));
  }

  test('a new version waits, and the one before goes on', async () => {
    const site = await ownSite();
    try {
      const options = { url: site.url, expected: /better line/ };
      await harness.withPage(SMALL, options, async ({ page }) => {
        await startable(page);
        await served(page);
        const before = await siteCaches(page);
        const script = path.join(site.folder, 'service-worker.js');
        const dear = `Object.defineProperty(navigator, 'connection', { value: { saveData: true } });\n`;
        await writeFile(script, dear + (await readFile(script, 'utf8')));
        await site.stamp('2.0.0+next');
        await page.evaluate(async () => {
          const registration = await navigator.serviceWorker.getRegistration();
          await registration?.update().catch(() => {});
          const { installing } = registration ?? {};
          if (!installing) return;
          await new Promise((resolve) => installing.addEventListener('statechange', resolve));
        });
        assert.equal(await page.locator('#update').isHidden(), true);
        assert.deepEqual(await siteCaches(page), before);
        await page.reload();
        await start(page, 'ready');
      });
    } finally {
      await site.remove();
    }
  });
});

test('other pages of the same host do not hold an update back', async () => {
  const site = await ownSite();
  try {
    // Another Headscope below this one, and a page that is none. They are of no version.
    const others = async () => {
      await cp(dist, path.join(site.folder, 'second'), { recursive: true });
      await writeFile(
        path.join(site.folder, 'notes.html'),
        '<!doctype html><title>Notes</title><link rel="icon" href="icon.svg">',
      );
    };
    await others();
    await harness.withPage(SCORED, { url: site.url }, async ({ page }) => {
      await startable(page);
      await served(page);
      const notes = await page.context().newPage();
      await notes.goto(`${site.url}notes.html`);
      const second = await page.context().newPage();
      await second.goto(`${site.url}second/#${SCORED}`);
      await startable(second);
      // Until it has all of its files, which are about to go.
      await second.waitForFunction(async () => {
        const all = await navigator.serviceWorker.getRegistrations();
        return all.filter(({ active }) => active).length === 2;
      });
      for (const each of ['second', 'notes.html']) {
        await rm(path.join(site.folder, each), { recursive: true });
      }
      await site.stamp('2.0.0+next');
      await others();
      await page.reload();
      const bar = page.locator('#update');
      await bar.filter({ hasText: /new version/ }).waitFor();
      await bar.getByRole('button', { name: 'Reload' }).click();
      await page.waitForFunction(() => document.querySelector('#update')?.hasAttribute('hidden'));
      await start(page, 'ready');
      assert.equal((await exportedJson(page)).build, '2.0.0+next');
    });
  } finally {
    await site.remove();
  }
});

test('a host between two versions is not kept: nothing is mixed', async () => {
  const site = await ownSite();
  try {
    await harness.withPage(
      SMALL,
      { url: site.url, expected: /another version/ },
      async ({ page }) => {
        await startable(page);
        await served(page);
        const before = await siteCaches(page);
        // The new worker is there already, one of its files is not.
        const { script, text } = await scriptWith(site.folder, 'uniform causal attention');
        await writeFile(script, text.replace('uniform causal attention', 'uniform causal luck'));
        await site.stamp('2.0.0+next');
        await writeFile(script, text.replace('uniform causal attention', 'uniform causal rain'));
        await page.evaluate(async () => {
          const registration = await navigator.serviceWorker.getRegistration();
          await registration?.update();
          const { installing } = registration ?? {};
          if (!installing) return;
          await new Promise((resolve) => installing.addEventListener('statechange', resolve));
        });
        assert.equal(await page.locator('#update').isHidden(), true);
        await page.reload();
        await start(page, 'ready');
        assert.deepEqual(await siteCaches(page), before);
      },
    );
  } finally {
    await site.remove();
  }
});

test('without service workers everything but the next offline visit works', () =>
  harness.withPage('about', {}, async ({ page }) => {
    await page.addInitScript(() => {
      Object.defineProperty(Navigator.prototype, 'serviceWorker', {
        get: () => ({ register: () => Promise.reject(new DOMException('no', 'SecurityError')) }),
      });
    });
    await page.goto(`${harness.site.url}?fresh#${SMALL}`);
    await start(page, 'ready');
    await reach(page, 'ready');
  }));

test('the browser finds nothing that keeps the page from being installed', () =>
  harness.withPage(SMALL, {}, async ({ page }) => {
    await startable(page);
    await served(page);
    const session = await page.context().newCDPSession(page);
    const { errors, data } = await session.send('Page.getAppManifest');
    assert.deepEqual(errors, []);
    const manifest = JSON.parse(String(data));
    for (const { src, type } of manifest.icons) {
      const response = await page.request.get(new URL(src, harness.site.url).href);
      assert.equal(response.headers()['content-type'], type, src);
    }
    const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
    // A browser under test is in a private window, and says so.
    const left = installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito');
    assert.deepEqual(left, []);
  }));
