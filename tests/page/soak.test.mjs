// A long visit: random actions one after another, as a visitor in a hurry does them, with
// the state of the page checked after each. The same seed does the same again:
//
//   SOAK_SEED=7 SOAK_ACTIONS=500 node --test tests/page/soak.test.mjs

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { exportedJson, start, useHarness, wasmMemory } from './harness.mjs';
import { GOOD_MODEL, makeModels, MANY_HEADS } from './models.mjs';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {{ name: string, mimeType: string, buffer: Buffer }} Picked */

const SEED = Number(process.env.SOAK_SEED ?? Date.now() % 2 ** 32);
const ACTIONS = Number(process.env.SOAK_ACTIONS ?? 500);

/** Milliseconds after which the page hangs. Other work on the machine takes its share. */
const HANGS = 120_000;
/** After so many actions the page is left alone until it is through, and looked over. */
const PAUSE = 10;

let folder = '';
const harness = useHarness(async () => {
  const models = await makeModels();
  ({ folder } = models);
  return { models: folder, remove: models.remove };
});

/** Numbers from 0 to 1 that a seed gives (mulberry32). */
class Dice {
  #state;

  /** @param {number} seed */
  constructor(seed) {
    this.#state = seed >>> 0;
  }

  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** @template T @param {readonly T[]} items @returns {T} */
  of(items) {
    return /** @type {T} */ (items[Math.floor(this.next() * items.length)]);
  }
}

/** Values of settings: most are possible, some are not. */
const VALUES = {
  seed: ['0', '5', '77', '4294967295', '-1', 'x'],
  n: ['1', '4', '12', '30', '0', '501'],
  len: ['2', '6', '12', '20', '1e9'],
  cats: ['1', '2', '4', '10', '99'],
  head: ['L0H0', 'L0H1', 'L1H1', 'L2H0', 'L1H3', 'L11H11', 'L99H0', 'nonsense'],
  prompt: ['0', '1', '3', '29', '-3'],
};
const TEXTS = ['The red dog sat by a blue cat', 'dog cat '.repeat(40), 'a', ''];
const TABLES = [
  'red,blue\ndog,cat,horse',
  'Colours:,red,blue,green\nAnimals:,dog,cat',
  'a,a\nb',
  '',
];
const LINKS = [
  'v=1&model=tiny&n=6&len=8&cats=3',
  'v=1&model=tiny&n=4&head=L1H1&view=sqrt.q3k1&pins=L0H0,L2H1',
  'v=1&model=tiny&n=4&text=red+dog+blue+cat',
  'v=1&model=tiny&n=3&cats=10&repeat=2&target=induction',
  'v=1&model=tiny&n=4&ablate=all&against=zero&kind=zero',
  'v=2&sed=3&model=tiny',
];

/**
 * Acts on a control whatever it is folded away in, as its events would.
 * @param {Page} page
 * @param {string} selector
 * @param {string} value
 * @param {string[]} events
 */
const give = (page, selector, value, events = ['input', 'change']) =>
  page.evaluate(
    ({ selector, value, events }) => {
      const field = /** @type {HTMLInputElement | null} */ (document.querySelector(selector));
      if (!field) throw new Error(`there is no ${selector}`);
      field.value = value;
      for (const kind of events) field.dispatchEvent(new Event(kind, { bubbles: true }));
    },
    { selector, value, events },
  );

/**
 * Presses one of those that are there, as far as any is.
 * @param {Page} page
 * @param {string} selector
 * @param {Dice} dice
 */
async function press(page, selector, dice) {
  const which = dice.next();
  return page.evaluate(
    ({ selector, which }) => {
      const all = [...document.querySelectorAll(selector)];
      const element = all[Math.floor(which * all.length)];
      if (element instanceof HTMLElement) element.click();
      return element?.textContent?.trim().slice(0, 40) ?? 'nothing';
    },
    { selector, which },
  );
}

/**
 * Chooses something of a select: a setting, how a view is drawn, which part of a table.
 * @param {Page} page
 * @param {Dice} dice
 */
function choose(page, dice) {
  const [which, what] = [dice.next(), dice.next()];
  return page.evaluate(([which, what]) => {
    const all = document.querySelectorAll('select:not(#threads)');
    const select = /** @type {HTMLSelectElement} */ (all[Math.floor(which * all.length)]);
    select.selectedIndex = Math.floor(what * select.options.length);
    for (const kind of ['input', 'change']) {
      select.dispatchEvent(new Event(kind, { bubbles: true }));
    }
    return `${select.id} ${select.value}`;
  }, /** @type {const} */ ([which, what]));
}

/** @param {string} name @returns {Promise<Picked[]>} */
async function modelFiles(name) {
  const read = async (/** @type {string} */ file) => ({
    name: file,
    mimeType: 'application/octet-stream',
    buffer: await readFile(path.join(folder, name, file)),
  });
  return [await read('model.safetensors'), await read('config.json')];
}

/**
 * @typedef {object} Visit
 * @property {Page} page
 * @property {Dice} dice
 * @property {Picked[]} files results, settings, and what is neither
 */

/** What a visitor may do: how often beside the others, and how. @type {[name: string, weight: number, act: (visit: Visit) => Promise<unknown>][]} */
const CHOICES = [
  [
    'set',
    6,
    async ({ page, dice }) => {
      const id = dice.of(/** @type {(keyof typeof VALUES)[]} */ (Object.keys(VALUES)));
      const value = dice.of(VALUES[id]);
      await give(page, `#${id}`, value);
      return `${id} ${value}`;
    },
  ],
  ['choose', 5, ({ page, dice }) => choose(page, dice)],
  ['run', 8, ({ page, dice }) => press(page, '[data-run]:not([aria-disabled])', dice)],
  ['start', 3, ({ page, dice }) => press(page, '[data-action="start"]', dice)],
  ['cancel', 4, ({ page, dice }) => press(page, '[data-action="cancel"], #bar-cancel', dice)],
  ['text', 2, ({ page, dice }) => give(page, '#text', dice.of(TEXTS))],
  ['words', 2, ({ page, dice }) => give(page, '#words', dice.of(TABLES))],
  ['undo', 1, ({ page, dice }) => press(page, '#words-undo, #words-redo', dice)],
  ['pin', 2, ({ page, dice }) => press(page, '#pin-shown, #pins-row button', dice)],
  ['fold', 3, ({ page, dice }) => press(page, 'details > summary', dice)],
  ['theme', 1, ({ page, dice }) => press(page, '#theme', dice)],
  ['reset', 1, ({ page, dice }) => press(page, '#settings-reset', dice)],
  [
    'cells',
    4,
    async ({ page, dice }) => {
      await page
        .locator('#pattern')
        .focus({ timeout: 1000 })
        .catch(() => {});
      const keys = [
        'ArrowDown',
        'ArrowRight',
        'ArrowUp',
        'Home',
        'End',
        'Enter',
        'Escape',
        ']',
        '[',
      ];
      for (let i = 0; i < 4; i++) await page.keyboard.press(dice.of(keys));
    },
  ],
  [
    'import',
    3,
    async ({ page, dice, files }) => {
      const file = dice.of(files);
      await page.locator('#open-file').setInputFiles(file);
      return file.name;
    },
  ],
  ['close import', 1, ({ page, dice }) => press(page, '#import-notice button', dice)],
  [
    'pick a model',
    2,
    async ({ page, dice }) => {
      const name = dice.of([GOOD_MODEL, MANY_HEADS]);
      await page.locator('#model-files').setInputFiles(await modelFiles(name));
      return name;
    },
  ],
  ['own model', 2, ({ page, dice }) => press(page, 'input[name="model"][value="tiny"]', dice)],
  [
    'model by address',
    2,
    ({ page, dice }) => {
      const name = dice.of([GOOD_MODEL, MANY_HEADS]);
      return give(page, '#model-address', `${harness.models.url}${name}`);
    },
  ],
  [
    'link',
    3,
    async ({ page, dice }) => {
      const link = dice.of(LINKS);
      await page.evaluate((hash) => {
        location.hash = hash;
      }, link);
      return link;
    },
  ],
  [
    'back',
    1,
    // An entry before the first would leave the page.
    ({ page }) => page.evaluate(() => history.length > 6 && history.back()),
  ],
  [
    'save',
    2,
    async ({ page, dice }) => {
      const files = ['json', 'csv', 'svg', 'png', 'npz', 'notebook'];
      return press(page, `#export-${dice.of(files)}:not([aria-disabled])`, dice);
    },
  ],
  ['threads', 1, ({ page, dice }) => give(page, '#threads', dice.of(['1', '2']), ['change'])],
  [
    'another tab',
    1,
    async ({ page, dice }) => {
      const tab = await page.context().newPage();
      await tab.goto(`${harness.site.url}#${dice.of(LINKS)}`);
      await tab.locator('#prompts-summary').filter({ hasText: /./ }).waitFor({ timeout: HANGS });
      await tab.close();
    },
  ],
  [
    'scroll',
    2,
    ({ page, dice }) =>
      page.evaluate((part) => scrollTo(0, part * document.body.scrollHeight), dice.next()),
  ],
];

/** @param {Dice} dice */
function draw(dice) {
  const sum = CHOICES.reduce((total, [, weight]) => total + weight, 0);
  let at = dice.next() * sum;
  return CHOICES.find(([, weight]) => (at -= weight) < 0) ?? assert.fail('nothing was drawn');
}

/**
 * @template T
 * @param {Promise<T>} work
 * @param {string} what
 * @returns {Promise<T>}
 */
async function inTime(work, what) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the page hangs: ${what}`)), HANGS);
  });
  try {
    return await Promise.race([work, /** @type {Promise<never>} */ (late)]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Where the page stands, as a script sees it.
 * @param {Page} page
 */
const look = (page) =>
  page.evaluate(() => {
    const { state = '', model = '' } = document.documentElement.dataset;
    const value = (/** @type {string} */ id) =>
      /** @type {HTMLInputElement} */ (document.getElementById(id)).value;
    const count = (/** @type {string} */ wanted) => document.querySelectorAll(wanted).length;
    return {
      state,
      model,
      hash: location.hash,
      seed: value('seed'),
      head: value('head'),
      wrong: count('#seed[aria-invalid="true"], #head[aria-invalid="true"]'),
      running: count('.step.running'),
      starts: count('[data-action="start"]'),
      cancels: count('[data-action="cancel"]'),
      problems: count('[data-role="problem"]'),
    };
  });

/**
 * Waits until nothing runs, and says where the page stands then.
 * @param {Page} page
 */
async function settle(page) {
  const deadline = Date.now() + HANGS;
  let before = '';
  for (let quiet = 0; ;) {
    const seen = await look(page);
    const still = seen.running === 0 && !['loading', 'running'].includes(seen.state);
    quiet = still && JSON.stringify(seen) === before ? quiet + 1 : 0;
    if (quiet === 6) return seen;
    assert.ok(Date.now() < deadline, `the page does not settle: ${JSON.stringify(seen)}`);
    before = JSON.stringify(seen);
    await page.waitForTimeout(100);
  }
}

/**
 * What the page holds once it shows the site's own model again and rubbish is collected.
 * @param {Page} page
 */
async function held(page) {
  await page.evaluate(() => sessionStorage.clear());
  await page.evaluate(() => {
    location.hash = 'v=1&model=tiny&n=6&len=8&cats=3&seed=1';
  });
  await settle(page);
  await start(page, 'ready').catch(async () => {
    await page.locator('[data-action="start"]').click();
  });
  await settle(page);
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.enable');
  await session.send('HeapProfiler.collectGarbage');
  await session.send('Performance.enable');
  const { metrics } = await session.send('Performance.getMetrics');
  await session.detach();
  const metric = (/** @type {string} */ wanted) =>
    metrics.find(({ name }) => name === wanted)?.value ?? NaN;
  return {
    wasm: await wasmMemory(page),
    workers: page.workers().length,
    heap: metric('JSHeapUsedSize'),
    nodes: metric('Nodes'),
    listeners: metric('JSEventListeners'),
  };
}

test(`${ACTIONS} random actions, seed ${SEED}: no hang, no error, no more memory than after half of them`, async (t) => {
  t.diagnostic(`again: SOAK_SEED=${SEED} SOAK_ACTIONS=${ACTIONS}`);
  const saved = await harness.withPage(
    'v=1&model=tiny&n=5&head=L2H0&run=all',
    {},
    async ({ page }) => {
      await start(page, 'done');
      return exportedJson(page);
    },
  );
  const asFile = (/** @type {string} */ name, /** @type {string} */ text) => ({
    name,
    mimeType: 'application/json',
    buffer: Buffer.from(text),
  });
  const files = [
    asFile('results.json', JSON.stringify(saved)),
    asFile('other.json', JSON.stringify({ ...saved, ablations: [] })),
    asFile('damaged.json', JSON.stringify(saved).slice(0, 900)),
    asFile('wrong.json', JSON.stringify({ ...saved, settings: { ...saved.settings, seed: 4 } })),
  ];
  const dice = new Dice(SEED);
  /** @type {string[]} */
  const done = [];
  await harness.withPage(LINKS[0] ?? '', { byItself: true }, async ({ page, problems }) => {
    /** @type {Awaited<ReturnType<typeof held>> | undefined} */
    let half;
    try {
      for (let i = 1; i <= ACTIONS; i++) {
        const [name, , act] = draw(dice);
        done.push(`${i} ${name}`);
        const told = await inTime(act({ page, dice, files }), name);
        if (typeof told === 'string') done.push(`${done.pop()}: ${told}`);
        const seen = await inTime(look(page), `after ${name}`);
        assert.match(seen.state, /^(start|loading|ready|running|done|error)$/);
        assert.deepEqual([seen.starts, seen.cancels, seen.problems], [1, 1, 1], 'one of each');
        assert.deepEqual(problems, []);
        if (i % PAUSE === 0) {
          const still = await settle(page);
          const link = new URLSearchParams(still.hash.slice(1));
          // A text of the visitor's own is not drawn.
          const isDrawn = still.seed !== '';
          assert.ok(isDrawn || link.has('text') || link.has('text-z'), 'a text');
          if (still.wrong === 0 && isDrawn) {
            assert.equal(still.seed, link.get('seed') ?? '5', 'the field and the link agree');
            assert.equal(still.head, link.get('head') ?? 'L1H5', 'the field and the link agree');
          }
        }
        if (i === Math.floor(ACTIONS / 2)) half = await held(page);
      }
      const end = await held(page);
      t.diagnostic(`after half: ${JSON.stringify(half)}; at the end: ${JSON.stringify(end)}`);
      for (const what of /** @type {const} */ (['wasm', 'workers', 'heap', 'nodes', 'listeners'])) {
        const most = 1.1 * (half?.[what] ?? NaN);
        assert.ok(end[what] <= most, `${what}: ${end[what]}, and ${half?.[what]} after half`);
      }
    } catch (thrown) {
      if (thrown instanceof Error) {
        thrown.stack += `\nSOAK_SEED=${SEED}, the last actions:\n${done.slice(-25).join('\n')}`;
      }
      throw thrown;
    }
  });
});
