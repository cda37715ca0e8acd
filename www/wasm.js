// Compiles the Rust module once; the page and the workers each make their own
// instance of it. There are two builds, of which this browser takes the faster
// one that it compiles.

import init from './pkg/headscope.js';
import { relaxedSimd } from './vendor/wasm-features.js';

/**
 * Compiles the module and readies this thread's instance.
 * @returns {Promise<WebAssembly.Module>}
 */
export async function loadWasm() {
  const build = (await relaxedSimd()) ? './pkg/relaxed.wasm' : './pkg/fixed.wasm';
  const address = new URL(build, import.meta.url);
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address.pathname} answered ${response.status}`);
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
