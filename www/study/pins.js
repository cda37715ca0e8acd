// The heads that are pinned: their names are part of the link, their patterns a result.

import { announce } from '../kit/announce.js';
import { most } from './catalogue.js';

/** @typedef {{ facts: HeadFacts, result: PatternResult }} Pinned */

/**
 * The heads that the settings name.
 * @param {Settings} settings
 */
export function pinnedHeads({ pins }) {
  return pins ? pins.split(',') : [];
}

/**
 * Whether pinned heads were run on the prompt of a pattern; of one with the same number and
 * another length they were not.
 * @param {Pins} pins
 * @param {PatternResult} pattern
 */
export function areOf({ prompt, patterns, heads }, pattern) {
  return prompt === pattern.prompt && patterns.length === heads.length * pattern.n ** 2;
}

/**
 * The pinned heads that have been computed, as they are shown.
 * @param {import('./study-state.js').StudyState} state
 * @returns {Pinned[]}
 */
export function pinnedResults({ further, pattern }) {
  const pins = further.pins;
  if (!pins || !pattern || !areOf(pins, pattern)) return [];
  const cells = pattern.n ** 2;
  return pins.heads.map((facts, index) => ({
    facts,
    result: {
      ...pattern,
      head: facts.head,
      score: facts.score,
      shares: facts.shares,
      pattern: pins.patterns.subarray(index * cells, (index + 1) * cells),
    },
  }));
}

/**
 * Pins a head, or takes it off if it is pinned.
 * @param {import('./study.js').Study} study
 * @param {string} head
 */
export function togglePin(study, head) {
  const pins = pinnedHeads(study.state.settings);
  const pinned = pins.includes(head);
  if (!pinned && pins.length >= most('pins')) {
    announce(`No more than ${most('pins')} heads can be compared.`);
    return;
  }
  const left = pinned ? pins.filter((each) => each !== head) : [...pins, head];
  study.change({ pins: left.length > 0 ? left.join(',') : null });
  announce(pinned ? `${head} is no longer compared.` : `${head} is compared.`);
}
