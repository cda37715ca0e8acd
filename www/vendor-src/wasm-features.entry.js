// What tells whether this browser compiles fused vector instructions. It is
// bundled to vendor/wasm-features.js.
export { relaxedSimd } from 'wasm-feature-detect';
