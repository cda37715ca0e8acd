// The views of attention patterns in a real browser: what the canvas shows, cell by
// cell, what points at it, heads side by side, and pictures to take away.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { scale } from '@observablehq/plot';
import {
  accessibilityViolations,
  button,
  display,
  exported,
  exportedJson,
  fixtures,
  reach,
  sidewaysScroll,
  start,
  useHarness,
} from './harness.mjs';
import { GOOD_MODEL, MANY_HEADS, makeLongModel, makeModels } from './models.mjs';

/** @typedef {import('playwright-core').Page} Page */

/**
 * Ways in which a browser's canvas lies, as scripts that patch it before the page
 * comes. `save` keeps the true methods.
 */
const save = `
  const { toBlob } = HTMLCanvasElement.prototype;
  const { getImageData } = CanvasRenderingContext2D.prototype;
  const answer = (lie) => {
    HTMLCanvasElement.prototype.toBlob = function (give, ...rest) {
      const other = document.createElement('canvas');
      [other.width, other.height] = [this.width, this.height];
      const context = other.getContext('2d');
      context.drawImage(this, 0, 0);
      const read = getImageData.call(context, 0, 0, this.width, this.height);
      lie(read.data, this);
      context.putImageData(read, 0, 0);
      toBlob.call(other, give, ...rest);
    };
  };
  const read = (lie) => {
    CanvasRenderingContext2D.prototype.getImageData = function (...args) {
      const read = getImageData.apply(this, args);
      lie(read.data, this.canvas);
      return read;
    };
  };
  const noise = (data) => data.forEach((byte, i) => { if (i % 4 !== 3) data[i] = byte ^ (i % 7); });
  const stripes = (data) => data.forEach((_, i) => { data[i] = i % 4 === 3 ? 255 : (i * 37) % 251; });
  const white = (data) => data.fill(255);
`;
/** @type {Record<string, string>} */
const LIES = {
  'constant noise in all it reads': 'answer(noise); read(noise);',
  'one bit of a colour, now and then':
    'const bit = (data) => { for (let i = 0; i < data.length; i += 64) data[i] ^= 1; }; answer(bit); read(bit);',
  'stripes in the file alone': 'answer(stripes);',
  'a white canvas': 'answer(white); read(white);',
  'white, of large canvases alone':
    'const large = (data, { width }) => { if (width > 300) white(data); }; answer(large); read(large);',
  'no answer from toBlob': 'HTMLCanvasElement.prototype.toBlob = () => {};',
  'no blob from toBlob':
    'HTMLCanvasElement.prototype.toBlob = (give) => setTimeout(give, 0, null);',
  'a toBlob that throws':
    "HTMLCanvasElement.prototype.toBlob = () => { throw new DOMException('no', 'SecurityError'); };",
  'a context that is refused to what is not on the page':
    'const { getContext } = HTMLCanvasElement.prototype; HTMLCanvasElement.prototype.getContext = function (...args) { return this.width === 32 ? null : getContext.apply(this, args); };',
};

/** The colour map as another program has it than the one that draws. */
const { apply: viridis } = scale({ color: { type: 'linear', scheme: 'viridis', domain: [0, 1] } });

/** Greys of attention 0 and 1 to beginning-of-text, of the style sheets. */
const GREYS = { light: ['#eceef2', '#515b6b'], dark: ['#262a33', '#a7b1c1'] };

/**
 * @param {'light' | 'dark'} theme
 * @param {number} value
 */
function grey(theme, value) {
  const [none = [], full = []] = GREYS[theme].map(rgb);
  return none.map((channel, i) => Math.round(channel + ((full[i] ?? 0) - channel) * value));
}

/** A study of the bundled model, with all its steps. */
const SMALL_RUN = 'v=1&model=tiny&n=8&run=all';

const harness = useHarness(async () => {
  const { folder, remove } = await makeModels();
  await makeLongModel(path.join(folder, 'long'), 1024);
  return { models: folder, remove };
});

const TINY = 'v=1&model=tiny&head=L2H1';

/** @param {string} name */
function modelLink(name) {
  return `v=1&model=${encodeURIComponent(`${harness.models.origin}/${name}`)}`;
}

/**
 * Where the cells lie, in CSS pixels, found without asking the page: the first cell
 * is the only one of its row and, as its attention is 1, has the last of the greys, from
 * its corner to the gap before what the mask hides.
 * @param {Page} page
 * @param {number[]} [first] the colour of the first cell
 */
function findCells(page, first = grey('light', 1)) {
  const [r, g, b] = first;
  return page.locator('#pattern').evaluate(
    (element, [r, g, b]) => {
      const canvas = /** @type {any} */ (element);
      const { width, height } = canvas;
      const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
      const is = (/** @type {number} */ x, /** @type {number} */ y) => {
        const i = (y * width + x) * 4;
        return data[i] === r && data[i + 1] === g && data[i + 2] === b;
      };
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          if (!is(x, y)) continue;
          let end = x;
          while (is(end, y)) end++;
          const ratio = width / canvas.clientWidth;
          // Text has the colour, too, but no such stretch of it.
          if (end - x < 9 * ratio) continue;
          return { x: x / ratio, y: y / ratio, pitch: Math.round((end - x) / ratio) + 1, ratio };
        }
      }
      throw new Error('no cell has that colour');
    },
    [r, g, b],
  );
}

/**
 * The colours at these points of the canvas, in CSS pixels.
 * @param {Page} page
 * @param {{ x: number, y: number }[]} points
 * @returns {Promise<number[][]>}
 */
function colorsAt(page, points) {
  return page.locator('#pattern').evaluate((element, wanted) => {
    const canvas = /** @type {any} */ (element);
    const context = canvas.getContext('2d');
    const ratio = canvas.width / canvas.clientWidth;
    return wanted.map(({ x, y }) => {
      const { data } = context.getImageData(Math.round(x * ratio), Math.round(y * ratio), 1, 1);
      return [data[0], data[1], data[2]];
    });
  }, points);
}

/** @param {string} color as `rgb(68, 1, 84)` or `#440154` */
function rgb(color) {
  if (color.startsWith('#')) {
    return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  }
  return (color.match(/\d+/g) ?? []).map(Number);
}

/**
 * How far two colours are apart, by the channel that differs most.
 * @param {number[]} a
 * @param {number[]} b
 */
function apart(a, b) {
  return Math.max(...a.map((channel, i) => Math.abs(channel - (b[i] ?? NaN))));
}

/**
 * Compares every cell of the canvas with the colour that a pattern gives it.
 * @param {Page} page
 * @param {number[][]} rows
 * @param {'light' | 'dark'} theme
 * @returns {Promise<{ cells: number, wrong: string[], masked: number[][] }>}
 */
async function compareCells(page, rows, theme) {
  const { x, y, pitch } = await findCells(page, grey(theme, 1));
  assert.ok(pitch >= 20, `cells of ${pitch} pixels are too small for this test`);
  const n = rows.length;
  const all = Array.from({ length: n * n }, (_, i) => ({ q: Math.floor(i / n), k: i % n }));
  // Past the outline of a target, and before the number in the middle.
  const at = (/** @type {{ q: number, k: number }} */ { q, k }) => ({
    x: x + k * pitch + 4,
    y: y + q * pitch + 4,
  });
  const seen = all.filter(({ q, k }) => k <= q);
  const later = all.filter(({ q, k }) => k > q);
  // Beginning-of-text is no part of what full colour stands for.
  const max = Math.max(...rows.flatMap((row) => row.slice(1)));
  const colors = await colorsAt(page, seen.map(at));
  const wrong = seen.flatMap(({ q, k }, i) => {
    const value = rows[q]?.[k] ?? NaN;
    const wanted = k === 0 ? grey(theme, value) : rgb(viridis(value / max));
    const distance = apart(colors[i] ?? [], wanted);
    return distance <= 2 ? [] : [`(${q}, ${k}) is ${colors[i]} and not ${wanted}`];
  });
  return { cells: seen.length, wrong, masked: await colorsAt(page, later.map(at)) };
}

describe('the canvas of the heatmap', () => {
  /** @type {any} */
  let reference;
  before(async () => {
    const text = await readFile(path.join(fixtures, GOOD_MODEL, 'reference.json'), 'utf8');
    reference = JSON.parse(text);
  });

  for (const [dpr, colorScheme] of /** @type {const} */ ([
    [1, 'light'],
    [1.5, 'dark'],
    [3, 'light'],
  ])) {
    test(`has the colour of TransformerLens’ value in every cell at ${dpr} pixels to one, ${colorScheme}`, async () => {
      const head = reference.target_head;
      await harness.withPage(
        `${modelLink(GOOD_MODEL)}&head=${head}`,
        { dpr, colorScheme, width: 1440 },
        async ({ page }) => {
          await start(page, 'ready');
          await page.waitForTimeout(200);
          const rows = reference.target_pattern_second_prompt;
          const { cells, wrong, masked } = await compareCells(page, rows, colorScheme);
          assert.equal(cells, (13 * 14) / 2);
          assert.deepEqual(wrong, []);

          // What is hidden has no colour of the map, the one of zero least of all.
          const map = Array.from({ length: 256 }, (_, i) => rgb(viridis(i / 255)));
          for (const color of masked) {
            assert.ok(map.every((each) => apart(each, color) > 8));
          }

          // The same comparison finds that another pattern is another.
          const other = rows.map((/** @type {number[]} */ row, /** @type {number} */ q) =>
            row.map((value, k) => (k <= q && q > 0 ? row[q - k] : value)),
          );
          const crossed = await compareCells(page, other, colorScheme);
          assert.ok(crossed.wrong.length > cells / 3, `only ${crossed.wrong.length} differ`);
        },
      );
    });
  }

  test('without beginning of text shows each row as shares of the rest', () =>
    harness.withPage(`${TINY}&view=renormalised.one`, { width: 1440 }, async ({ page }) => {
      await start(page, 'ready');
      const { rows } = (await exportedJson(page)).patterns;
      await page.waitForTimeout(200);
      assert.equal(await page.locator('#view-bos').inputValue(), 'renormalised');
      // Cell (1, 1) is all that is left of its row, and so has the last colour.
      const { x, y, pitch } = await findCells(page, rgb(viridis(1)));
      const left = (/** @type {number} */ q) =>
        rows[q].slice(1).reduce((/** @type {number} */ sum, /** @type {number} */ v) => sum + v, 0);
      const points = [];
      /** @type {number[][]} */
      const wanted = [];
      for (let q = 1; q < rows.length; q++) {
        for (let k = 1; k <= q; k++) {
          points.push({ x: x + (k - 1) * pitch + 4, y: y + (q - 1) * pitch + 4 });
          wanted.push(rgb(viridis(rows[q][k] / left(q))));
        }
      }
      const colors = await colorsAt(page, points);
      assert.equal(colors.length, 78);
      colors.forEach((color, i) => assert.ok(apart(color, wanted[i] ?? []) <= 2, `${i}: ${color}`));
      // The column that is left out is one flat colour.
      const column = await colorsAt(
        page,
        rows.map((/** @type {unknown} */ _, /** @type {number} */ q) => ({
          x: x - pitch + 4,
          y: y + (q - 1) * pitch + 4,
        })),
      );
      assert.equal(new Set(column.map(String)).size, 1);
      await display(page, 'view-bos', 'shown');
      await page.waitForURL((url) => !url.hash.includes('renormalised'));
    }));
});

test('how the heatmap is drawn stands behind a button that says what is no default', () =>
  harness.withPage(`${TINY}&view=log`, { width: 1280, height: 800 }, async ({ page }) => {
    await start(page, 'ready');
    const summary = page.locator('#display-menu > summary');
    assert.equal((await summary.textContent())?.trim(), 'Display: log');
    assert.equal(await page.locator('#view-bos').isVisible(), false);
    await summary.focus();
    await page.keyboard.press('Enter');
    await page.locator('#view-bos').selectOption('hidden');
    await summary.filter({ hasText: 'Display: log, BOS hidden' }).waitFor();
    assert.deepEqual(await accessibilityViolations(page), []);
    await page.locator('#view-bos').focus();
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('#view-bos').isVisible(), false);
    assert.ok(await summary.evaluate((each) => each === document.activeElement));
    await summary.click();
    await page.locator('h1').click();
    assert.equal(await page.locator('#view-bos').isVisible(), false);
    assert.match(page.url(), /view=log\.hidden/);
  }));

test('on a phone cells are large enough for a finger, and a row is read where it is masked', () =>
  harness.withPage(
    TINY,
    { width: 390, height: 844, context: { hasTouch: true, isMobile: true } },
    async ({ page }) => {
      await start(page, 'ready');
      await page.waitForTimeout(200);
      const { rows } = (await exportedJson(page)).patterns;
      const canvas = page.locator('#pattern');
      const box = await canvas.boundingBox();
      assert.ok(box && box.width <= 342, JSON.stringify(box));
      const readout = page.locator('#pattern-readout .readout-title');
      const pitch = 22;
      // The last row begins behind a badge, and its label ends the picture.
      const left = box.width - 36 - rows.length * pitch;
      const top = await canvas.evaluate((element) => {
        // Below the labels the first cell is the first that is filled.
        const source = /** @type {any} */ (element);
        const ratio = source.width / source.clientWidth;
        const { data, width } = source
          .getContext('2d')
          .getImageData(0, 0, source.width, source.height);
        for (let y = 0; y < source.height; y++) {
          const at = (y * width + Math.round(32 * ratio)) * 4;
          let filled = true;
          for (let x = 0; x < 8 * ratio; x++) {
            if (data[at + 4 * x + 3] === 0 || data[at + 4 * x] !== data[at]) filled = false;
          }
          if (filled) return y / ratio;
        }
        return -1;
      });
      assert.ok(top > 40 && left >= 16, `${top} ${left}`);
      const tap = (/** @type {number} */ q, /** @type {number} */ k) =>
        canvas.tap({ position: { x: left + (k + 0.5) * pitch, y: top + (q + 0.5) * pitch } });
      await tap(4, 2);
      await readout.filter({ hasText: /\(4\) attends to .*\(2\)/ }).waitFor();
      await tap(4, 9);
      await readout.filter({ hasText: /\(4\) attends to$/ }).waitFor();
    },
  ));

test('zooming the page draws the canvas anew, as sharp as before', () =>
  harness.withPage(TINY, {}, async ({ page }) => {
    await start(page, 'ready');
    await page.waitForTimeout(200);
    const ratio = () =>
      page.locator('#pattern').evaluate((element) => {
        const canvas = /** @type {any} */ (element);
        return canvas.width / canvas.clientWidth;
      });
    assert.equal(await ratio(), 1);
    const devtools = await page.context().newCDPSession(page);
    for (const deviceScaleFactor of [2, 1.25, 2.5]) {
      await devtools.send('Emulation.setDeviceMetricsOverride', {
        width: Math.round(1280 / deviceScaleFactor),
        height: Math.round(900 / deviceScaleFactor),
        mobile: false,
        deviceScaleFactor,
      });
      await page.waitForTimeout(200);
      assert.ok(Math.abs((await ratio()) - deviceScaleFactor) < 0.01, `${await ratio()}`);
    }
  }));

describe('the crosshair', () => {
  /**
   * Which labels look otherwise than before: rows by their band left of the cells,
   * columns by the one above.
   * @param {Page} page
   * @param {{ x: number, y: number, pitch: number }} cells
   * @param {number} n
   */
  async function labels(page, { x, y, pitch }, n) {
    const bands = Array.from({ length: n }, (_, i) => [
      { x: x - 90, y: y + i * pitch + pitch / 2 - 7, width: 60, height: 14 },
      { x: x + i * pitch + pitch / 2 - 3, y: y - 32, width: 14, height: 8 },
    ]).flat();
    return page.locator('#pattern').evaluate((element, wanted) => {
      const canvas = /** @type {any} */ (element);
      const context = canvas.getContext('2d');
      return wanted.map(({ x, y, width, height }) =>
        Array.from(context.getImageData(x, y, width, height).data).join(),
      );
    }, bands);
  }

  test('lights the row, the column and both labels, and a label lights its own', () =>
    harness.withPage(TINY, { width: 1440 }, async ({ page }) => {
      await start(page, 'ready');
      await page.waitForTimeout(200);
      const cells = await findCells(page);
      const plain = await labels(page, cells, 13);
      const canvas = page.locator('#pattern');
      const readout = page.locator('#pattern-readout');
      const { x, y, pitch } = cells;
      const lit = async () => {
        await page.waitForTimeout(100);
        const now = await labels(page, cells, 13);
        return now.flatMap((each, i) => {
          const name = `${i % 2 ? 'column' : 'row'} ${Math.floor(i / 2)}`;
          return each === plain[i] ? [] : [name];
        });
      };
      await canvas.hover({ position: { x: x + 4.5 * pitch, y: y + 9.5 * pitch } });
      const both = await lit();
      assert.ok(both.includes('row 9') && both.includes('column 4'), both.join());
      assert.equal(both.filter((name) => name.startsWith('row')).length, 1, both.join());
      assert.match(
        String(await readout.textContent()),
        /\(9\) attends to .* \(4\)Attention0\.\d{4}Relation.*Rank in row\d+ of 10/,
      );

      await canvas.hover({ position: { x: x - 40, y: y + 5.5 * pitch } });
      assert.deepEqual(
        (await lit()).filter((name) => name.startsWith('row')),
        ['row 5'],
      );
      assert.match(String(await readout.textContent()), /\(5\) attends toMost/);

      await canvas.hover({ position: { x: x + 3.5 * pitch, y: y - 12 } });
      assert.ok((await lit()).includes('column 3'));
      assert.match(String(await readout.textContent()), /\(3\) is attended to byMost by/);
    }));

  test('is lit by the tokens as fed, and lights them', () =>
    harness.withPage(TINY, { width: 1440 }, async ({ page }) => {
      await start(page, 'ready');
      const cards = page.locator('#fed > li');
      await cards.nth(4).hover();
      const readout = page.locator('#pattern-readout');
      await readout.filter({ hasText: '(4) attends to' }).waitFor();
      await page.mouse.move(1, 1);
      await page.locator('#pattern').focus();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowRight');
      await readout.filter({ hasText: '(4) attends to ' }).waitFor();
      const lit = await cards.evaluateAll((all) =>
        all.flatMap((card, index) => (card.classList.contains('lit') ? [index] : [])),
      );
      assert.equal(lit.at(-1), 4);
      assert.equal(lit.length, 2);
    }));

  test('walks onto labels by key, locks them, and the link keeps them', () =>
    harness.withPage(`${TINY}&view=q2k0`, {}, async ({ page }) => {
      await start(page, 'ready');
      const readout = page.locator('#pattern-readout');
      assert.match(String(await readout.textContent()), /\(2\) attends to .*\(0\)locked/);
      await page.locator('#pattern').focus();
      await page.keyboard.press('ArrowLeft');
      await page.waitForURL(/view=q2(&|$)/);
      assert.match(String(await readout.textContent()), /\(2\) attends tolocked/);
      await page.keyboard.press('ArrowRight');
      await page.waitForURL(/view=q2k0/);
      await page.keyboard.press('Escape');
      await page.waitForURL((url) => !url.hash.includes('view='));
    }));

  test('follows a tap as it does a pointer, and a second tap locks', () =>
    harness.withPage(TINY, { touch: true, width: 400, height: 800 }, async ({ page }) => {
      await start(page, 'ready');
      await page.waitForTimeout(200);
      const { x, y, pitch } = await findCells(page);
      const position = { x: x + 2.5 * pitch, y: y + 6.5 * pitch };
      const readout = page.locator('#pattern-readout');
      await page.locator('#pattern').tap({ position });
      await readout.filter({ hasText: '(6) attends to' }).waitFor();
      assert.doesNotMatch(page.url(), /view=/);
      await page.locator('#pattern').tap({ position });
      await page.waitForURL(/view=q6k2/);
      await page.locator('#pattern').tap({ position: { x: position.x, y: position.y + pitch } });
      await page.waitForURL(/view=q7k2/);
    }));
});

test('256 tokens stay legible: cells keep their size, labels stay in sight', () =>
  harness.withPage(
    `${modelLink('long')}&head=L1H1&n=1&len=255&prompt=0`,
    { width: 1440 },
    async ({ page }) => {
      await start(page, 'ready');
      const scroller = page.locator('#pattern-scroll');
      const canvas = page.locator('#pattern');
      await page.waitForTimeout(300);
      const tokens = Number((await canvas.getAttribute('aria-label'))?.match(/(\d+) by/)?.[1]);
      assert.ok(tokens >= 256);
      const sizes = await scroller.evaluate((element) => {
        const canvas = /** @type {any} */ (element.querySelector('canvas'));
        const { scrollWidth, scrollHeight, clientWidth, clientHeight } = element;
        const { width, height } = canvas;
        return { scrollWidth, scrollHeight, clientWidth, clientHeight, width, height };
      });
      assert.ok(sizes.scrollWidth >= 12 * tokens && sizes.scrollHeight >= 12 * tokens);
      assert.ok(sizes.width <= sizes.clientWidth && sizes.height <= sizes.clientHeight);

      /** Whether each row's label, below the columns', has ink of its own. */
      const inked = () =>
        canvas.evaluate((element) => {
          const canvas = /** @type {any} */ (element);
          const context = canvas.getContext('2d');
          const rows = Math.floor((canvas.height - 260) / 12);
          const bands = Array.from(
            { length: rows },
            (_, i) => new Set(context.getImageData(30, 240 + i * 12, 70, 12).data).size,
          );
          return { rows, blank: bands.filter((colors) => colors < 4).length };
        });
      const atFirst = await inked();
      assert.ok(atFirst.rows > 20 && atFirst.blank === 0, JSON.stringify(atFirst));

      await canvas.focus();
      await page.keyboard.press('ArrowDown');
      for (let i = 0; i < 150; i++) await page.keyboard.press('ArrowDown');
      await page.keyboard.press('End');
      await page.waitForTimeout(200);
      const { scrollTop, scrollLeft } = await scroller.evaluate(({ scrollTop, scrollLeft }) => ({
        scrollTop,
        scrollLeft,
      }));
      assert.ok(scrollTop > 500 && scrollLeft > 500, `${scrollLeft}, ${scrollTop}`);
      assert.equal((await inked()).blank, 0);
      const title = page.locator('#pattern-readout .readout-title');
      assert.match(String(await title.textContent()), /\(150\) attends to .*\(255\)/);
    },
  ));

describe('pinned heads', () => {
  test('come from the link, share the crosshair, and can be added and removed', () =>
    harness.withPage(`${TINY}&pins=L0H0,L1H0`, { width: 1440 }, async ({ page }) => {
      await start(page, 'ready');
      const pins = page.locator('#pins-row > li');
      await page.locator('#pins-row canvas').nth(1).waitFor();
      assert.deepEqual(await pins.locator('h4').allTextContents(), ['L0H0', 'L1H0']);

      // Values under the shared crosshair are those of each head's own pattern.
      await page.locator('#pattern').focus();
      await page.keyboard.press('ArrowDown');
      for (let i = 0; i < 7; i++) await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowRight');
      const values = await pins.locator('.pin-value').allTextContents();
      await page.getByRole('button', { name: 'Show L1H0 above' }).click();
      await page.waitForURL(/head=L1H0/);
      await page.locator('#pattern-heading').filter({ hasText: 'L1H0' }).waitFor();
      await reach(page, 'ready');
      const { patterns } = await exportedJson(page);
      assert.equal(patterns.head, 'L1H0');
      assert.ok(values[1]?.startsWith(patterns.rows[7][1].toFixed(4)), `${values[1]}`);
      assert.notEqual(values[0], values[1]);

      // Pointing at a pinned heatmap marks the cell in the large one too.
      await page
        .locator('#pins-row canvas')
        .first()
        .hover({ position: { x: 160, y: 160 } });
      await page
        .locator('#pattern-readout')
        .filter({ hasText: /attends to/ })
        .waitFor();

      await page.locator('#pin-head').fill('l0h1');
      await button(page, 'Add head').click();
      await page.waitForURL(/pins=L0H0%2CL1H0%2CL0H1/);
      await pins.nth(2).locator('canvas').waitFor();
      await page.locator('#pins-table-fold > summary').click();
      const names = page.locator('#pins-table tbody th');
      await names.nth(2).waitFor();
      assert.deepEqual(await names.allTextContents(), ['L0H0', 'L1H0', 'L0H1']);

      // Back from the table to the heatmaps.
      await page.locator('#pins-table-fold > summary').click();
      await page.getByRole('button', { name: 'Remove L0H0' }).click();
      await page.waitForURL(/pins=L1H0%2CL0H1/);
      await page.locator('#pin-head').fill('L9H9');
      await button(page, 'Add head').click();
      await page
        .locator('#pin-head-error')
        .filter({ hasText: /has L0 to L\d, H0 to H\d/ })
        .waitFor();

      await page.reload();
      await start(page, 'ready');
      await pins.nth(1).locator('canvas').waitFor();
      assert.deepEqual(await pins.locator('h4').allTextContents(), ['L1H0', 'L0H1']);
    }));

  test('of a layer that is not loaded wait for a button that says what it takes', () =>
    harness.withPage(
      `${modelLink(GOOD_MODEL)}&head=L0H1&pins=L0H2,L2H3`,
      {},
      async ({ page, requests }) => {
        await start(page, 'ready');
        const load = page.getByRole('button', { name: 'Load their layers', disabled: false });
        await load.waitFor();
        await page
          .locator('#note-pins')
          .filter({ hasText: /Downloads \d+ kB from 127/ })
          .waitFor();
        assert.equal(await page.locator('#pins-row canvas:visible').count(), 1);
        const before = requests.length;
        await load.click();
        await page.locator('#pins-row canvas:visible').nth(1).waitFor();
        await reach(page, 'ready');
        assert.ok(requests.length > before);
        assert.equal(await page.locator('#step-pins').isVisible(), false);
      },
    ));

  test('that are none are reported by name, and the page works', () =>
    harness.withPage(`${TINY}&pins=L1H0,nonsense`, {}, async ({ page }) => {
      await page.getByText('compared heads has to look like L1H5,L0H3').first().waitFor();
      await start(page, 'ready');
    }));
});

describe('the map of heads beside the heatmap', () => {
  test('both are in one view, and a head that is pointed at is previewed', () =>
    harness.withPage(SMALL_RUN, { width: 1280, height: 800 }, async ({ page, requests }) => {
      await start(page, 'done');
      const [map, heatmap] = await Promise.all(
        ['#headmap', '#pattern'].map((id) => page.locator(id).boundingBox()),
      );
      assert.ok(map && heatmap);
      assert.ok(map.x + map.width < heatmap.x, 'side by side');
      assert.ok(map.y + map.height < 800 && heatmap.y < 500, `${map.y} ${heatmap.y}`);
      const heading = await page.locator('#pattern-heading').textContent();
      const address = page.url();
      // The first head is in the corner; the labels take some pixels before it.
      const preview = page.locator('#head-preview-canvas');
      assert.equal(await preview.isVisible(), false);
      await page.locator('#headmap').hover({ position: { x: 60, y: 45 } });
      await preview.waitFor();
      assert.match(String(await page.locator('#headmap-readout').textContent()), /Head L0H0/);
      const first = await drawn(page);
      await page.locator('#headmap').focus();
      await page.keyboard.press('ArrowDown');
      await page.locator('#headmap-readout').filter({ hasText: 'Head L1H0' }).waitFor();
      await preview.waitFor();
      assert.notEqual(await drawn(page), first, 'another head is another picture');
      // It lies over the half of the heatmap in which there is nothing.
      const box = await page.locator('#head-preview').boundingBox();
      assert.ok(box && box.x > heatmap.x && box.y > heatmap.y, 'it lies on the heatmap');
      assert.equal(await page.locator('#pattern-heading').textContent(), heading);
      assert.equal(page.url(), address, 'no head is chosen by pointing');
      assert.deepEqual(
        requests.filter((url) => /safetensors/.test(url)).length,
        requests.filter((url) => /safetensors/.test(url) && url.startsWith(harness.site.url))
          .length,
      );
      await page.keyboard.press('Enter');
      await page.locator('#pattern-heading').filter({ hasText: 'L1H0' }).waitFor();
    }));

  /** @param {Page} page */
  function drawn(page) {
    return page
      .locator('#head-preview-canvas')
      .evaluate((canvas) => /** @type {HTMLCanvasElement} */ (canvas).toDataURL());
  }

  for (const width of [390, 360]) {
    test(`nothing of a table is cut at ${width} pixels: its rows are cards`, () =>
      harness.withPage(SMALL_RUN, { width, height: 844 }, async ({ page }) => {
        await start(page, 'done');
        for (const [fold, table] of [
          ['ablations-table-fold', '#ablations-table'],
          ['scores-table-fold', '#scores-table'],
        ]) {
          await page.locator(`#${fold} > summary`).click();
          const line = page.locator(`${table} tbody tr`).first();
          await line.waitFor();
          const cut = await page.locator(table ?? '').evaluate((root) => {
            const places = [root, ...root.querySelectorAll('td, th, .scroll')];
            return places.filter((each) => each.scrollWidth > each.clientWidth + 1).length;
          });
          assert.equal(cut, 0, `${table} is as wide as the window`);
          const label = await line
            .locator('td')
            .first()
            .evaluate((cell) => getComputedStyle(cell, '::before').content);
          assert.match(label, /\w/, 'each figure says what it is of');
        }
        assert.equal((await sidewaysScroll(page)).pixels, 0);
      }));
  }

  test('a panel shows its chart or its table', () =>
    harness.withPage(SMALL_RUN, {}, async ({ page }) => {
      await start(page, 'done');
      for (const [fold, chart, table] of [
        ['pattern-table-fold', '#pattern', '#pattern-table table'],
        ['scores-table-fold', '#top-heads', '#scores-table table'],
        ['ablations-table-fold', '#ablations-chart', '#ablations-table table'],
      ]) {
        const shown = async () => [
          await page.locator(chart ?? '').isVisible(),
          await page.locator(table ?? '').isVisible(),
        ];
        assert.deepEqual(await shown(), [true, false], fold);
        await page.locator(`#${fold} > summary`).click();
        await page.locator(table ?? '').waitFor();
        assert.deepEqual(await shown(), [false, true], fold);
        await page.locator(`#${fold} > summary`).click();
        assert.deepEqual(await shown(), [true, false], fold);
      }
    }));
});

/**
 * Has the map of heads show their patterns.
 * @param {Page} page
 */
async function showPatterns(page) {
  await page.locator('.map-panel label').filter({ hasText: 'Patterns' }).click();
}

describe('patterns in the map of heads', () => {
  test('are of every head of the loaded layers, load the others when asked, and open a head', () =>
    harness.withPage(`${modelLink(GOOD_MODEL)}&head=L0H1`, { width: 1440 }, async ({ page }) => {
      await start(page, 'ready');
      await showPatterns(page);
      const about = page.locator('#headmap-about');
      await about.filter({ hasText: 'Layers 0 to 0 of 3 are loaded' }).waitFor();
      const readout = page.locator('#headmap-readout');
      // Until a head is pointed at, it is told of the shown one.
      await readout.filter({ hasText: /Head L0H1, shown.*BOS\d/ }).waitFor();
      await page
        .locator('#note-thumbnails')
        .filter({ hasText: /Downloads \d+ kB from 127/ })
        .waitFor();
      await page.getByRole('button', { name: 'Load all layers', disabled: false }).click();
      await about.filter({ hasText: 'All 12 heads on prompt 1' }).waitFor();
      await reach(page, 'ready');
      assert.equal(await page.locator('#step-thumbnails').isVisible(), false);

      const table = page.locator('#thumbnails-table-fold > summary');
      const canvas = page.locator('#headmap');
      await table.click();
      const rows = page.locator('#thumbnails-table tbody tr');
      await rows.nth(11).waitFor();
      assert.equal(await rows.count(), 12);
      assert.equal(await canvas.isVisible(), false);

      await table.click();
      await canvas.focus();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowRight');
      await readout.filter({ hasText: /Head L1H1.*BOS\d/ }).waitFor();
      await page.locator('#head-preview-canvas').waitFor();
      await page.keyboard.press('Enter');
      await page.waitForURL(/head=L1H1/);
      await reach(page, 'ready');

      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('Shift+Enter');
      await page.waitForURL(/pins=L1H2/);
      await page.locator('.map-panel label').filter({ hasText: 'Scores' }).click();
      await page.locator('[data-action="score-heads"]').waitFor();
      assert.equal(await about.textContent(), 'Orange: above chance; blue: below.');
    }));

  test('are those that the heatmap shows, each in its place', () =>
    harness.withPage(TINY, {}, async ({ page }) => {
      await start(page, 'ready');
      await showPatterns(page);
      await page.locator('#headmap-about').filter({ hasText: 'All 6 heads' }).waitFor();
      await page.waitForTimeout(200);
      const { rows } = (await exportedJson(page)).patterns;
      const seen = await page.locator('#headmap').evaluate((element) => {
        const canvas = /** @type {HTMLCanvasElement} */ (element);
        const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
        // Head L2H1: squares of 120 pixels behind the names, two pixels apart.
        const [left, top, side] = [34 + 120, 26 + 2 * 120, 118];
        const at = (/** @type {number} */ place) => Math.floor(((place + 0.5) * side) / 13);
        return Array.from({ length: 13 }, (_, q) =>
          Array.from({ length: q }, (_, k) => [
            ...context.getImageData(left + at(k + 1), top + at(q), 1, 1).data.slice(0, 3),
          ]),
        );
      });
      const most = Math.max(...rows.flatMap((/** @type {number[]} */ row) => row.slice(1)));
      seen.forEach((row, q) =>
        row.forEach((colour, k) => {
          const wanted = rgb(viridis(rows[q][k + 1] / most));
          const off = Math.max(...colour.map((value, i) => Math.abs(value - (wanted[i] ?? 0))));
          assert.ok(off <= 8, `${q}, ${k + 1}: ${colour} and not ${wanted}`);
        }),
      );
    }));

  for (const width of [390, 360, 320]) {
    test(`twelve heads fit a window ${width} pixels wide, a tap shows one below`, () =>
      harness.withPage(
        `${modelLink(MANY_HEADS)}&head=L11H5`,
        { width, height: 844, touch: true },
        async ({ page }) => {
          await start(page, 'ready');
          await showPatterns(page);
          await page.locator('#headmap-about').filter({ hasText: 'All 144 heads' }).waitFor();
          const canvas = page.locator('#headmap');
          const beyond = await page
            .locator('#headmap-scroll')
            .evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
          assert.equal(beyond, 0, 'nothing of it is cut');
          assert.equal((await sidewaysScroll(page)).pixels, 0);
          const box = await canvas.boundingBox();
          assert.ok(box && box.width > 0.8 * (width - 66), `${box?.width} pixels are used`);
          const cell = (box.width - 34) / 12;
          const x = 34 + 3.5 * cell;
          await canvas.tap({ position: { x, y: 26 + 6.5 * cell } });
          await page.locator('#headmap-readout').filter({ hasText: 'Head L6H3' }).waitFor();
          await page.locator('#head-preview-canvas').waitFor();
          const preview = await page.locator('#head-preview-canvas').boundingBox();
          const map = await canvas.boundingBox();
          const apart = Number(preview?.y) - Number(map?.y) - Number(map?.height);
          assert.ok(apart > 0 && apart < 200, `${apart} pixels below the map`);
        },
      ));
  }

  test('of 144 heads are drawn at once', () =>
    harness.withPage(TINY, {}, async ({ page }) => {
      await start(page, 'ready');
      const { milliseconds, colors } = await page.evaluate(async () => {
        const address = new URL('pkg/headscope.js', document.baseURI).href;
        const { thumbnails_view } = await import(address);
        const cells = new Float32Array(144 * 169).map((_, i) => ((i * 7919) % 1000) / 1000);
        const names = Array.from({ length: 144 }, (_, i) => `L${Math.floor(i / 12)}H${i % 12}`);
        const look = { scale: 'linear', max: 'one', colors: 'viridis', bos: 'shown' };
        const view = thumbnails_view({ cells, side: 13, names, columns: 12, shown: 0, ...look });
        const { width, height } = view.size(900);
        const canvas = document.createElement('canvas');
        canvas.width = width;
        canvas.height = height;
        const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
        const runs = Array.from({ length: 7 }, () => {
          const begun = performance.now();
          view.draw(context, 1, false);
          return performance.now() - begun;
        });
        const { data } = context.getImageData(0, 0, width, height);
        const pixels = new Uint32Array(data.buffer);
        return { milliseconds: Math.min(...runs), colors: new Set(pixels).size };
      });
      assert.ok(colors > 200, `${colors} colours`);
      assert.ok(milliseconds < 30, `${milliseconds} ms`);
    }));
});

describe('pictures and tables to take away', () => {
  test('every view is saved as SVG and PNG, and says seed, head, model and settings', () =>
    harness.withPage(
      `${TINY}&pins=L0H0,L1H0&view=sqrt&run=all`,
      { width: 1440 },
      async ({ page }) => {
        await start(page, 'done');
        await page.locator('#pins-row canvas').nth(1).waitFor();
        await showPatterns(page);
        await page.locator('#headmap-about').filter({ hasText: 'All 6 heads' }).waitFor();
        await reach(page, 'done');
        await page.locator('#ablations-chart svg').first().waitFor();
        const views = await page
          .locator('#picture-of option')
          .evaluateAll((options) => options.map((option) => /** @type {any} */ (option).value));
        assert.deepEqual(views, ['heatmap', 'pins', 'thumbnails', 'headmap', 'ablations']);
        for (const view of views) {
          await page.locator('#picture-of').selectOption(view);
          const svg = (await exported(page, 'Export SVG')).bytes.toString('utf8');
          const found = await page.evaluate((text) => {
            const parsed = new DOMParser().parseFromString(text, 'image/svg+xml');
            const root = parsed.documentElement;
            return {
              broken: parsed.querySelector('parsererror') !== null,
              shapes: root.querySelectorAll('rect, path, circle, line').length,
              unresolved: /var\(|currentColor|class=/.test(text),
              text: [...root.querySelectorAll('text')].map((each) => each.textContent).join('\n'),
            };
          }, svg);
          assert.ok(
            !found.broken && found.shapes > 20 && !found.unresolved,
            `${view}: ${svg.slice(0, 300)}`,
          );
          for (const said of ['head L2H1', 'prompt 1', 'seed 5', 'cell mean', 'model=tiny']) {
            assert.ok(found.text.includes(said), `the picture of ${view} does not say ${said}`);
          }
          const patterns = ['heatmap', 'pins', 'thumbnails'].includes(view);
          assert.equal(found.text.includes('Scale: square root'), patterns, view);
          const png = await exported(page, 'Export PNG');
          assert.match(png.name, new RegExp(`L2H1-seed5-prompt1-${view}\\.png$`));
          // Two pixels to a CSS pixel, as the header of the file says.
          const [width, height] = [png.bytes.readUInt32BE(16), png.bytes.readUInt32BE(20)];
          const size = /width="(\d+)" height="(\d+)"/.exec(svg.slice(0, 300));
          assert.deepEqual([width, height], [2 * Number(size?.[1]), 2 * Number(size?.[2])]);
        }
      },
    ));

  for (const [lie, script] of Object.entries(LIES)) {
    test(`under a canvas that gives ${lie}, no view is called saved as PNG and SVG is offered`, () =>
      harness.withPage(
        `${TINY}&n=6&len=8&cats=3&seeds=0-2&pins=L0H0,L1H0&run=all`,
        { width: 1440 },
        async ({ page }) => {
          await page.addInitScript(`{ ${save} ${script} }`);
          await page.reload();
          await start(page, 'done');
          await page.locator('#pins-row canvas').nth(1).waitFor();
          await showPatterns(page);
          await page.locator('#headmap-about').filter({ hasText: 'All 6 heads' }).waitFor();
          await page.locator('#ablations-chart svg').first().waitFor();
          await button(page, 'Run seeds').click();
          await page.locator('#seeds-chart svg').first().waitFor();
          await reach(page, 'done');
          const downloads = /** @type {string[]} */ ([]);
          page.on('download', (download) => downloads.push(download.suggestedFilename()));
          const views = await page
            .locator('#picture-of option')
            .evaluateAll((options) => options.map((option) => /** @type {any} */ (option).value));
          assert.equal(views.length, 6, views.join());
          const note = page.locator('#export-note');
          const problem = page.locator('#export-problem .problem');
          for (const view of views) {
            await page.locator('#picture-of').selectOption(view);
            await button(page, 'Export PNG').click();
            await problem.waitFor();
            assert.match(String(await problem.textContent()), /Nothing was saved/, view);
            assert.equal(await note.textContent(), '', view);
            const [svg] = await Promise.all([
              page.waitForEvent('download'),
              button(page, 'Save as SVG').click(),
            ]);
            assert.match(svg.suggestedFilename(), new RegExp(`-${view}\\.svg$`));
            await problem.waitFor({ state: 'detached' });
            assert.match(String(await note.textContent()), /^Saved .*\.svg\.$/);
          }
          assert.ok(
            downloads.length === 6 && downloads.every((name) => name.endsWith('.svg')),
            downloads.join(),
          );
        },
      ));
  }

  test('a picture has no markup but its own, whatever the text says', () =>
    harness.withPage(
      `${TINY}&text=${encodeURIComponent('</text><script>alert(1)</script> \u202e& "x"')}`,
      {},
      async ({ page }) => {
        await start(page, 'ready');
        const svg = (await exported(page, 'Export SVG')).bytes.toString('utf8');
        const names = await page.evaluate((text) => {
          const { documentElement } = new DOMParser().parseFromString(text, 'image/svg+xml');
          return [...new Set([...documentElement.querySelectorAll('*')].map((e) => e.nodeName))];
        }, svg);
        assert.deepEqual(names.sort(), ['rect', 'svg', 'text']);
      },
    ));

  test('a table is saved with its whole numbers', () =>
    harness.withPage(TINY, {}, async ({ page }) => {
      await start(page, 'ready');
      const { rows } = (await exportedJson(page)).patterns;
      await page.locator('#pattern-table-fold > summary').click();
      const save = page.locator('#pattern-table').getByRole('button', { name: 'Save as CSV' });
      const [download] = await Promise.all([page.waitForEvent('download'), save.click()]);
      assert.equal(
        download.suggestedFilename(),
        'headscope-L2H1-seed5-tiny-attention-l2h1-prompt-1.csv',
      );
      const csv = (await readFile(await download.path(), 'utf8')).trim().split('\r\n');
      assert.equal(csv.length, 14);
      const saved = csv.slice(1).map((line, q) =>
        line
          .split(',')
          .slice(1, q + 2)
          .map(Number),
      );
      saved.forEach((line, q) =>
        line.forEach((value, k) => assert.ok(Math.abs(value - rows[q][k]) < 1e-7, `${q}, ${k}`)),
      );
    }));
});

for (const [width, colorScheme] of /** @type {const} */ ([
  [1280, 'light'],
  [360, 'dark'],
])) {
  test(`with everything open, axe finds nothing and nothing sticks out at ${width} px, ${colorScheme}`, () =>
    harness.withPage(
      `${TINY}&pins=L0H0,L1H0&view=q7k2`,
      { width, colorScheme },
      async ({ page }) => {
        await start(page, 'ready');
        await showPatterns(page);
        for (const id of ['thumbnails-table-fold', 'pins-table-fold']) {
          await page.locator(`#${id} > summary`).click();
        }
        await page.locator('#thumbnails-table table').waitFor();
        await page.locator('#pins-table table').waitFor();
        await reach(page, 'ready');
        assert.deepEqual(await accessibilityViolations(page), []);
        const { pixels, wide } = await sidewaysScroll(page);
        assert.equal(pixels, 0, wide.join(', '));
        // The heatmap of the default prompt needs no scrolling of its own.
        const inner = await page
          .locator('#pattern-scroll')
          .evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
        assert.equal(inner, 0);
      },
    ));
}

describe('what is large', () => {
  const words = Array.from({ length: 1023 }, (_, i) => ['red', 'dog', 'rain'][i % 3]).join(' ');

  /**
   * The rows of a table's file.
   * @param {Page} page
   * @param {string} table
   */
  async function saved(page, table) {
    const save = page.locator(table).getByRole('button', { name: 'Save as CSV' });
    const [download] = await Promise.all([page.waitForEvent('download'), save.click()]);
    const text = await readFile(await download.path(), 'utf8');
    return text
      .trim()
      .split('\r\n')
      .map((line) => line.split(','));
  }

  test('1024 tokens: the table shows a block of a million cells and says which, its file has all', () =>
    harness.withPage(
      `${modelLink('long')}&head=L1H1&text=${encodeURIComponent(words)}`,
      {},
      async ({ page }) => {
        await start(page, 'ready');
        await page.locator('#pattern-table-fold > summary').click();
        const table = page.locator('#pattern-table table');
        await table.waitFor();
        const caption = table.locator('caption');
        assert.match(
          String(await caption.textContent()),
          /rows 0 to 31 and columns 0 to 31 of 1024 by 1024\./,
        );
        assert.ok((await page.locator('#pattern-table *').count()) < 3000);
        assert.equal(await table.getAttribute('aria-rowcount'), '1025');
        assert.equal(await table.getAttribute('aria-colcount'), '1025');

        await page.locator('#pattern-table').getByLabel('Rows').selectOption('992 to 1023');
        await page.locator('#pattern-table').getByLabel('Columns').selectOption('960 to 991');
        assert.match(
          String(await caption.textContent()),
          /rows 992 to 1023 and columns 960 to 991/,
        );
        const last = table.locator('tbody tr').last();
        assert.equal(await last.getAttribute('aria-rowindex'), '1025');
        const cell = last.locator('td').first();
        assert.equal(await cell.getAttribute('aria-colindex'), '962');
        const rows = await saved(page, '#pattern-table');
        assert.deepEqual([rows.length, rows[0]?.length], [1025, 1025]);
        assert.equal(rows[1024]?.[961], await cell.getAttribute('data-value'));
        const sum = rows[1024]?.slice(1).reduce((total, value) => total + Number(value), 0);
        assert.ok(Math.abs(Number(sum) - 1) < 1e-3, `${sum}`);
        assert.deepEqual(
          [rows[1]?.[1], rows[1]?.[2], rows[1023]?.[1024]],
          ['1', '', ''],
          'what comes later is empty',
        );
        assert.deepEqual(await accessibilityViolations(page), []);
      },
    ));

  test('1023 losses: the table shows the first 200, adds more when asked, sorts and saves all', () =>
    harness.withPage(
      `${modelLink('long')}&head=L1H1&text=${encodeURIComponent(words)}`,
      {},
      async ({ page }) => {
        await start(page, 'ready');
        await page.locator('#text-fold > summary').click();
        await page.locator('#step-text [data-run]:not([aria-disabled])').click();
        const table = page.locator('#text-table table');
        await table.waitFor();
        const rows = table.locator('tbody tr');
        assert.equal(await rows.count(), 200);
        assert.match(
          String(await table.locator('caption').textContent()),
          /First 200 of 1023 rows/,
        );
        assert.equal(await table.getAttribute('aria-rowcount'), '1024');
        const file = await saved(page, '#text-table');
        assert.equal(file.length, 1024);
        const losses = file.slice(1).map((row) => Number(row[2]));

        // Ordered, the first rows are the first of all, not of those that were shown.
        const sort = table.locator('button.sort').filter({ hasText: 'Loss' });
        await sort.click();
        await sort.click();
        const first = await rows.first().locator('td').nth(1).getAttribute('data-value');
        assert.equal(Number(first), Math.max(...losses));

        await page.getByRole('button', { name: 'Show 200 more' }).click();
        assert.equal(await rows.count(), 400);
        assert.equal(
          await page.evaluate(() =>
            document.activeElement?.closest('tr')?.getAttribute('aria-rowindex'),
          ),
          '202',
        );
        for (const count of [600, 800, 1000]) {
          await page.getByRole('button', { name: 'Show 200 more' }).click();
          assert.equal(await rows.count(), count);
        }
        await page.getByRole('button', { name: 'Show 23 more' }).click();
        assert.equal(await rows.count(), 1023);
        assert.match(String(await table.locator('caption').textContent()), /All 1023 rows/);
        assert.equal(await page.getByRole('button', { name: /^Show \d+ more$/ }).count(), 0);
      },
    ));

  test('356 ablations of 60 prompts: the charts show how the prompts spread, and say what is left out', () =>
    harness.withPage(
      `${modelLink(MANY_HEADS)}&head=L11H3&n=60&len=8&cats=3&ablate=all&kind=zero&against=position-mean`,
      { width: 1440 },
      async ({ page }) => {
        await start(page, 'ready');
        await page.locator('#step-ablations [data-run]:not([aria-disabled])').click();
        await page.locator('#step-ablations.done:not(.running)').waitFor({ timeout: 240_000 });
        const charts = page.locator('#ablations-chart svg');
        await charts.nth(1).waitFor();
        const { ablations } = await exportedJson(page);
        const points = ablations.reduce(
          (/** @type {number} */ sum, /** @type {any} */ { sequences }) => sum + sequences.length,
          0,
        );
        assert.ok(ablations.length > 300 && points > 10_000, `${ablations.length}, ${points}`);
        for (const chart of [charts.first(), charts.nth(1)]) {
          const marks = await chart.locator('circle, path, line, rect, text').count();
          assert.ok(marks > 400 && marks < 3000, `${marks} marks`);
        }
        const titles = await page.locator('#ablations-chart figcaption').allTextContents();
        const components = new Set(ablations.map((/** @type {any} */ row) => row.component)).size;
        const which = `the 100 of ${components} that change most`;
        assert.ok(
          titles.every((title) => title.includes(which)),
          titles.join(),
        );
        assert.match(String(titles[1]), /half and 90 % of its prompts, and their median/);

        const rows = page.locator('#ablations-table tbody tr');
        await page.locator('#ablations-table-fold > summary').click();
        assert.equal(await rows.count(), components);
        assert.equal((await saved(page, '#ablations-table')).length, components + 1);
        assert.equal((await exported(page, 'Export CSV')).bytes.length > 0, true);
      },
    ));
});
