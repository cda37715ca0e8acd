// Compiles the Rust module once; the page and the workers each make their own
// instance of it. There are two builds, of which this browser takes the faster
// one that it compiles.

import { relaxedSimd, simd } from 'wasm-feature-detect';
import init from '../pkg/headscope.js';
import { fetchSite } from '../kit/ahead.js';
import { missingPart } from '../kit/part.js';

/**
 * Compiles the module and readies this thread's instance.
 * @returns {Promise<WebAssembly.Module>}
 */
export async function loadWasm() {
  if (await relaxedSimd()) {
    // What hinders this build need not hinder the other.
    const module = await load('relaxed').catch(() => null);
    if (module) return module;
  }
  try {
    return await load('simd128');
  } catch (thrown) {
    throw (await simd()) ? missingPart('The part of this page that computes', thrown) : NO_SIMD;
  }
}

/** @type {Problem} */
const NO_SIMD = {
  what: 'Headscope cannot run in this browser: it needs WebAssembly with SIMD.',
  kept: 'The link keeps your settings.',
  next: 'Open it in Chrome or Edge 123, Firefox 120, Safari 17.5, or a later one.',
  offers: [],
  key: null,
};

/** @param {'relaxed' | 'simd128'} build */
async function load(build) {
  const path = `pkg/${build}.wasm`;
  const response = await fetchSite(path);
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  const module = await compile(response);
  await init({ module_or_path: module });
  return module;
}

/**
 * Streaming compilation is refused when a host serves wasm under another type.
 * @param {Response} response
 */
async function compile(response) {
  const type = response.headers.get('Content-Type') ?? '';
  if (type.startsWith('application/wasm')) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}
