// All that can be chosen and what is said of it, as the Rust side has it: what the page
// calls a metric, a kind of ablation, a target or a relation stands there alone.

import { catalogue as read } from '../pkg/headscope.js';

/** @type {Catalogue | undefined} */
let known;

/**
 * Asked for once, and not before the module is there.
 * @returns {Catalogue}
 */
export function catalogue() {
  known ??= read();
  return known;
}

/** @param {Metric} name */
export function metricOf(name) {
  return catalogue().metrics.find((metric) => metric.name === name);
}

/**
 * A metric within a sentence.
 * @param {Metric} name
 */
export function metricName(name) {
  return metricOf(name)?.words ?? name;
}

/** @param {Metric} name */
export function higherIsMore(name) {
  return metricOf(name)?.higher_is_more ?? true;
}

/** @param {string} name */
export function kindOf(name) {
  return catalogue().kinds.find((kind) => kind.name === name);
}

/**
 * The longest list or the largest number that a setting takes.
 * @param {keyof Settings} key
 */
export function most(key) {
  return catalogue().settings.find((setting) => setting.key === key)?.most ?? Infinity;
}

/** The parts of a head's attention, in the order in which they are stacked. */
export const breakdown = () => catalogue().breakdown;

/** @param {keyof AttentionBreakdown} name */
export function partLabel(name) {
  return breakdown().find((part) => part.name === name)?.label ?? name;
}

/**
 * What a relation of a pattern's cells is called.
 * @param {number | undefined} code
 */
export function relationLabel(code) {
  const { relations } = catalogue();
  return (relations[code ?? -1] ?? relations.at(-1))?.label ?? '';
}

/**
 * The code of a relation in a pattern's cells.
 * @param {string} name
 */
export function relationCode(name) {
  return catalogue().relations.findIndex((relation) => relation.name === name);
}
