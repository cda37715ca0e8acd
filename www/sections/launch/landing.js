// Where a link leads: to the section that has what the link was made for, once that is on
// show. Whoever has scrolled meanwhile stays where they are.

import { byId } from '../../kit/dom.js';
import { parseLook } from '../../study/look.js';

/** @typedef {import('../../study/study-state.js').StudyState} StudyState */

/** @typedef {{ place: string, there: (state: StudyState) => boolean }} Goal */

/**
 * What a link was made for, as far as its settings tell: the last that was worked at.
 * @param {Settings} settings
 * @returns {Goal | null}
 */
function goalOf({ ablate, view, text }) {
  /** @param {StudyState} state */
  const shown = ({ pattern, demo }) => pattern !== null && demo === null;
  if (ablate !== null) {
    const there = (/** @type {StudyState} */ state) => shown(state) && state.ablations !== null;
    return { place: 'ablations-title', there };
  }
  if (parseLook(view).locked) return { place: 'pattern-title', there: shown };
  return text === null ? null : { place: 'fed-title', there: shown };
}

/** @param {import('../../study/study.js').Study} study */
export function land(study) {
  const goal = goalOf(study.state.settings);
  const [navigation] = performance.getEntriesByType('navigation');
  const isVisit =
    !(navigation instanceof PerformanceNavigationTiming) || navigation.type === 'navigate';
  // A reload goes back to where the visitor was.
  if (!goal || !isVisit) return;
  let done = scrollY > 0;
  const stay = () => {
    done = true;
    removeEventListener('scroll', stay);
  };
  addEventListener('scroll', stay, { passive: true });
  study.subscribe((state) => {
    if (done || !goal.there(state)) return;
    stay();
    // What came is laid out by the next frame.
    requestAnimationFrame(() => byId(goal.place, HTMLElement).scrollIntoView({ block: 'start' }));
  });
}
