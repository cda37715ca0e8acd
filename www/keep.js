// What a reload keeps: the results, as the file that Export JSON would write, and
// where on the page the visitor was. Both stay in this tab and go with it.

import { format_link } from './pkg/headscope.js';
import { debounce } from './dom.js';
import { hasResults } from './study-state.js';

const RESULTS = 'headscope-results';
const PLACE = 'headscope-place';

/** Session storage holds some five million characters; larger results are not kept. */
const LARGEST = 4_000_000;

/**
 * Shows what was kept, if it belongs to the link in the address bar.
 * @param {import('./study.js').Study} study
 * @returns {Promise<boolean>} whether there was anything
 */
export async function restoreResults(study) {
  const kept = read(RESULTS);
  if (!kept || kept.link !== format_link(study.state.settings)) return false;
  try {
    await study.openFile(kept.text, { from: kept.from, name: kept.name });
    return true;
  } catch {
    // What an earlier build kept may be none of this one's business.
    return false;
  }
}

/** @param {import('./study.js').Study} study */
export function keepResults(study) {
  /** What the kept results were made of. */
  let done = identity(study.state);
  const keep = debounce(400, async () => {
    const { settings, task, imported } = study.state;
    // A settings change or a step that began meanwhile keeps its own results later.
    if (task || !hasResults(study.state)) return;
    const text = await study.exportText('export_json').catch(() => '');
    if (settings !== study.state.settings || text === '' || text.length > LARGEST) return;
    const { from, name } = imported ?? { from: 'kept', name: '' };
    write(RESULTS, { link: format_link(settings), from, name, text });
  });
  study.subscribe((state) => {
    const now = identity(state);
    if (state.task || same(now, done)) return;
    done = now;
    if (hasResults(state)) keep();
    else remove(RESULTS);
  });
}

/**
 * @param {import('./study-state.js').StudyState} state
 * @returns {unknown[]}
 */
function identity({ settings, pattern, scores, ablations, further }) {
  return [settings, pattern, scores, ablations, further];
}

/**
 * @param {unknown[]} a
 * @param {unknown[]} b
 */
function same(a, b) {
  return a.every((value, index) => value === b[index]);
}

/** Notes which parts are unfolded and how far the page is scrolled. */
export function keepPlace() {
  addEventListener('pagehide', () => {
    const open = [...document.querySelectorAll('details[id][open]')].map(({ id }) => id);
    write(PLACE, { open, scroll: scrollY });
  });
}

/** After a reload, unfolds and scrolls as it was. */
export function restorePlace() {
  const [navigation] = performance.getEntriesByType('navigation');
  const type = navigation instanceof PerformanceNavigationTiming ? navigation.type : 'navigate';
  const place = read(PLACE);
  if (type === 'navigate' || !place) return;
  for (const fold of document.querySelectorAll('details[id]')) {
    if (fold instanceof HTMLDetailsElement) fold.open = place.open.includes(fold.id);
  }
  // What was unfolded has its height by the next frame.
  requestAnimationFrame(() => scrollTo({ top: place.scroll, behavior: 'instant' }));
}

/** @param {string} key */
function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? 'null');
  } catch {
    return null;
  }
}

/**
 * @param {string} key
 * @param {object} value
 */
function write(key, value) {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Without room or permission a reload keeps what the link holds.
    remove(key);
  }
}

/** @param {string} key */
function remove(key) {
  try {
    sessionStorage.removeItem(key);
  } catch {
    // There is nothing to remove then.
  }
}
