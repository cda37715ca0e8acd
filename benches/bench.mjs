// node benches/bench.mjs [SECTION...]: the benchmark, all of it or some sections
// (forward, kernels, notebook, sweep, circuits, click, visit, xl). `make bench` builds what it runs.

import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchChromium } from '../tools/browser.mjs';
import { serve } from '../tools/server.mjs';
import { makeStandIn } from '../tools/stand-in.mjs';
import { circuits } from './circuits.mjs';
import { click } from './click.mjs';
import { forward } from './forward.mjs';
import { kernels } from './kernels.mjs';
import { notebook } from './notebook.mjs';
import { save, sectionText, targetsText } from './report.mjs';
import { sweep } from './sweep.mjs';
import { visit } from './visit.mjs';
import { xl } from './xl.mjs';

/**
 * @typedef {object} Contender
 * @property {string} id
 * @property {string} label
 * @property {number} threads
 * @property {() => Promise<void>} open loads its weights, in a worker of its own
 */

/**
 * @typedef {object} Context
 * @property {string} root of the repository
 * @property {string} folder of the model
 * @property {{ n_layer: number, n_head: number, d_model: number, d_mlp: number }} sizes
 * @property {number[][]} kept token ids of the notebook's kept prompts
 * @property {number} cores
 * @property {string[]} builds
 * @property {Contender[]} contenders ours; on as many threads, the fastest comes last
 * @property {Contender[]} peers
 * @property {(build: string) => Promise<void>} openBuild a worker without a model
 * @property {(id: string, method: string, ...args: unknown[]) => Promise<any>} call
 * @property {(ours: string, theirs: string, prompts: object) => ReturnType<import('./page/bench.js').Bench['compare']>} compare
 * @property {() => Promise<void>} closeAll
 */

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const SECTIONS = { forward, kernels, notebook, sweep, circuits, click, visit, xl };
/** As tools/build-wasm.sh knows them; the fastest comes last. */
const BUILDS = ['simd128', 'relaxed'];

/**
 * @param {import('playwright-core').Page} page
 * @param {string} folder
 * @returns {Context}
 */
function contextOf(page, folder) {
  const read = (/** @type {string} */ file) =>
    JSON.parse(readFileSync(path.join(root, file), 'utf8'));
  const config = JSON.parse(readFileSync(path.join(folder, 'config.json'), 'utf8'));
  const [{ token_ids, kept_sequences }] = read('tests/fixtures/prompts.json').cases;
  const cores = os.availableParallelism();
  const address = (/** @type {string} */ file) => `/${path.relative(root, file)}`;

  /** @type {(method: keyof import('./page/bench.js').Bench, ...args: unknown[]) => Promise<any>} */
  const ask = (method, ...args) =>
    page.evaluate(({ method, args }) => /** @type {any} */ (globalThis).bench[method](...args), {
      method,
      args,
    });
  /** @param {string} id @param {string} script @param {object} options */
  const open = (id, script, options) => ask('open', id, script, options);
  /** @type {Context['call']} */
  const call = (id, method, ...args) => ask('call', id, method, ...args);

  /** @param {string} build */
  const wasm = (build) => ({ build: `/build/bench/${build}`, site: '/build/stage', kind: build });
  /** @type {[build: string, threads: number][]} */
  const mine = BUILDS.map((build) => [build, 1]);
  if (cores > 1) mine.push([BUILDS.at(-1) ?? '', cores]);
  const ours = mine.map(([build, threads]) => ({
    id: `ours-${build}-${threads}`,
    label: `ours, ${threads === 1 ? '1 thread' : `${threads} threads`}, ${build} SIMD`,
    threads,
    async open() {
      await open(this.id, 'headscope.js', { ...wasm(build), threads });
      const merges = '/data/tokenizer/merges.txt';
      await call(this.id, 'loadOurs', { folder: address(folder), merges });
    },
  }));
  const candle = {
    id: 'candle',
    label: 'candle’s layers, 1 thread, simd128',
    threads: 1,
    async open() {
      await open(this.id, 'headscope.js', wasm('simd128'));
      await call(this.id, 'loadPlain', { folder: address(folder) });
    },
  };
  const peer = (/** @type {string} */ id, /** @type {number} */ threads) => ({
    id,
    label: `onnxruntime-web, ${threads === 1 ? '1 thread' : `${threads} threads`}`,
    threads,
    open: () =>
      open(id, 'onnxruntime.js', {
        runtime: '/node_modules/onnxruntime-web/dist/ort.wasm.min.mjs',
        graph: '/build/bench/gpt2.onnx',
        folder: address(folder),
        threads,
      }),
  });

  return {
    root,
    folder,
    sizes: {
      n_layer: config.n_layer,
      n_head: config.n_head,
      d_model: config.n_embd,
      d_mlp: 4 * config.n_embd,
    },
    kept: kept_sequences.map((/** @type {number} */ i) => token_ids[i]),
    cores,
    builds: BUILDS,
    contenders: ours,
    peers: [peer('onnxruntime-1', 1), peer('onnxruntime-all', cores), candle],
    openBuild: (build) => open(build, 'headscope.js', wasm(build)),
    call,
    compare: (...args) => ask('compare', ...args),
    closeAll: () => ask('closeAll'),
  };
}

/** @param {string[]} names */
async function main(names) {
  const chosen = names.length > 0 ? names : Object.keys(SECTIONS);
  const unknown = chosen.find((name) => !(name in SECTIONS));
  if (unknown) throw new Error(`no section is called ${unknown}`);

  const { folder } = makeStandIn();
  const site = await serve(root, {
    intercept(_request, response) {
      // What shared memory takes, and so onnxruntime-web's threads.
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
      return false;
    },
  });
  const browser = await launchChromium();
  const started = Date.now();
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    page.on('console', (message) => console.error(`browser: ${message.text()}`));
    await page.goto(`${site.url}benches/page/index.html`);
    const context = contextOf(page, folder);
    const machine = `${os.cpus()[0]?.model.trim()}, ${context.cores} cores, ${os.type()}, Chromium ${browser.version()}`;
    const texts = ['# make bench', `On ${machine}.`];
    console.log(texts.join('\n\n'));
    /** @type {Record<string, import('./report.mjs').Section>} */
    const sections = {};
    for (const name of chosen) {
      const section = await SECTIONS[/** @type {keyof typeof SECTIONS} */ (name)](context);
      sections[name] = section;
      texts.push(sectionText(section));
      console.log(`\n${texts.at(-1)}`);
    }
    const targets = Object.values(sections).flatMap((section) => section.targets);
    texts.push(targetsText(targets));
    console.log(`\n${texts.at(-1)}`);
    const data = { machine, seconds: (Date.now() - started) / 1000, targets, sections };
    save(path.join(root, 'build/bench'), texts, data);
    console.log(
      `\nbench: ${Math.round(data.seconds)} s; build/bench/report.md and report.json have it`,
    );
  } finally {
    await browser.close();
    await site.close();
  }
}

await main(process.argv.slice(2));
