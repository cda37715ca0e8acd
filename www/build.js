// Which build of the site this is, as its index.html says. Workers are told.

const told = document.querySelector('meta[name="build"]');

/** Names the build in results files: version and commit. */
export const BUILD = told?.getAttribute('content') ?? 'unknown';

/** Tells two builds of the same name apart: a hash of all files. Empty where there is none. */
export const BUILD_HASH = told?.getAttribute('data-hash') ?? '';
