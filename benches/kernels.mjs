// Single linear layers beside candle's product and the machine's limits.

import { median } from './report.mjs';

/** @typedef {import('./bench.mjs').Context} Context */
/** @typedef {import('./report.mjs').Section} Section */

/** Layer of GPT-2 small, inputs, outputs. */
const SHAPES = /** @type {const} */ ([
  ['q, k, v or attn.c_proj', 768, 768],
  ['mlp.c_fc', 768, 3072],
  ['mlp.c_proj', 3072, 768],
]);
/** One prompt, and the notebook's 22, of 13 tokens each. */
const ROWS = [13, 286];
const MANY = 286;
/** Chains of multiply-adds; the limit is what the best number of them reaches. */
const CHAINS = [8, 10, 12, 14];
/** Larger than the last cache of today's servers. */
const MEGABYTES = 512;
const LEAST_SHARE = 0.85;
const TOLERANCE = 1e-3;

/**
 * @param {Context} context
 * @returns {Promise<Section>}
 */
export async function kernels(context) {
  const { call, builds } = context;
  const rows = [];
  const targets = [];
  const data = [];
  const notes = [];
  for (const build of builds) {
    await context.openBuild(build);
    const limits = [];
    for (const chains of CHAINS) {
      const { flop, times } = await call(build, 'multiplyAdds', chains, { seconds: 0.5 });
      limits.push(flop / median(times) / 1e6);
    }
    const limit = Math.max(...limits);
    const bytes = MEGABYTES * 2 ** 20;
    const reading = bytes / median(await call(build, 'read', MEGABYTES, { seconds: 0.7 })) / 1e6;
    notes.push(
      `The ${build} build's limit is ${limit.toFixed(1)} GFLOP/s in registers and ${reading.toFixed(1)} GB/s from memory.`,
    );
    // The trial goes over all shapes, as it does in a model: of one alone, which stays in
    // the caches, it would choose for that one.
    for (let round = 0; round < 40; round++) {
      for (const [, nIn, nOut] of SHAPES) {
        for (const count of ROWS) {
          await call(build, 'tryOut', count, nIn, nOut);
        }
      }
    }
    const shares = [];
    for (const [name, nIn, nOut] of SHAPES) {
      for (const count of ROWS) {
        const pair = await call(build, 'linear', count, nIn, nOut, { seconds: 0.4, least: 3 });
        if (!(pair.difference <= TOLERANCE)) {
          throw new Error(`${name}: ours and candle's differ by ${pair.difference}`);
        }
        const flop = 2 * count * nIn * nOut;
        const ms = median(pair.ours);
        const [ours, candle] = [flop / ms / 1e6, flop / median(pair.candle) / 1e6];
        const read = (4 * nIn * nOut) / ms / 1e6;
        if (count === MANY) shares.push(ours / limit);
        rows.push([
          name,
          build,
          `${count}`,
          ours.toFixed(1),
          `${Math.round((100 * ours) / limit)} %`,
          read.toFixed(1),
          candle.toFixed(1),
        ]);
        data.push({ name, build, rows: count, ours, candle, limit, reading });
      }
    }
    const [few, many] = await call(build, 'tilings');
    notes.push(`It chose the tiling ${few} for few rows and ${many} for many.`);
    const least = Math.min(...shares);
    targets.push({
      what: `every kernel at ${MANY} rows, ${build} build, of the register-only limit`,
      wanted: `at least ${100 * LEAST_SHARE} %`,
      found: `${(100 * least).toFixed(0)} %`,
      met: least >= LEAST_SHARE,
    });
    await context.closeAll();
  }
  return {
    title: 'Single layers, on one thread',
    notes: [
      ...notes,
      'Beside ours: its share of the limit in registers, the weights it reads in GB/s, and candle’s matrix product.',
    ],
    columns: ['layer', 'build', 'rows', 'GFLOP/s', 'of limit', 'GB/s', 'candle, GFLOP/s'],
    rows,
    targets,
    data,
  };
}
