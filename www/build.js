/** Names the build in results files; `make site` writes version and commit here. */
export const BUILD = 'unknown';

/** Tells two builds of the same name apart; `make site` writes a hash of all files. */
export const BUILD_HASH = '';
