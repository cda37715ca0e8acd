// Keeps the site's own files, so that it opens without a network. One version is
// kept and served at a time: its files are put into a cache of their own, each
// checked against the hash that the build wrote here, and a page gets all of them
// from there or none. A new version waits until the page asks for it.
//
// Weights are none of its business: the engine keeps those itself. Only the
// bundled model is kept here, whole, once a visitor has started it. Of the builds of
// the Rust module it keeps the one that this browser runs; and where bytes are dear
// it fetches nothing of its own accord.

/** Both are written by tools/stamp-site.mjs; without them nothing is kept. */
const VERSION = '';
/** Hashes by path. @type {Record<string, string>} */
const FILES = {};

/** The bundled model is kept only when it is asked for. */
const MODEL = 'data/tiny/model.safetensors';

/**
 * A module that adds a product in one relaxed vector operation, which is the test of
 * the library by which the page chooses its build.
 */
const RELAXED = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15,
  65, 2, 253, 15, 253, 128, 2, 11,
]);
const NOT_RUN_HERE = WebAssembly.validate(RELAXED) ? 'pkg/simd128.wasm' : 'pkg/relaxed.wasm';

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const scope = new URL(worker.registration.scope).pathname;
// Another Headscope may live under another path of the same host.
const prefix = `headscope-site ${scope} `;
const CACHE = prefix + VERSION;

/** @param {string} path */
const address = (path) => new URL(path, worker.registration.scope).href;

worker.addEventListener('install', (event) => event.waitUntil(install()));

async function install() {
  if (bytesAreDear()) throw new Error('the new version waits for a better line');
  const paths = Object.keys(FILES).filter((path) => path !== MODEL && path !== NOT_RUN_HERE);
  // All of them first, so that a cache holds a whole version from its first moment.
  const files = await Promise.all(
    paths.map(async (path) => ({ url: address(path), response: await fetchChecked(path) })),
  );
  const cache = await caches.open(CACHE);
  await Promise.all(files.map(({ url, response }) => cache.put(url, response)));
}

/** Whether the visitor asked to save bytes, or the line is slow. Not every browser tells. */
function bytesAreDear() {
  const { saveData, effectiveType } = /** @type {any} */ (navigator).connection ?? {};
  return saveData === true || ['slow-2g', '2g'].includes(effectiveType);
}

worker.addEventListener('activate', (event) => event.waitUntil(forgetOlder()));

async function forgetOlder() {
  const names = await caches.keys();
  const older = names.filter((name) => name.startsWith(prefix) && name !== CACHE);
  await Promise.all(older.map((name) => caches.delete(name)));
}

/**
 * A file of this version from the network. The host may be between two versions,
 * so what is not this one's is refused.
 * @param {string} path
 * @returns {Promise<Response>}
 */
async function fetchChecked(path) {
  const response = await fetch(address(path), { cache: 'no-cache', credentials: 'omit' });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  const bytes = await response.arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const hash = btoa(String.fromCharCode(...digest));
  if (hash !== FILES[path]) throw new Error(`${path} is of another version`);
  // Without the headers that described it on its way: its packing is undone.
  const type = response.headers.get('Content-Type') ?? '';
  return new Response(bytes, {
    headers: { 'Content-Type': type, 'Content-Length': String(bytes.byteLength) },
  });
}

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  const path = pathOf(url);
  if (request.method !== 'GET' || path === null) return;
  event.respondWith(path === MODEL ? modelRange(request) : file(path));
});

/**
 * Which of the site's files an address means, if any.
 * @param {URL} url
 */
function pathOf({ origin, pathname }) {
  if (origin !== location.origin || !pathname.startsWith(scope)) return null;
  const path = pathname.slice(scope.length) || 'index.html';
  return Object.hasOwn(FILES, path) ? path : null;
}

/** @param {string | null} path */
function isPage(path) {
  return path?.endsWith('.html') ?? false;
}

/**
 * A file of this version, and of no other: if the browser dropped it, the
 * network's has to have the same hash.
 * @param {string} path
 */
async function file(path) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(address(path));
  if (kept) return kept;
  const fetched = await fetchChecked(path).catch(() => null);
  if (!fetched) return Response.error();
  await cache.put(address(path), fetched.clone()).catch(() => {});
  return fetched;
}

/**
 * The part of the bundled model that is asked for, of the kept file if there is
 * one. It says no date and no tag: its hash was checked.
 * @param {Request} request
 */
async function modelRange(request) {
  const kept = await (await caches.open(CACHE)).match(address(MODEL));
  if (!kept) return fetch(request);
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get('Range') ?? '');
  if (!range) return kept;
  const whole = await kept.blob();
  const first = Number(range[1]);
  const last = Math.min(range[2] ? Number(range[2]) : Infinity, whole.size - 1);
  const headers = { 'Content-Range': `bytes ${first}-${last}/${whole.size}` };
  if (first > last) {
    return new Response(null, {
      status: 416,
      headers: { 'Content-Range': `bytes */${whole.size}` },
    });
  }
  return new Response(whole.slice(first, last + 1), { status: 206, headers });
}

/** What a page may ask for. The answer goes to the port it sends along. */
const ASKED = {
  /** Serve the page that asks from now on, if it is of this version. @param {string} version */
  async serve(version) {
    if (version === VERSION) await worker.clients.claim();
  },

  /** Take over from the version before. Other tabs would be left with half of each. */
  async takeOver() {
    const windows = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
    // The host may serve other pages, and another Headscope below this one.
    const open = windows.filter(({ url }) => isPage(pathOf(new URL(url))));
    if (open.length <= 1) await worker.skipWaiting();
    return open.length - 1;
  },

  /** Keep the bundled model. */
  async keepModel() {
    if (bytesAreDear()) return;
    const cache = await caches.open(CACHE);
    if (await cache.match(address(MODEL))) return;
    await cache.put(address(MODEL), await fetchChecked(MODEL));
  },
};

worker.addEventListener('message', (event) => {
  const { ask, version } = event.data ?? {};
  if (!Object.hasOwn(ASKED, ask)) return;
  const answer = ASKED[/** @type {keyof typeof ASKED} */ (ask)](version);
  event.waitUntil(
    answer.then(
      (result) => event.ports[0]?.postMessage({ result }),
      () => event.ports[0]?.postMessage({ failed: true }),
    ),
  );
});
