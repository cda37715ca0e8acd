// A static server for dist/ and for the tests: right types (wasm's included),
// range requests, nothing cached, so that a rebuilt file shows at once.

import http from 'node:http';
import send from 'send';

/**
 * Serves a folder on 127.0.0.1.
 *
 * @param {string} folder
 * @param {object} [options]
 * @param {number} [options.port] 0 for any free one
 * @param {string} [options.base] the path the folder appears under, such as "/a/b/"
 * @param {boolean} [options.cors] whether pages of other origins may read it
 * @param {(request: http.IncomingMessage, response: http.ServerResponse) => boolean | Promise<boolean>} [options.intercept]
 *   answers a request in the folder's stead and returns true, or returns false
 * @returns {Promise<{ origin: string, url: string, close: () => Promise<void> }>}
 */
export function serve(folder, { port = 0, base = '/', cors = false, intercept } = {}) {
  const server = http.createServer(async (request, response) => {
    if (cors) {
      response.setHeader('Access-Control-Allow-Origin', '*');
      response.setHeader('Access-Control-Allow-Headers', '*');
      response.setHeader(
        'Access-Control-Expose-Headers',
        'Content-Range, Content-Length, Accept-Ranges, ETag',
      );
      if (request.method === 'OPTIONS') {
        response.writeHead(204).end();
        return;
      }
    }
    response.setHeader('Cache-Control', 'no-store');
    if (await intercept?.(request, response)) {
      return;
    }
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    if (!path.startsWith(base)) {
      response.writeHead(404).end();
      return;
    }
    send(request, path.slice(base.length - 1), { root: folder, cacheControl: false })
      // Its own answer would drop the headers that let other origins see the 404.
      .on('error', (/** @type {{ status?: number }} */ error) => {
        response.writeHead(error.status ?? 500).end();
      })
      .pipe(response);
  });

  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = /** @type {import("node:net").AddressInfo} */ (server.address());
      const origin = `http://127.0.0.1:${address.port}`;
      resolve({
        origin,
        url: origin + base,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      });
    });
  });
}
