// All 1,200 heads of a model of GPT-2 XL's size, on the built page. Its weights are drawn
// numbers that repeat: with zeros all tokens would be alike, and computed once.

import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Harness, reach } from '../tests/page/harness.mjs';
import { startHost } from '../tests/page/host.mjs';
import { pressToResult } from './click.mjs';
import { time } from './report.mjs';

/** @typedef {import('./report.mjs').Section} Section */
/** @typedef {import('./bench.mjs').Context} Context */

const CONFIG = {
  model_type: 'gpt2',
  n_layer: 48,
  n_head: 25,
  n_embd: 1600,
  n_positions: 1024,
  vocab_size: 50257,
};
/** So many numbers are drawn; prime, so that no two rows of a matrix begin alike. */
const DRAWN = 1_000_003;
const SPREAD = 0.035;
/** Memory that has to be free for it, in bytes: the weights, and what reading them takes. */
const LEAST_FREE = 12e9;

/**
 * A folder with a model of those sizes.
 * @param {string} folder
 * @returns {number} bytes of the weights
 */
function makeXl(folder) {
  const { n_embd: d, n_layer, n_positions, vocab_size } = CONFIG;
  /** @type {[string, number[]][]} */
  const tensors = [
    ['wte.weight', [vocab_size, d]],
    ['wpe.weight', [n_positions, d]],
    ['ln_f.weight', [d]],
    ['ln_f.bias', [d]],
  ];
  for (let l = 0; l < n_layer; l++) {
    for (const norm of ['ln_1', 'ln_2']) {
      tensors.push([`h.${l}.${norm}.weight`, [d]], [`h.${l}.${norm}.bias`, [d]]);
    }
    for (const [name, n_in, n_out] of /** @type {[string, number, number][]} */ ([
      ['attn.c_attn', d, 3 * d],
      ['attn.c_proj', d, d],
      ['mlp.c_fc', d, 4 * d],
      ['mlp.c_proj', 4 * d, d],
    ])) {
      tensors.push([`h.${l}.${name}.weight`, [n_in, n_out]], [`h.${l}.${name}.bias`, [n_out]]);
    }
  }
  /** @type {Record<string, object>} */
  const header = {};
  let at = 0;
  for (const [name, shape] of tensors) {
    const bytes = 4 * shape.reduce((a, b) => a * b, 1);
    header[name] = { dtype: 'F32', shape, data_offsets: [at, at + bytes] };
    at += bytes;
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  mkdirSync(folder, { recursive: true });
  const weights = path.join(folder, 'model.safetensors');
  const drawn = Float32Array.from({ length: DRAWN }, () => (Math.random() * 2 - 1) * SPREAD);
  const block = Buffer.from(drawn.buffer);
  const file = openSync(weights, 'w');
  writeSync(file, length);
  writeSync(file, text);
  for (let left = at; left > 0; left -= block.length) {
    writeSync(file, block.subarray(0, Math.min(left, block.length)));
  }
  closeSync(file);
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(CONFIG));
  return at;
}

/**
 * @param {Context} context
 * @returns {Promise<Section>}
 */
export async function xl({ root }) {
  const title = 'All 1,200 heads of a model of GPT-2 XL’s size, on 22 prompts';
  const bytes = makeXl(path.join(root, 'build/bench/xl'));
  const columns = ['what', 'time'];
  if (os.freemem() < LEAST_FREE) {
    const note = `It needs ${LEAST_FREE / 1e9} GB of memory, and ${(os.freemem() / 1e9).toFixed(1)} are free: not measured.`;
    return { title, notes: [note], columns, rows: [], targets: [], data: null };
  }
  const host = await startHost({ folder: path.join(root, 'build/bench/xl') });
  // So nothing of it is kept on the disk.
  host.version = () => ({});
  const harness = await Harness.start();
  try {
    const hash = `v=1&model=${encodeURIComponent(host.url)}&head=L0H0`;
    return await harness.withPage(hash, { expected: /./ }, async ({ page }) => {
      page.setDefaultTimeout(1_200_000);
      await page.click('[data-action="start"]');
      await reach(page, 'ready');
      const heads = { action: 'score-heads' };
      const first = await page.evaluate(pressToResult, { ...heads, metric: 'row-mass' });
      await reach(page, 'ready');
      const again = await page.evaluate(pressToResult, { ...heads, metric: 'cell-mean' });
      return {
        title,
        notes: [
          `${(bytes / 1e9).toFixed(1)} GB of drawn numbers from a host on this machine, nothing kept on the disk, on as many threads as the page takes by itself.`,
        ],
        columns,
        rows: [
          ['the scores, the weights being read meanwhile', time(first)],
          ['the scores, with the weights in memory', time(again)],
        ],
        targets: [],
        data: { bytes, first, again },
      };
    });
  } finally {
    await harness.stop();
    await host.close();
    // It is a tenth of what a small disk has.
    rmSync(path.join(root, 'build/bench/xl'), { recursive: true });
  }
}
