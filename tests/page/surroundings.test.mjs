// Where the page is shown: on paper, in a frame of another page, from disk.

import assert from 'node:assert/strict';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, test } from 'node:test';
import { serve } from '../../tools/server.mjs';
import { dist, FAILED_REQUEST, reach, SMALL, start, startable, useHarness } from './harness.mjs';

/** @typedef {import('playwright-core').Page} Page */

const harness = useHarness();

describe('on paper', () => {
  /** @param {Page} page */
  const look = (page) =>
    page.evaluate(() => {
      // What is seen through behind the element, if it has no background of its own.
      const luminance = (/** @type {string} */ color) => {
        const context = document.createElement('canvas').getContext('2d');
        if (!context) return -1;
        context.fillStyle = color;
        context.fillRect(0, 0, 1, 1);
        const [r = 0, g = 0, b = 0] = context.getImageData(0, 0, 1, 1).data;
        return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
      };
      const of = (/** @type {string} */ selector, /** @type {string} */ property) => {
        const element = document.querySelector(selector);
        return element ? luminance(getComputedStyle(element).getPropertyValue(property)) : -1;
      };
      const corner = (/** @type {string} */ selector) => {
        const canvas = /** @type {any} */ (document.querySelector(selector));
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        // The labels are the only thing that is drawn in grey: the darkest and lightest of them.
        let [dark, light] = [1, 0];
        for (let i = 0; i < data.length; i += 4) {
          const [r, g, b, a] = [data[i], data[i + 1], data[i + 2], data[i + 3]];
          if (a < 250 || Math.max(r, g, b) - Math.min(r, g, b) > 24) continue;
          dark = Math.min(dark, r / 255);
          light = Math.max(light, r / 255);
        }
        return { dark, light };
      };
      return {
        page: of('body', 'background-color'),
        panel: of('.panel', 'background-color'),
        text: of('h2', 'color'),
        axis: of('#ablations-chart svg text', 'fill'),
        labels: corner('#pattern'),
      };
    });

  for (const [how, options, dark] of /** @type {const} */ ([
    ['the system’s dark theme', { colorScheme: 'dark' }, false],
    ['the visitor’s own dark theme', { colorScheme: 'light' }, true],
    ['the light theme', { colorScheme: 'light' }, false],
  ])) {
    test(`${how} is light, and comes back on the screen`, () =>
      harness.withPage(`${SMALL}&run=all`, options, async ({ page }) => {
        await start(page, 'done');
        await page.locator('#ablations-chart svg').first().waitFor();
        if (dark) await page.locator('#theme').click();
        await page.waitForTimeout(200);
        const screen = await look(page);
        await page.emulateMedia({ media: 'print' });
        await page.waitForTimeout(200);
        const paper = await look(page);
        assert.ok(paper.page > 0.95 && paper.panel > 0.95, JSON.stringify(paper));
        assert.ok(paper.text < 0.2 && paper.axis < 0.4, JSON.stringify(paper));
        assert.ok(paper.labels.dark < 0.3, JSON.stringify(paper.labels));
        await page.emulateMedia({ media: 'screen' });
        await page.waitForTimeout(200);
        assert.deepEqual(await look(page), screen);
      }));
  }

  test('the labels are drawn before the printer asks for them', () =>
    harness.withPage(SMALL, { colorScheme: 'dark' }, async ({ page }) => {
      await start(page, 'ready');
      await page.waitForTimeout(200);
      const drawn = () =>
        page.evaluate(() => /** @type {any} */ (document.querySelector('#pattern')).toDataURL());
      const screen = await drawn();
      const paper = await page.evaluate(() => {
        dispatchEvent(new Event('beforeprint'));
        const now = /** @type {any} */ (document.querySelector('#pattern')).toDataURL();
        dispatchEvent(new Event('afterprint'));
        return now;
      });
      assert.notEqual(paper, screen);
      assert.equal(await drawn(), screen);
    }));
});

describe('in a frame', () => {
  /**
   * Opens a page of another site that shows this one.
   * @param {string} rights
   * @param {{ own?: boolean }} options whether the other page is of this page's own site
   * @param {(frame: import('playwright-core').Frame, page: Page) => Promise<void>} use
   */
  function framed(rights, { own = false }, use) {
    const expected = new RegExp(`${FAILED_REQUEST.source}|download|[Ss]andbox|CORS|Permissions`);
    return harness.withPage('about', { expected }, async ({ page }) => {
      // A page that is answered here instead would count as one of the wide internet.
      /** @type {string} */
      let shown = '';
      const around = await serve(dist, {
        intercept({ url }, response) {
          if (url !== '/around.html') return false;
          const frame = `<iframe sandbox="${rights}" width="1000" height="700" src="${shown}"></iframe>`;
          response.setHeader('Content-Type', 'text/html');
          response.end(`<!doctype html><title>A course</title>${frame}`);
          return true;
        },
      });
      try {
        shown = `${own ? around.url : harness.site.url}#${SMALL}`;
        await page.goto(`${around.url}around.html`);
        const inner = await (await page.locator('iframe').elementHandle())?.contentFrame();
        assert.ok(inner);
        await use(inner, page);
      } finally {
        await around.close();
      }
    });
  }

  for (const rights of ['allow-scripts', 'allow-scripts allow-popups allow-downloads']) {
    test(`that gives no rights of its own (${rights}), the page says so and offers a tab`, () =>
      framed(rights, {}, async (frame) => {
        await frame.locator('html[data-state="error"]').waitFor({ state: 'attached' });
        const problem = frame.locator('[data-role="problem"]');
        await problem.filter({ hasText: /allow-same-origin/ }).waitFor();
        const link = problem.getByRole('link', { name: 'Open it in a tab' });
        assert.equal(await link.getAttribute('href'), `${harness.site.url}#${SMALL}`);
        assert.equal(await link.getAttribute('target'), '_blank');
        await frame.waitForTimeout(1000);
        assert.doesNotMatch(String(await frame.locator('body').textContent()), /Getting ready/);
        assert.match(String(await problem.textContent()), /in a frame/);
      }));
  }

  test('that allows popups, the tab opens with the same study', () =>
    framed('allow-scripts allow-popups allow-popups-to-escape-sandbox', {}, async (frame, page) => {
      const link = frame.locator('[data-role="problem"] a');
      const [tab] = await Promise.all([page.context().waitForEvent('page'), link.click()]);
      await tab.waitForURL(`${harness.site.url}#${SMALL}*`);
      await startable(tab);
    }));

  for (const [own, says] of /** @type {const} */ ([
    [false, /Did headscope-.*json not arrive\? .*may forbid downloads/],
    [true, /headscope-.*json was not saved: .*forbids downloads/],
  ])) {
    test(`of ${own ? 'this' : 'another'} site that forbids downloads, a lost file is told`, () =>
      framed('allow-scripts allow-same-origin', { own }, async (frame, page) => {
        let downloads = 0;
        page.on('download', () => (downloads += 1));
        await frame.locator('[data-action="start"]').click();
        await frame.locator('html[data-state="ready"]').waitFor({ state: 'attached' });
        await frame.locator('[data-action="export-json"]').click();
        const notice = frame.getByRole('status').filter({ hasText: says });
        await notice.waitFor();
        assert.equal(await notice.getByRole('link', { name: 'Open in a tab' }).count(), 1);
        assert.doesNotMatch(String(await frame.locator('#export-note').textContent()), /Saved/);
        assert.equal(downloads, 0);
        await notice.getByRole('button', { name: 'Close' }).click();
        assert.equal(await notice.count(), 0);
      }));
  }

  test('a tab of its own says nothing of frames', () =>
    harness.withPage(SMALL, {}, async ({ page }) => {
      await start(page, 'ready');
      await Promise.all([
        page.waitForEvent('download'),
        page.locator('[data-action="export-json"]').click(),
      ]);
      await page
        .locator('#export-note')
        .filter({ hasText: /^Saved / })
        .waitFor();
      assert.equal(await page.getByText(/in this frame/).count(), 0);
      await reach(page, 'ready');
    }));
});

test('opened from disk, the page says that it needs a web server', () =>
  harness.withPage(
    SMALL,
    {
      url: pathToFileURL(path.join(dist, 'index.html')).href,
      expected: /ERR_FAILED|CORS|origin|file:/,
    },
    async ({ page }) => {
      const problem = page.locator('[data-role="problem"]');
      await problem.filter({ hasText: /opened from disk.*web server/ }).waitFor();
      assert.equal(await problem.locator('a').count(), 0);
    },
  ));
