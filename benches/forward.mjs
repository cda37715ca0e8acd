// All twelve layers with all patterns: ours, onnxruntime-web, and candle alone.

import { atLeast, median, time, times } from './report.mjs';

/** @typedef {import('./bench.mjs').Context} Context */
/** @typedef {import('./report.mjs').Section} Section */

/** Each contender has its turn in every round, so that a slow minute hits all. */
const ROUNDS = 5;
/** Seconds of each turn; at least one run. */
const TURN = 0.3;
/** Two contenders must agree to this, relative to the largest number. */
const TOLERANCE = 1e-3;

/** @param {Context} context */
function cases({ kept }) {
  const [first] = kept;
  if (!first) throw new Error('no prompt is kept');
  const tokens = first.length;
  const text = kept.flat().slice(0, 256);
  return [
    { name: '1 prompt of 13 tokens', least: 1.3, prompts: { batch: 1, tokens, ids: first } },
    {
      name: '22 prompts of 13 tokens',
      least: 1.6,
      prompts: { batch: kept.length, tokens, ids: kept.flat() },
    },
    { name: '1 prompt of 256 tokens', least: null, prompts: { batch: 1, tokens: 256, ids: text } },
  ];
}

/**
 * @param {Context} context
 * @returns {Promise<Section>}
 */
export async function forward(context) {
  const { call, contenders, peers, compare } = context;
  const all = [...contenders, ...peers];
  for (const each of all) await each.open();

  // It warms them up, too.
  const differences = [];
  for (const { name, prompts } of cases(context)) {
    for (const { id } of all.filter((each) => each.id !== 'onnxruntime-1')) {
      const found = await compare(id, 'onnxruntime-1', prompts);
      for (const { difference, largest } of [found.patterns, found.resid]) {
        if (!(difference <= TOLERANCE * Math.max(1, largest))) {
          throw new Error(`${name}: ${id} and onnxruntime-web differ by ${difference}`);
        }
      }
      differences.push({ name, id, ...found });
    }
  }

  const rows = [];
  const targets = [];
  const data = [];
  for (const { name, least, prompts } of cases(context)) {
    /** @type {Map<string, number[]>} */
    const runs = new Map(all.map(({ id }) => [id, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const { id } of all) {
        runs.get(id)?.push(...(await call(id, 'forward', prompts, { seconds: TURN })));
      }
    }
    const ms = new Map(all.map(({ id }) => [id, median(runs.get(id) ?? [])]));
    for (const { id, label, threads } of all) {
      const mine = ms.get(id) ?? NaN;
      const peer = ms.get(threads === 1 ? 'onnxruntime-1' : 'onnxruntime-all') ?? NaN;
      rows.push([name, label, time(mine), times(peer / mine)]);
    }
    for (const [threads, who] of /** @type {const} */ ([
      [1, 'on one thread'],
      [context.cores, 'on all cores'],
    ])) {
      if (least === null) continue;
      const what = `${name}, against onnxruntime-web ${who}`;
      const ours = contenders.filter((each) => each.threads === threads).at(-1);
      const peer = ms.get(threads === 1 ? 'onnxruntime-1' : 'onnxruntime-all') ?? NaN;
      targets.push(
        ours
          ? atLeast(what, least, peer / (ms.get(ours.id) ?? NaN))
          : { what, wanted: `at least ${least} x`, found: '', met: null },
      );
    }
    data.push({ name, runs: Object.fromEntries(runs) });
  }
  await context.closeAll();

  const worst = Math.max(...differences.map(({ patterns }) => patterns.difference));
  const resid = Math.max(...differences.map((d) => d.resid.difference / d.resid.largest));
  return {
    title: 'Twelve layers, with all 144 patterns',
    notes: [
      'From token ids to patterns and last residual stream as arrays of JavaScript; every contender reads the same file of random weights.',
      `Their patterns agree to ${worst.toExponential(1)}, their residual streams to ${resid.toExponential(1)} of the largest number.`,
      `Medians of ${ROUNDS} rounds in which each has its turn. The ratio is onnxruntime-web's time, on as many threads, over the row's.`,
    ],
    columns: ['prompts', 'contender', 'time', 'ratio'],
    rows,
    targets,
    data: { differences, cases: data },
  };
}
