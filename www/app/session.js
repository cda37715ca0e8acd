// What a reload keeps: the results, as the file that Export JSON would write, and
// where on the page the visitor was. Both stay in this tab and go with it.

import { whenQuiet } from '../kit/dom.js';
import { hasResults } from '../study/study-state.js';

const RESULTS = 'headscope-results';
/** Another look at the same results: its link, and the view in it. */
const LOOK = 'headscope-look';
const PLACE = 'headscope-place';

/** Session storage holds some five million characters; larger results are not kept. */
const LARGEST = 4_000_000;

/**
 * Shows what was kept, if it belongs to the link in the address bar.
 * @param {import('../study/study.js').Study} study
 * @returns {Promise<boolean>} whether there was anything
 */
export async function restoreResults(study) {
  const kept = read(RESULTS);
  const look = read(LOOK);
  const link = look?.link ?? kept?.link;
  if (!kept || link !== study.state.link) return false;
  try {
    await study.openFile(kept.text, { from: kept.from, name: kept.name });
    if (look) study.change({ view: look.view });
    return true;
  } catch {
    // What an earlier build kept may be none of this one's business.
    return false;
  }
}

/** @param {import('../study/study.js').Study} study */
export function keepResults(study) {
  /** What is kept or about to be. */
  let done = identity(study.state);
  let { view } = study.state.settings;
  /** Whether it is kept already. */
  let kept = hasResults(study.state);
  const keep = whenQuiet(400, async () => {
    const { task, imported, settings, link } = study.state;
    // A settings change or a step that began meanwhile keeps its own results later.
    if (task || !hasResults(study.state)) return;
    const text = await study.exportText('export_json').catch(() => '');
    if (!same(identity(study.state), done) || text === '' || text.length > LARGEST) return;
    const { from, name } = imported ?? { from: 'kept', name: '' };
    remove(LOOK);
    write(RESULTS, { link, from, name, text });
    kept = true;
    if (study.state.settings !== settings) noteLook(study.state);
  });
  study.subscribe((state) => {
    // The demo's are there as soon without.
    if (state.task || state.demo) return;
    const now = identity(state);
    if (same(now, done)) {
      // The results may be large, and a view changes none of them.
      if (kept && view !== state.settings.view) noteLook(state);
      view = state.settings.view;
      return;
    }
    done = now;
    view = state.settings.view;
    kept = false;
    // What is kept is of other results from here on.
    remove(LOOK);
    remove(RESULTS);
    if (hasResults(state)) keep();
  });
}

/** @param {import('../study/study-state.js').StudyState} state */
function noteLook({ link, settings }) {
  write(LOOK, { link, view: settings.view });
}

/**
 * The results, and the settings that they stand on.
 * @param {import('../study/study-state.js').StudyState} state
 * @returns {unknown[]}
 */
function identity({ settings, pattern, scores, ablations, further }) {
  const tools = Object.entries(further).filter(([, result]) => result);
  return [
    JSON.stringify({ ...settings, view: null }),
    pattern,
    scores,
    ablations,
    ...tools.sort(([a], [b]) => a.localeCompare(b)).flat(),
  ];
}

/**
 * @param {unknown[]} a
 * @param {unknown[]} b
 */
function same(a, b) {
  return a.length === b.length && a.every((value, index) => value === b[index]);
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
