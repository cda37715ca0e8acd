// The notebook's detector and its 88 ablations: ours in the browser, and
// TransformerLens in Python where it is installed.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { atLeast, median, time, times } from './report.mjs';

/** @typedef {import('./bench.mjs').Context} Context */
/** @typedef {import('./report.mjs').Section} Section */

/** Scores are shares of attention. */
const TOLERANCE = 1e-3;
const RUNS = 3;

/** @typedef {{ threads: number, seconds: number[], scores: number[] }} Study */

/**
 * A Python that has TransformerLens, if there is one.
 * @param {string} root
 */
async function pythonWithTransformerLens(root) {
  const installed = path.join(root, '.setup/transformer-lens/bin/python3');
  const python = process.env.HEADSCOPE_BENCH_PYTHON ?? installed;
  if (python === installed && !existsSync(installed)) return null;
  return promisify(execFile)(python, ['-c', 'import transformer_lens']).then(
    () => python,
    () => null,
  );
}

/**
 * @param {Context} context
 * @returns {Promise<Study[]>} none where TransformerLens is absent
 */
async function transformerLens({ root, folder }) {
  const python = await pythonWithTransformerLens(root);
  if (!python) return [];
  const script = path.join(root, 'benches/notebook_transformerlens.py');
  const prompts = path.join(root, 'tests/fixtures/prompts.json');
  const { stdout } = await promisify(execFile)(python, [script, folder, prompts, `${RUNS}`]);
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line));
}

/**
 * @param {Context} context
 * @returns {Promise<Section>}
 */
export async function notebook(context) {
  const { call, contenders, cores } = context;
  /** @type {(import('./bench.mjs').Contender & { scores: number[], ms: number })[]} */
  const ours = [];
  for (const contender of contenders) {
    await contender.open();
    /** @type {number[]} */
    const scores = Array.from(await call(contender.id, 'notebookScores'));
    const ms = await call(contender.id, 'notebook', { seconds: 0, least: RUNS });
    ours.push({ ...contender, scores, ms: median(ms) });
    await context.closeAll();
  }

  const theirs = await transformerLens(context);
  let agreement = 0;
  for (const { scores } of theirs) {
    for (const mine of ours) {
      if (scores.length !== mine.scores.length) throw new Error('the studies have other scores');
      scores.forEach((score, i) => {
        const difference = Math.abs(score - (mine.scores[i] ?? NaN));
        if (!(difference <= TOLERANCE)) {
          throw new Error(`score ${i}: ${mine.label} and TransformerLens differ by ${difference}`);
        }
        agreement = Math.max(agreement, difference);
      });
    }
  }

  const peerMs = (/** @type {number} */ threads) => {
    const study = theirs.find((each) => each.threads === threads);
    return study && 1000 * median(study.seconds);
  };
  const rows = ours.map(({ label, threads, ms }) => {
    const peer = peerMs(threads);
    return [label, time(ms), peer ? times(peer / ms) : ''];
  });
  for (const { threads, seconds } of theirs) {
    const who = threads === 1 ? '1 thread' : `${threads} threads`;
    rows.push([`TransformerLens 2.11.0, ${who}`, time(1000 * median(seconds)), times(1)]);
  }
  const targets = [
    { what: 'the notebook, against TransformerLens on one thread', least: 18, threads: 1 },
    { what: 'the notebook, against TransformerLens on all cores', least: 25, threads: cores },
  ].map(({ what, least, threads }) => {
    const best = ours.filter((each) => each.threads === threads).at(-1);
    const peer = peerMs(threads);
    return best && peer
      ? atLeast(what, least, peer / best.ms)
      : { what, wanted: `at least ${least} x`, found: '', met: null };
  });
  return {
    title: 'The notebook: 22 prompts, scores of 144 heads, 88 ablations of what feeds L1H5',
    notes: [
      'On random weights, without loading.',
      theirs.length > 0
        ? `TransformerLens runs it as the notebook does, prompt by prompt; its 254 scores and ours agree to ${agreement.toExponential(1)}.`
        : 'TransformerLens is not installed, and so not measured: `tools/setup.sh transformer-lens` installs it (some gigabytes), or name a Python that has it in HEADSCOPE_BENCH_PYTHON.',
    ],
    columns: ['contender', 'time', 'ratio'],
    rows,
    targets,
    data: { ours, theirs },
  };
}
