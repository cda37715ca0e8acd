// The address bar as the study's memory: settings go into the hash as they
// change, and come back out of it.

import { format_link, parse_link } from './pkg/headscope.js';

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
  history.replaceState(null, '', linkTo(settings));
}

/** @param {() => void} listener */
export function onLinkChange(listener) {
  addEventListener('hashchange', listener);
}
