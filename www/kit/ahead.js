// What the early script has asked for already (www/early/ahead.js).

import { siteUrl } from './site.js';

/**
 * The answer with a file of the site: that which is on its way, or a new one. The next one
 * who wants the file asks anew.
 * @param {string} path
 * @returns {Promise<Response>}
 */
export function fetchSite(path) {
  /** @type {Record<string, Promise<Response>> | undefined} */
  const ahead = /** @type {any} */ (globalThis).headscopeAhead;
  const early = ahead?.[path];
  delete ahead?.[path];
  // One that failed is asked for again: Firefox fails it without a network, and not this one.
  return early?.catch(() => fetch(siteUrl(path))) ?? fetch(siteUrl(path));
}
