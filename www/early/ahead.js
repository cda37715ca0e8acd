// Asks at once for what the modules need as soon as they run, so that it is on its way
// while they are. They take it from here, once (www/kit/ahead.js), and do without where
// this script did not come.
{
  /** A module that adds a product in one relaxed vector operation. */
  const RELAXED = new Uint8Array([
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253,
    15, 65, 2, 253, 15, 253, 128, 2, 11,
  ]);
  if (self.origin !== 'null' && self.WebAssembly) {
    const build = WebAssembly.validate(RELAXED) ? 'relaxed' : 'simd128';
    const path = `pkg/${build}.wasm`;
    // The modules are small and come first.
    const answer = fetch(path, { priority: 'low' });
    // Whoever takes it is told; it may be nobody.
    answer.catch(() => {});
    Object.assign(self, { headscopeAhead: { [path]: answer } });
  }
}
