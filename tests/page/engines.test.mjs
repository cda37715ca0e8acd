// Further paths in the other engines, each by the same scripts, and every number held to
// Chromium's: ablations of a chosen kind, a head taken apart, a text of one's own, a link
// and all files that are saved, and a visit without a network.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { serve } from '../../tools/server.mjs';
import { noFirefox, noWebKit, openFirefox, openWebKit } from './engines.mjs';
import { dist, useHarness } from './harness.mjs';
import { GOOD_MODEL } from './models.mjs';

/** @typedef {import('./engines.mjs').Engine} Engine */

const harness = useHarness();

/** Milliseconds that anything may take: others use this machine too. */
const PATIENCE = 180_000;

/** Numbers differ by rounding between builds of the module, and no more than this. */
const TOLERANCE = 1e-5;

/** How the model is called in the link, wherever its host is. */
const model = () => encodeURIComponent(`${harness.models.url}${GOOD_MODEL}`);

/** @type {Record<string, () => string>} */
const PATHS = {
  'scores, ablations of two kinds and a head taken apart': () =>
    `v=1&model=${model()}&head=L1H3&n=8&kind=zero&against=dataset-mean&ablate=all&run=all.circuits`,
  'a text of one’s own, its lens and what it adds to the output': () =>
    `v=1&model=${model()}&head=L2H1&text=The+red+dog+sat+by+a+blue+cat&run=all.lens.output`,
  'the demo model over several seeds': () => 'v=1&model=tiny&n=6&seeds=0-2&run=all.seeds',
};

/** What is on show at the end of each path. */
const ALWAYS = ['scores-table', 'ablations-table', 'pattern-table', 'shares', 'heads', 'ablations'];

/** Keeps what the page would save, by name, instead of saving it. */
const KEEP = `
  window.kept = {};
  const made = new Map();
  const { createObjectURL } = URL;
  URL.createObjectURL = (blob) => {
    const address = createObjectURL.call(URL, blob);
    made.set(address, blob);
    return address;
  };
  HTMLAnchorElement.prototype.click = function () {
    if (this.download) window.kept[this.download.split('.').at(-1)] = made.get(this.href);
  };`;

/**
 * Waits until a script gives something, and gives that.
 * @param {Engine} engine
 * @param {string} script an expression
 * @param {string} what
 */
async function until(engine, script, what) {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const found = await engine.run(`return ${script}`);
    if (found) return found;
    if (Date.now() > deadline) {
      const told = await engine.run(
        `return document.documentElement.dataset.state + ': ' +
          document.querySelector('[data-role="problem"]')?.textContent`,
      );
      assert.fail(`${what} does not come: ${told}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/**
 * Opens a link from nothing, presses Start and waits until it is through.
 * @param {Engine} engine
 * @param {string} link
 * @param {string} [site]
 */
async function study(engine, link, site = harness.site.url) {
  await engine.open('about:blank');
  await engine.open(`${site}#${link}`);
  await engine.run(`localStorage.setItem('headscope-by-itself', 'off'); sessionStorage.clear();`);
  await engine.open('about:blank');
  await engine.open(`${site}#${link}`);
  await until(
    engine,
    `document.querySelector('[data-action="start"]:not([aria-disabled])') !== null`,
    'Start',
  );
  await engine.run(KEEP);
  await engine.run(`document.querySelector('[data-action="start"]').click()`);
  const id = decodeURIComponent(/model=([^&]*)/.exec(link)?.[1] ?? '');
  const through = `(({ state, model }) => state === 'error' || (state === 'done' && model === ${JSON.stringify(id)}))(document.documentElement.dataset)`;
  // Between two steps of a run nothing runs for a moment.
  for (let quiet = 0; quiet < 4; quiet++) {
    if (!(await engine.run(`return ${through}`))) quiet = -1;
    await until(engine, through, 'the end of the run');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.equal(await engine.run(`return document.documentElement.dataset.state`), 'done');
}

/**
 * What a button has the page save, as text.
 * @param {Engine} engine
 * @param {string} format
 * @param {string} [ending]
 * @returns {Promise<{ text: string, size: number, start: number[] }>}
 */
async function saved(engine, format, ending = format) {
  await engine.run(`delete window.kept.${ending}`);
  const pressed = `(() => {
    const button = document.querySelector('[data-action="export-${format}"]:not([aria-disabled])');
    button?.click();
    return button !== null;
  })()`;
  await until(engine, pressed, `the button for ${format}`);
  await until(engine, `window.kept.${ending} !== undefined`, `the ${format}`);
  return engine.run(`
    const bytes = new Uint8Array(await window.kept.${ending}.arrayBuffer());
    return {
      text: new TextDecoder().decode(bytes),
      size: bytes.length,
      start: [...bytes.subarray(0, 8)],
    };`);
}

/**
 * The digits that the page shows: its tables, its figures and its sentences.
 * @param {Engine} engine
 * @returns {Promise<Record<string, string>>}
 */
async function shown(engine) {
  // Some folds compute when they are opened, and so do not belong to what was asked for.
  await engine.run(`for (const fold of document.querySelectorAll('details')) fold.open = true;`);
  await until(
    engine,
    `document.querySelector('#scores-table tbody tr') !== null && document.querySelector('#ablations-table tbody tr') !== null`,
    'the tables',
  );
  return engine.run(`
    const found = {};
    for (const id of ['scores-table', 'ablations-table', 'pattern-table', 'shares']) {
      found[id] = document.getElementById(id)?.innerText.replaceAll(/\\s+/g, ' ').trim() ?? '';
    }
    for (const each of document.querySelectorAll('[data-finding]')) {
      found[each.dataset.finding] = each.textContent;
    }
    return found;`);
}

/** @typedef {{ results: any, csv: string, notebook: any, link: string, shown: Record<string, string> }} Found */

/**
 * @param {Engine} engine
 * @param {string} link
 * @returns {Promise<Found>}
 */
async function walk(engine, link) {
  await study(engine, link);
  const [json, csv, notebook] = [
    await saved(engine, 'json'),
    await saved(engine, 'csv'),
    await saved(engine, 'notebook', 'ipynb'),
  ];
  const svg = await saved(engine, 'svg');
  assert.match(svg.text, /^<svg[^]*<\/svg>\s*$/);
  const npz = await saved(engine, 'npz');
  assert.deepEqual(npz.start.slice(0, 4), [0x50, 0x4b, 3, 4], 'a zip');
  const png = await saved(engine, 'png');
  assert.deepEqual(png.start, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], 'a PNG');
  assert.ok(npz.size > 1000 && png.size > 1000);
  return {
    results: JSON.parse(json.text),
    csv: csv.text,
    notebook: JSON.parse(notebook.text),
    link: await engine.run(`return location.hash`),
    shown: await shown(engine),
  };
}

/**
 * @param {any} ours
 * @param {any} theirs Chromium's
 * @param {string} what
 * @returns {number} the largest difference
 */
function difference(ours, theirs, what) {
  if (typeof theirs === 'number' && typeof ours === 'number') {
    // Eigenvalues of weights are in the tens.
    const apart = Math.abs(ours - theirs) / Math.max(1, Math.abs(theirs));
    assert.ok(apart <= TOLERANCE, `${what} is ${ours}, and in Chromium ${theirs}`);
    return apart;
  }
  if (typeof theirs !== 'object' || theirs === null) {
    assert.deepEqual(ours, theirs, what);
    return 0;
  }
  assert.deepEqual(Object.keys(ours ?? {}), Object.keys(theirs), `what ${what} has`);
  const all = Object.keys(theirs).map((key) =>
    difference(ours[key], theirs[key], `${what}.${key}`),
  );
  return Math.max(0, ...all);
}

/**
 * Numbers of a text, each by itself.
 * @param {string} text
 */
const numbersOf = (text) =>
  text.split(/[,\r\n]+/).map((cell) => (cell === '' ? '' : +cell || cell));

/**
 * A page of Chromium as the other engines are driven.
 * @param {(engine: Engine) => Promise<Found>} use
 */
const inChromium = (use) =>
  harness.withPage('', {}, ({ page }) =>
    use({
      open: (url) => page.goto(url),
      run: (script) => page.evaluate(`(async () => { ${script} })()`),
      version: async () => harness.browser.version(),
      close: async () => {},
    }),
  );

/** What Chromium finds on each path, once. @type {Map<string, Promise<Found>>} */
const chromium = new Map();

/** @param {string} path */
function inChromiumOnce(path) {
  const link = PATHS[path]?.() ?? assert.fail(path);
  const found = chromium.get(path) ?? inChromium((engine) => walk(engine, link));
  chromium.set(path, found);
  return found;
}

for (const [name, missing, launch] of /** @type {const} */ ([
  ['Firefox', noFirefox, openFirefox],
  ['WebKit', noWebKit, openWebKit],
])) {
  describe(`in ${name}`, { skip: missing }, () => {
    /** @type {Engine} */
    let engine;
    before(async () => {
      engine = await launch();
    });
    after(() => engine?.close());

    for (const [path, link] of Object.entries(PATHS)) {
      test(`${path}: every number is Chromium’s, and every digit shown`, async (t) => {
        const theirs = await inChromiumOnce(path);
        const ours = await walk(engine, link());
        // What was measured is not what was found.
        for (const { results } of [ours, theirs]) {
          delete results.timings_ms;
          delete results.bytes;
        }
        const apart = difference(ours.results, theirs.results, 'results');
        t.diagnostic(`${await engine.version()}: numbers differ by ${apart} at most`);
        difference(numbersOf(ours.csv), numbersOf(theirs.csv), 'csv');
        assert.equal(ours.notebook.cells.length, theirs.notebook.cells.length);
        assert.equal(ours.link, theirs.link);
        // What comes when it is near or unfolded may not have come in one of the two.
        const both = Object.keys(theirs.shown).filter(
          (each) => ours.shown[each] && theirs.shown[each],
        );
        for (const each of ALWAYS) assert.ok(both.includes(each), `${each} is shown`);
        for (const each of both) assert.equal(ours.shown[each], theirs.shown[each], each);
      });
    }

    test('a link that is copied by hand opens the same study again', async () => {
      const path = Object.keys(PATHS)[0] ?? '';
      const theirs = await inChromiumOnce(path);
      await study(engine, theirs.link.slice(1));
      const again = JSON.parse((await saved(engine, 'json')).text);
      difference(again.head_scores, theirs.results.head_scores, 'head_scores');
      difference(again.ablations, theirs.results.ablations, 'ablations');
    });

    test('a second visit needs no network, where the engine keeps sites under automation', async (t) => {
      const site = await serve(dist, {});
      let closed = false;
      try {
        await study(engine, 'v=1&model=tiny&n=4&run=all', site.url);
        const keeps = await engine.run(`
          if (!navigator.serviceWorker) return false;
          const late = new Promise((resolve) => setTimeout(resolve, 20000, null));
          return (await Promise.race([navigator.serviceWorker.ready, late])) !== null;`);
        if (!keeps) {
          t.diagnostic(`${await engine.version()} keeps no site under automation: not tried`);
          return;
        }
        await until(engine, `navigator.serviceWorker.controller !== null`, 'the service worker');
        await until(
          engine,
          `(await caches.match(new URL('data/tiny/model.safetensors', location.href).href)) !== undefined`,
          'the model in the cache',
        );
        await site.close();
        closed = true;
        await study(engine, 'v=1&model=tiny&n=4&seed=6&run=all', site.url);
        const { head_scores } = JSON.parse((await saved(engine, 'json')).text);
        assert.equal(head_scores.mean.length, 3);
        t.diagnostic(`${await engine.version()}: without a network`);
      } finally {
        if (!closed) await site.close();
      }
    });
  });
}
