// The site's own files. The build puts every module into the site's root folder, so an
// address relative to a module is one relative to the site.

/** @param {string} path */
export const siteUrl = (path) => new URL(path, import.meta.url);
