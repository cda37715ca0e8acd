// Light and dark: the system's preference, or the visitor's own choice.

import { byId } from './dom.js';

const KEY = 'headscope-theme';
const systemDark = matchMedia('(prefers-color-scheme: dark)');
const changes = new EventTarget();
/** Whether the page is drawn for paper, which is light. */
let printing = false;

export function isDark() {
  if (printing) return false;
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : systemDark.matches;
}

/**
 * Calls back when the theme changes: canvases have to be drawn again.
 * @param {() => void} listener
 */
export function onThemeChange(listener) {
  changes.addEventListener('change', listener);
}

export function toggleTheme() {
  const theme = isDark() ? 'light' : 'dark';
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // The choice then lasts as long as the page.
  }
  announceTheme();
}

export function setUpTheme() {
  byId('theme', HTMLButtonElement).addEventListener('click', toggleTheme);
  systemDark.addEventListener('change', announceTheme);
  const paper = matchMedia('print');
  paper.addEventListener('change', () => drawForPaper(paper.matches));
  // Not every browser tells of both.
  addEventListener('beforeprint', () => drawForPaper(true));
  addEventListener('afterprint', () => drawForPaper(false));
  announceTheme();
}

/** @param {boolean} paper */
function drawForPaper(paper) {
  if (paper === printing) return;
  printing = paper;
  changes.dispatchEvent(new Event('change'));
}

function announceTheme() {
  byId('theme-label', HTMLSpanElement).textContent = isDark() ? 'Light' : 'Dark';
  changes.dispatchEvent(new Event('change'));
}
