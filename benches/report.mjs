// What a run of the benchmark leaves: tables on the terminal and in
// build/bench/report.md, and every number in build/bench/report.json.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * @typedef {object} Target
 * @property {string} what
 * @property {string} wanted
 * @property {string} found
 * @property {boolean | null} met null where it could not be measured
 */

/**
 * @typedef {object} Section
 * @property {string} title
 * @property {string[]} notes what was measured, a sentence each
 * @property {string[]} columns
 * @property {string[][]} rows
 * @property {Target[]} targets
 * @property {unknown} data the numbers behind it
 */

/** @param {number[]} numbers */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const [low, high] = [sorted[half - 1 + (sorted.length % 2)], sorted[half]];
  if (low === undefined || high === undefined) throw new Error('the median of nothing');
  return (low + high) / 2;
}

/** @param {number} ms */
export function time(ms) {
  return ms < 1000 ? `${ms.toPrecision(3)} ms` : `${(ms / 1000).toPrecision(3)} s`;
}

/** @param {number} ratio */
export const times = (ratio) => `${ratio.toFixed(2)} x`;

/**
 * A target on a ratio that should be large.
 * @param {string} what
 * @param {number} least
 * @param {number} ratio
 * @returns {Target}
 */
export function atLeast(what, least, ratio) {
  return { what, wanted: `at least ${least} x`, found: times(ratio), met: ratio >= least };
}

/**
 * A table in Markdown, its columns as wide as what they hold, those of numbers
 * flush right.
 * @param {string[]} columns
 * @param {string[][]} rows
 */
function table(columns, rows) {
  const made = columns.map((name, i) => {
    const cells = rows.map((row) => row[i] ?? '');
    const width = Math.max(3, ...[name, ...cells].map(({ length }) => length));
    const right = i > 0 && cells.every((cell) => /^[\d.]|^$/.test(cell));
    const pad = (/** @type {string} */ cell) => (right ? cell.padStart(width) : cell.padEnd(width));
    const rule = right ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width);
    return [pad(name), rule, ...cells.map(pad)];
  });
  const line = (/** @type {unknown} */ _, /** @type {number} */ i) =>
    `| ${made.map((column) => column[i]).join(' | ')} |`;
  return Array.from({ length: rows.length + 2 }, line).join('\n');
}

/** @param {Section} section */
export function sectionText({ title, notes, columns, rows }) {
  return [`## ${title}`, notes.join(' '), table(columns, rows)].join('\n\n');
}

/** @param {Target[]} targets */
export function targetsText(targets) {
  const verdict = (/** @type {boolean | null} */ met) =>
    met === null ? 'not measured' : met ? 'met' : 'MISSED';
  const rows = targets.map(({ what, wanted, found, met }) => [what, wanted, found, verdict(met)]);
  return `## Targets\n\n${table(['target', 'wanted', 'found', ''], rows)}`;
}

/**
 * @param {string} folder
 * @param {string[]} texts
 * @param {object} data
 */
export function save(folder, texts, data) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'report.md'), `${texts.join('\n\n')}\n`);
  writeFileSync(path.join(folder, 'report.json'), `${JSON.stringify(data, null, 2)}\n`);
}
