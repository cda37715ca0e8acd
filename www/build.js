/** Names the build in results files; `make site` writes version and commit here. */
export const BUILD = 'unknown';
