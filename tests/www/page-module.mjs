// Modules of the page that need no browser, as Node has them. The page's own types are not
// those of the tests, so what comes is of any type.

/**
 * @param {string} file in www/
 * @returns {Promise<any>}
 */
export function pageModule(file) {
  return import(new URL(`../../www/${file}`, import.meta.url).href);
}
