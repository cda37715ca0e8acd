// Parts of the page that come when they are wanted.

import { siteUrl } from './site.js';

/**
 * What to say of a part that did not come.
 * @param {string} what
 * @param {unknown} why
 * @returns {Problem}
 */
export function missingPart(what, why) {
  return {
    what: `${what} did not come (${why instanceof Error ? why.message : why}).`,
    kept: 'The settings and the results on show are kept.',
    next: 'Check the connection and try again; if that does not help, reload the page.',
    offers: ['retry'],
    key: null,
  };
}

/**
 * A module that is not part of the first load. Rejects with a Problem.
 * @template T
 * @param {string} what it is for, as the begin of a sentence
 * @param {() => Promise<T>} load
 * @returns {Promise<T>}
 */
export async function part(what, load) {
  try {
    return await load();
  } catch (thrown) {
    throw missingPart(what, thrown);
  }
}

/**
 * A file of the site as text. Rejects with a Problem.
 * @param {string} what it is, as the begin of a sentence
 * @param {string} path
 */
export function siteText(what, path) {
  return part(what, async () => {
    const response = await fetch(siteUrl(path));
    if (!response.ok) throw new Error(`the site answered ${response.status}`);
    return response.text();
  });
}
