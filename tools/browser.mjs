// The browser that tests and the benchmark drive.

import { chromium } from 'playwright-core';

/** Chromium's switches that keep it from doing anything else meanwhile. */
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** @param {string[]} [more] switches */
export function launchChromium(more = []) {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  return chromium.launch({ executablePath, args: [...QUIET, ...more] });
}

/**
 * Makes the choice for a page's visitor that nothing runs which was not pressed for. Given
 * to `addInitScript`.
 */
export function waitForPresses() {
  try {
    localStorage.setItem('headscope-by-itself', 'off');
  } catch {
    // A page without storage runs what it runs.
  }
}
