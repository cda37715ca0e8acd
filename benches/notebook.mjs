// The notebook's detector and its 88 ablations: ours in the browser and by the command,
// and TransformerLens in Python where it is installed.

import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
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

/** What this machine's processor can, where that is told. */
function cpuFlags() {
  return existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
}

/**
 * The command's own times for what the notebook's study is, and its means of all heads.
 * @param {Context} context
 * @param {number} threads
 */
async function command({ root, folder }, threads) {
  const built = process.env.CARGO_TARGET_DIR ?? path.join(root, 'target');
  const binary = path.join(built, 'native/headscope');
  const out = mkdtempSync(path.join(os.tmpdir(), 'headscope-bench-'));
  /** @type {number[]} */
  const ms = [];
  /** @type {any} */
  let file;
  for (let i = 0; i < RUNS; i++) {
    const to = path.join(out, `${i}.json`);
    const options = ['--model', folder, '--threads', `${threads}`, '-o', to];
    await promisify(execFile)(binary, ['run', 'v=1&model=file&run=all', ...options]);
    file = JSON.parse(readFileSync(to, 'utf8'));
    const { forward, detect, ablate } = file.timings_ms;
    ms.push(forward + detect + ablate);
  }
  rmSync(out, { recursive: true });
  const tiling = file.timings_ms.tiling?.many ?? 'on trial';
  return { threads, ms, tiling, means: /** @type {number[]} */ (file.head_scores.mean.flat()) };
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

  const commands = [await command(context, 1)];
  if (cores > 1) commands.push(await command(context, cores));
  for (const { means } of commands) {
    means.forEach((mean, i) => {
      const difference = Math.abs(mean - (ours[0]?.scores[i] ?? NaN));
      if (!(difference <= TOLERANCE)) throw new Error(`the command's score ${i} is another`);
    });
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
  for (const { threads, ms, tiling } of commands) {
    const [who, peer] = [threads === 1 ? '1 thread' : `${threads} threads`, peerMs(threads)];
    const mine = median(ms);
    rows.push([`the command, ${who}, ${tiling}`, time(mine), peer ? times(peer / mine) : '']);
  }
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
  const has = (/** @type {string} */ flag) => new RegExp(`\\b${flag}\\b`).test(cpuFlags());
  const overBrowser = has('avx512f') ? 2 : has('avx2') ? 1.6 : 1;
  for (const { threads, ms } of commands) {
    const who = threads === 1 ? 'on one thread' : 'on all cores';
    const browser = ours.filter((each) => each.threads === threads).at(-1)?.ms ?? NaN;
    targets.push(
      atLeast(`the command, against the browser ${who}`, overBrowser, browser / median(ms)),
    );
    const peer = peerMs(threads);
    if (peer) {
      const what = `the command, against TransformerLens ${who}`;
      targets.push(atLeast(what, 15, peer / median(ms)));
    }
  }
  return {
    title: 'The notebook: 22 prompts, scores of 144 heads, 88 ablations of what feeds L1H5',
    notes: [
      'On random weights, without loading. The command’s times are those that its results file has.',
      theirs.length > 0
        ? `TransformerLens runs it as the notebook does, prompt by prompt; its 254 scores and ours agree to ${agreement.toExponential(1)}.`
        : 'TransformerLens is not installed, and so not measured: `tools/setup.sh transformer-lens` installs it (some gigabytes), or name a Python that has it in HEADSCOPE_BENCH_PYTHON.',
    ],
    columns: ['contender', 'time', 'ratio'],
    rows,
    targets,
    data: { ours, commands, theirs },
  };
}
