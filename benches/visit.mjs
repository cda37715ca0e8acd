// A first visit over a line of a given round trip and bandwidth: the built site, the
// hub, which sends every request for a large file on to a signed address, and the
// second host that has it. All three over TLS, by HTTP/1.1 and by HTTP/2.

import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, openSync, readFileSync, readSync } from 'node:fs';
import { closeSync, statSync } from 'node:fs';
import http2 from 'node:http2';
import https from 'node:https';
import path from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { launchChromium } from '../tools/browser.mjs';
import { makeStandIn, publishedLayout } from '../tools/stand-in.mjs';
import { dist } from '../tests/page/harness.mjs';
import { Line } from './line.mjs';
import { median, time, times } from './report.mjs';
import { clickToHeatmap } from './click.mjs';

/** @typedef {import('./report.mjs').Section} Section */
/** @typedef {import('./bench.mjs').Context} Context */
/** @typedef {'h1' | 'h2'} Protocol */
/** @typedef {{ mbit: number, ms: number }} Speed */
/** @typedef {import('node:http').IncomingMessage} Request */
/** @typedef {import('node:http').ServerResponse} Response */

/** How often each is measured; the median counts. */
const ROUNDS = 3;

/** @type {Speed & { most: number }} */
const FIRST_VIEW = { mbit: 10, ms: 60, most: 1800 };
/** For each line how much longer than the bytes alone the first heatmap may take. */
const HEATMAP = [
  { mbit: 50, ms: 80, most: 1.15 },
  { mbit: 200, ms: 30, most: 1.4 },
  { mbit: 500, ms: 20, most: 1.6 },
];
const ALL_HEADS = { mbit: 200, ms: 30, most: 1.1 };
const MOST_ASKED = 3;

const SITE = 'headscope.test';
const HUB = 'huggingface.co';
const STORAGE = 'storage.test';

/** @type {Record<string, string>} */
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.tsv': 'text/tab-separated-values',
};

/**
 * A certificate that its owner signed.
 * @param {string} folder to keep it in
 */
function certificate(folder) {
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(folder, name));
  if (!key || !cert) throw new Error('two files make a certificate');
  if (!existsSync(cert)) {
    mkdirSync(folder, { recursive: true });
    const names = [SITE, HUB, STORAGE].map((name) => `DNS:${name}`).join(',');
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
        ...['-nodes', '-days', '3650', '-subj', '/CN=bench', '-addext', `subjectAltName=${names}`],
        ...['-keyout', key, '-out', cert],
      ],
      { stdio: 'ignore' },
    );
  }
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

/**
 * The list of hashes that the site has of the published file, for the one in its place.
 * @param {string} list
 * @param {string} folder of the model
 */
function hashesOf(list, folder) {
  const { tensors, dataStart } = publishedLayout();
  const file = openSync(path.join(folder, 'model.safetensors'), 'r');
  const lines = list.split('\n').map((line, i) => {
    const [name, shape] = line.split('\t');
    const tensor = tensors.find((each) => each.name === name);
    if (i === 0 || !tensor) return line;
    const [from, to] = tensor.offsets;
    const bytes = Buffer.alloc(to - from);
    readSync(file, bytes, 0, bytes.length, dataStart + from);
    return [name, shape, createHash('sha256').update(bytes).digest('hex')].join('\t');
  });
  closeSync(file);
  return lines.join('\n');
}

/** The three hosts, and what they were asked. */
class Hosts {
  /** Bytes of all bodies of hub and storage. */
  bytes = 0;
  asked = 0;
  /** What the site was asked for. @type {string[]} */
  files = [];
  #line = new Line();
  /** Ports of the doors by host. @type {Map<string, number>} */
  #doors = new Map();
  /** Files of the site as they are sent. @type {Map<string, { body: Buffer, tag: string }>} */
  #packed = new Map();

  /**
   * @param {string} dist
   * @param {string} folder of the model
   * @param {string} kept what is left for the next run
   */
  constructor(dist, folder, kept) {
    this.dist = dist;
    this.folder = folder;
    this.kept = kept;
  }

  get line() {
    return this.#line;
  }

  /** @param {Protocol} protocol */
  async open(protocol) {
    const options = certificate(this.kept);
    /** @type {[string, (request: Request, response: Response) => void][]} */
    const hosts = [
      [SITE, (request, response) => this.#site(request, response)],
      [HUB, (request, response) => this.#hub(request, response)],
      [STORAGE, (request, response) => this.#storage(request, response)],
    ];
    for (const [name, answer] of hosts) {
      const server =
        protocol === 'h2'
          ? http2.createSecureServer(options, /** @type {any} */ (answer))
          : https.createServer(options, answer);
      server.on('sessionError', () => {});
      this.#doors.set(name, await this.#line.door(server));
    }
  }

  close() {
    this.#line.close();
  }

  /** Of the certificate's key, by which the browser knows it. */
  get fingerprint() {
    const { publicKey } = new X509Certificate(certificate(this.kept).cert);
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    return createHash('sha256').update(spki).digest('base64');
  }

  /** For the browser: which name is which door. */
  get rules() {
    const each = [...this.#doors].map(([name, port]) => `MAP ${name} 127.0.0.1:${port}`);
    return [...each, 'MAP * ~NOTFOUND'].join(', ');
  }

  reset() {
    this.bytes = 0;
    this.asked = 0;
    this.files = [];
  }

  /**
   * Packed as a static host packs, and for the browser to keep for a while.
   * @param {Request} request
   * @param {Response} response
   */
  #site(request, response) {
    const { pathname } = new URL(request.url ?? '/', 'https://site');
    const file = pathname === '/' ? 'index.html' : pathname.slice(1);
    this.files.push(file);
    const found = this.#pack(file);
    if (!found) {
      response.writeHead(404).end();
      return;
    }
    const headers = {
      'Content-Type': TYPES[path.extname(file)] ?? 'application/octet-stream',
      'Cache-Control': 'max-age=600',
      ETag: found.tag,
    };
    if (request.headers['if-none-match'] === found.tag) {
      response.writeHead(304, headers).end();
      return;
    }
    const length = { 'Content-Encoding': 'br', 'Content-Length': found.body.length };
    response.writeHead(200, { ...headers, ...length }).end(found.body);
  }

  /** @param {string} file */
  #pack(file) {
    const known = this.#packed.get(file);
    if (known) return known;
    const at = path.join(this.dist, file);
    if (!existsSync(at) || !statSync(at).isFile()) return null;
    let bytes = readFileSync(at);
    if (file === 'data/gpt2/tensor-sha256.tsv') {
      bytes = Buffer.from(hashesOf(bytes.toString('utf8'), this.folder));
    }
    const tag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"`;
    const packed = { body: brotliCompressSync(bytes), tag };
    this.#packed.set(file, packed);
    return packed;
  }

  /** Packs what takes long before anybody waits for it. */
  warm() {
    const { dist } = this;
    for (const file of ['pkg/relaxed.wasm', 'pkg/simd128.wasm', 'data/tokenizer/merges.bin']) {
      if (existsSync(path.join(dist, file))) this.#pack(file);
    }
    this.#pack('data/gpt2/tensor-sha256.tsv');
  }

  /**
   * @param {Request} request
   * @param {Response} response
   */
  #hub(request, response) {
    this.asked += 1;
    const large = request.url?.endsWith('/model.safetensors');
    const Location = `https://${STORAGE}/blob?signature=${this.asked}`;
    response.writeHead(large ? 302 : 404, { ...cors(), ...(large ? { Location } : {}) }).end();
  }

  /**
   * @param {Request} request
   * @param {Response} response
   */
  #storage(request, response) {
    const file = path.join(this.folder, 'model.safetensors');
    const { size } = statSync(file);
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const start = Number(first ?? 0);
    const end = last ? Math.min(Number(last), size - 1) : size - 1;
    response.writeHead(first === undefined ? 200 : 206, {
      ...cors(),
      'Content-Type': 'binary/octet-stream',
      'Content-Length': end + 1 - start,
      'Content-Range': `bytes ${start}-${end}/${size}`,
      ETag: '"stand-in"',
    });
    const body = createReadStream(file, { start, end, highWaterMark: 256 << 10 });
    body.on('data', (chunk) => {
      this.bytes += chunk.length;
    });
    response.on('close', () => body.destroy());
    response.on('error', () => {});
    body.pipe(response);
  }
}

function cors() {
  return {
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Expose-Headers': 'Content-Range, Accept-Ranges, Content-Length, ETag',
    'Cache-Control': 'no-store',
  };
}

/** In the page, before anything of it runs: notes when Start works. */
function noteStart() {
  const look = () => {
    const start = document.querySelector('[data-action="start"]');
    const works =
      document.documentElement?.dataset.state === 'start' &&
      start instanceof HTMLButtonElement &&
      !start.disabled &&
      start.getAttribute('aria-disabled') !== 'true';
    if (works) Object.assign(globalThis, { startWorks: performance.now() });
    else requestAnimationFrame(look);
  };
  if (location.protocol === 'https:') look();
}

/**
 * In the page: scores all heads.
 * @returns {Promise<number>} milliseconds
 */
async function scoreHeads() {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const press = /** @type {HTMLElement} */ (document.querySelector('[data-action="score-heads"]'));
  const state = () => document.documentElement.dataset.state ?? '';
  const started = performance.now();
  press.click();
  while (!['running', 'loading'].includes(state())) await frame();
  // Ablations that need no download follow by themselves, and may be through by then.
  while (!['ready', 'done'].includes(state())) {
    if (state() === 'error') throw new Error(document.querySelector('.problem')?.textContent ?? '');
    await frame();
  }
  return performance.now() - started;
}

/**
 * @typedef {object} Visit
 * @property {number} start milliseconds from navigation until Start works
 * @property {number} requests of the site until then
 * @property {number} heatmap milliseconds from Start to the heatmap
 * @property {number} bytes of the model until then
 * @property {number} asked how often the hub was asked in all
 * @property {number} [scores] milliseconds from the press to all heads' scores
 * @property {number} [scoresBytes]
 * @property {number} [again] milliseconds from Start to the heatmap after a reload
 * @property {number} [startAgain]
 */

/**
 * @param {Hosts} hosts
 * @param {Speed} speed
 * @param {{ heatmap?: boolean, all?: boolean, again?: boolean }} [how]
 * @returns {Promise<Visit>}
 */
async function measure(hosts, speed, { heatmap = true, all = false, again = false } = {}) {
  const browser = await launchChromium([
    `--host-resolver-rules=${hosts.rules}`,
    // Trusted, and so its answers are kept as those of others are.
    `--ignore-certificate-errors-spki-list=${hosts.fingerprint}`,
  ]);
  try {
    // What is kept of the site for the next visit is fetched later than this.
    const context = await browser.newContext({ serviceWorkers: 'block' });
    const page = await context.newPage();
    page.setDefaultTimeout(180_000);
    page.on('pageerror', (error) => console.error(`page: ${error.message}`));
    await page.addInitScript(noteStart);
    hosts.reset();
    hosts.line.set(speed);
    const works = async () => {
      const noted = () => /** @type {any} */ (globalThis).startWorks;
      return (await page.waitForFunction(noted, null, { polling: 20 })).jsonValue();
    };
    await page.goto(`https://${SITE}/`, { waitUntil: 'commit' });
    const start = await works();
    // The demo begins to load by itself, and is no part of what Start waits for.
    const requests = hosts.files.filter((file) => !file.startsWith('data/tiny/')).length;
    if (!heatmap) return { start, requests, heatmap: NaN, bytes: 0, asked: 0 };
    // A visitor reads for a moment.
    await page.waitForTimeout(1000);
    hosts.reset();
    const ms = await page.evaluate(clickToHeatmap);
    /** @type {Visit} */
    const found = { start, requests, heatmap: ms, bytes: hosts.bytes, asked: hosts.asked };
    if (all) {
      const before = hosts.bytes;
      found.scores = await page.evaluate(scoreHeads);
      found.scoresBytes = hosts.bytes - before;
      found.asked = hosts.asked;
    }
    if (again) {
      await page.waitForTimeout(1000);
      await page.reload({ waitUntil: 'commit' });
      found.startAgain = await works();
      await page.waitForTimeout(1000);
      hosts.reset();
      found.again = await page.evaluate(clickToHeatmap);
      if (hosts.bytes > 0) throw new Error(`${hosts.bytes} bytes came again`);
    }
    return found;
  } finally {
    await browser.close();
  }
}

/** @param {Speed} speed */
const name = ({ mbit, ms }) => `${mbit} Mbit/s, ${ms} ms`;
/** @param {number} bytes @param {Speed} speed */
const alone = (bytes, { mbit }) => (bytes * 8) / (mbit * 1000);

/**
 * @param {Context} context
 * @returns {Promise<Section>}
 */
export async function visit({ root }) {
  const { folder } = makeStandIn();
  /** @type {string[][]} */
  const rows = [];
  /** @type {Section['targets']} */
  const targets = [];
  /** @type {Record<string, unknown>} */
  const data = {};
  for (const protocol of /** @type {const} */ (['h2', 'h1'])) {
    const label = protocol === 'h1' ? 'HTTP/1.1' : 'HTTP/2';
    const hosts = new Hosts(dist, folder, path.join(root, 'build/bench'));
    await hosts.open(protocol);
    hosts.warm();
    /** @param {Speed} speed @param {Parameters<typeof measure>[2]} [how] @param {number} [rounds] */
    const several = async (speed, how, rounds = ROUNDS) => {
      const found = [];
      for (let i = 0; i < rounds; i++) {
        found.push(await measure(hosts, speed, how));
        console.error(`visit: ${label}, ${name(speed)}: ${JSON.stringify(found.at(-1))}`);
      }
      data[`${label}, ${name(speed)}${how?.all ? ', all heads' : ''}`] = found;
      return found;
    };
    /**
     * @param {string} what
     * @param {Speed} speed
     * @param {number[]} list
     * @param {number} bytes
     * @param {string} rest
     */
    const row = (what, speed, list, bytes, rest) =>
      rows.push([
        `${what}, ${label}, ${name(speed)}`,
        time(median(list)),
        `${time(Math.min(...list))} to ${time(Math.max(...list))}`,
        bytes > 0 ? `${(bytes / 1e6).toFixed(1)} MB` : '',
        bytes > 0 ? times(median(list) / alone(bytes, speed)) : '',
        rest,
      ]);
    try {
      const first = await several(FIRST_VIEW, { heatmap: false });
      const starts = first.map(({ start }) => start);
      row('until Start works', FIRST_VIEW, starts, 0, `${first[0]?.requests} requests`);
      targets.push({
        what: `navigation to a Start that works, ${name(FIRST_VIEW)}, ${label}`,
        wanted: `at most ${time(FIRST_VIEW.most)}`,
        found: time(median(starts)),
        met: median(starts) <= FIRST_VIEW.most,
      });
      for (const speed of HEATMAP) {
        const again = speed === HEATMAP[0];
        const found = await several(speed, { again });
        const bytes = found[0]?.bytes ?? NaN;
        const list = found.map(({ heatmap }) => heatmap);
        const asked = Math.max(...found.map(({ asked }) => asked));
        row('Start to the first heatmap', speed, list, bytes, `${asked} of them of the hub`);
        const ratio = median(list) / alone(bytes, speed);
        targets.push({
          what: `Start to the first heatmap over its bytes alone, ${name(speed)}, ${label}`,
          wanted: `at most ${speed.most} x`,
          found: times(ratio),
          met: ratio <= speed.most,
        });
        if (again) {
          const seconds = found.map(({ again }) => again ?? NaN);
          row('the same after a reload', speed, seconds, 0, '');
          row(
            'until Start works after a reload',
            speed,
            found.map(({ startAgain }) => startAgain ?? NaN),
            0,
            '',
          );
          targets.push({
            what: `requests to the hub, ${label}`,
            wanted: `at most ${MOST_ASKED}`,
            found: `${asked}`,
            met: asked <= MOST_ASKED,
          });
        }
      }
      const [heads] = await several(ALL_HEADS, { all: true }, 1);
      const bytes = heads?.scoresBytes ?? NaN;
      const ms = heads?.scores ?? NaN;
      row('then all heads', ALL_HEADS, [ms], bytes, `${heads?.asked} of them of the hub in all`);
      const ratio = ms / alone(bytes, ALL_HEADS);
      targets.push({
        what: `all heads over their bytes alone, ${name(ALL_HEADS)}, ${label}`,
        wanted: `at most ${ALL_HEADS.most} x`,
        found: times(ratio),
        met: ratio <= ALL_HEADS.most,
      });
    } finally {
      hosts.close();
    }
  }
  return {
    title: 'A first visit over a line',
    notes: [
      'The built site packed by brotli, the hub and the host that it leads to, over TLS on one line that all connections share. The model is a stand-in of the published file, which the hub’s address leads to and the site’s list of hashes describes. Until Start works from the navigation on, connections included; the heatmap from the press on, until it is painted.',
    ],
    columns: ['what', 'median', 'from, to', 'bytes', 'over the bytes alone', ''],
    rows,
    targets,
    data,
  };
}
