// node tools/serve.mjs FOLDER PORT: serves a folder until interrupted.

import { serve } from './server.mjs';

const [folder = 'dist', port = '8080'] = process.argv.slice(2);
try {
  const { url } = await serve(folder, { port: Number(port) });
  console.log(`Headscope is served at ${url.replace(/\/$/, '')} (Ctrl-C stops it)`);
} catch (error) {
  if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EADDRINUSE') {
    throw error;
  }
  console.error(
    `Port ${port} is taken: stop what uses it, or choose another: make serve PORT=8081`,
  );
  process.exitCode = 1;
}
