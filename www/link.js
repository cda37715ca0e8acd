// The address bar as the study's memory: settings go into the hash as they
// change, and come back out of it.

import { format_link, parse_link } from './pkg/headscope.js';

/** Longer links are cut by some chats and mail programs, in characters. */
export const LONGEST_LINK = 8000;

export function readLink() {
  return parse_link(location.hash.slice(1));
}

/**
 * The whole address that restores these settings.
 * @param {Settings} settings
 */
export function linkTo(settings) {
  const address = new URL(location.href);
  address.hash = format_link(settings);
  return address.href;
}

/**
 * Replaces the hash, so that the back button leaves the page rather than
 * stepping through every change. A `replaceState` fires no `hashchange`.
 * @param {Settings} settings
 */
export function writeLink(settings) {
  try {
    history.replaceState(null, '', linkTo(settings));
  } catch {
    // A browser refuses addresses of megabytes; the settings file holds such a table.
  }
}

/** @param {() => void} listener */
export function onLinkChange(listener) {
  addEventListener('hashchange', listener);
}
