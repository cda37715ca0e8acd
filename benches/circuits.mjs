// A head taken apart, and what the whole model makes of a text.

import { median, time, times } from './report.mjs';

/** @typedef {import('./bench.mjs').Context} Context */
/** @typedef {import('./report.mjs').Section} Section */

/** Tokens of the text that every layer reads, and those that a text goes on after. */
const TEXT = 64;
const LONG = 900;
/** A text goes on by so many tokens, and by as many again. */
const NEW = 50;
/** Operations of the lens on 64 tokens: the layers, and the unembedding after each. */
const LENS_GFLOP = 59;
const CHAINS = [10, 12, 14];
const ROUNDS = 5;
const MS = /** @type {const} */ ({ form: 300, words: 500, shown: 50, all: 500 });
const MOST_OVER_LIMIT = 1.25;
/** The last tokens see a few more than those before them. */
const MOST_GROWTH = 1.2;

/**
 * @param {Context} context
 * @returns {Promise<Section>}
 */
export async function circuits(context) {
  const { call, contenders, kept } = context;
  /** GFLOP/s of one thread in registers, at this moment. */
  const limitOf = async (/** @type {string} */ id) => {
    const limits = [];
    for (const chains of CHAINS) {
      const { flop, times } = await call(id, 'multiplyAdds', chains, { seconds: 0.1 });
      limits.push(flop / median(times) / 1e6);
    }
    return Math.max(...limits);
  };
  const text = kept.flat();
  const ids = (/** @type {number} */ n) =>
    Array.from({ length: n }, (_, i) => text[i % text.length] ?? 0);
  const rows = [];
  const targets = [];
  const data = [];
  for (const contender of contenders.slice(1)) {
    const { id, label, threads } = contender;
    await contender.open();
    const box = { seconds: 0.5, least: 3 };
    const form = median(await call(id, 'circuits', 'form', box));
    const words = median(await call(id, 'circuits', 'words', box));
    const { shown, all } = await call(id, 'slide', box);
    await call(id, 'lens', ids(TEXT), { seconds: 0 });
    // In turns with the limit, so that a slow minute hits both.
    const lenses = [];
    const limits = [];
    for (let round = 0; round < ROUNDS; round++) {
      limits.push(await limitOf(id));
      lenses.push(...(await call(id, 'lens', ids(TEXT), { seconds: 0, least: 1 })));
    }
    const [lens, limit] = [median(lenses), median(limits)];
    const generated = [];
    for (const most of [1, 1 + NEW, 1 + 2 * NEW]) {
      generated.push(median(await call(id, 'goOn', ids(LONG), most, { seconds: 0, least: 1 })));
    }
    await context.closeAll();
    const [first = NaN, half = NaN, whole = NaN] = generated;
    const growth = (whole - half) / (half - first);
    const over = lens / ((1000 * LENS_GFLOP) / (limit * threads));
    const found = { form, words, shown: median(shown), all: median(all) };
    for (const [what, ms, note] of /** @type {[string, number, string][]} */ ([
      ['form of a head', form, ''],
      ['words by words', words, ''],
      ['a step of the slider: the shown prompt', found.shown, ''],
      ['a step of the slider: all kept prompts, words and test', found.all, ''],
      [
        `lens on ${TEXT} tokens`,
        lens,
        `${times(over)} of ${LENS_GFLOP} GFLOP at ${limit.toFixed(0)} GFLOP/s a thread`,
      ],
      [`${LONG} tokens read, and one more`, first, ''],
      [`${NEW} tokens more`, half - first, `${time((half - first) / NEW)} each`],
      [`${NEW} tokens more`, whole - half, `${times(growth)} the ${NEW} before`],
    ])) {
      rows.push([what, label, time(ms), note]);
    }
    for (const key of /** @type {(keyof typeof MS)[]} */ (Object.keys(MS))) {
      targets.push({
        what: `${key === 'shown' || key === 'all' ? `a step of the slider, ${key}` : key}, ${label}`,
        wanted: `under ${time(MS[key])}`,
        found: time(found[key]),
        met: found[key] < MS[key],
      });
    }
    targets.push(
      {
        what: `lens on ${TEXT} tokens over its operations at the register limit, ${label}`,
        wanted: `at most ${MOST_OVER_LIMIT} x`,
        found: times(over),
        met: over <= MOST_OVER_LIMIT,
      },
      {
        what: `the last ${NEW} of ${2 * NEW} tokens over the first ${NEW}, after ${LONG}, ${label}`,
        wanted: `at most ${MOST_GROWTH} x`,
        found: times(growth),
        met: growth <= MOST_GROWTH,
      },
    );
    data.push({ label, threads, ...found, lens, generated, limit });
  }
  return {
    title: 'A head taken apart, and the whole model on a text',
    notes: ['L1H5 of random weights of GPT-2 small\u2019s size, 60 words, 22 kept prompts.'],
    columns: ['what', 'contender', 'time', ''],
    rows,
    targets,
    data,
  };
}
