// Compiles the Rust module once; the page and the worker each make their own
// instance of it.

import init from './pkg/headscope.js';

const ADDRESS = new URL('./pkg/headscope_bg.wasm', import.meta.url);

/**
 * Compiles the module and readies this thread's instance.
 * @returns {Promise<WebAssembly.Module>}
 */
export async function loadWasm() {
  const response = await fetch(ADDRESS);
  if (!response.ok) throw new Error(`${ADDRESS.pathname} answered ${response.status}`);
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
