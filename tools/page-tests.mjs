// Runs the page's tests. Files share the processors, since most of their time they wait for
// pages; what is timed or weighed has the machine to itself. A file that fails beside others runs once
// more by itself: pages that starve one another are no fault of the page. It is named at
// the end, and what fails alone fails the run.
//
//   node tools/page-tests.mjs            what every change has to pass
//   node tools/page-tests.mjs --further  what takes longer than that may (make test-long)
//   node tools/page-tests.mjs FILE...    these

import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const TIMED = ['feel', 'load', 'soak'].map((name) => `tests/page/${name}.test.mjs`);
/**
 * What a visitor meets first and most: on two slow processors the rest would take a
 * change’s tests beyond three quarters of an hour. What needs no browser takes seconds, and
 * is always run.
 */
const FIRST = [
  'alive',
  'catalogue',
  'circuits',
  'contract',
  'firefox',
  'hostile',
  'links',
  'site',
  'study',
  'webkit',
];
/** More files than these do not fail by chance. */
const MOST_AGAIN = 5;
/** How many of the slowest files are named. */
const SLOWEST = 10;

/** @type {Map<string, number>} seconds that each file took */
const took = new Map();

/**
 * @param {string[]} files
 * @param {number} concurrency
 * @returns {Promise<Set<string>>} those that failed
 */
async function pass(files, concurrency) {
  /** @type {Set<string>} */
  const failed = new Set();
  const stream = run({ files, concurrency });
  stream.on('test:fail', ({ file }) => file && failed.add(file));
  for (const event of /** @type {const} */ (['test:pass', 'test:fail'])) {
    stream.on(event, ({ file, nesting, details }) => {
      if (file && nesting === 0) {
        took.set(file, (took.get(file) ?? 0) + details.duration_ms / 1000);
      }
    });
  }
  await new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.compose(new spec()).on('error', reject).on('end', resolve).pipe(process.stdout);
  });
  return failed;
}

/** @param {string} folder */
function testsIn(folder) {
  const files = readdirSync(folder).filter((name) => name.endsWith('.test.mjs'));
  return files.sort().map((name) => `${folder}/${name}`);
}

const named = process.argv.slice(2);
const isFurther = named[0] === '--further';
const isFirst = (/** @type {string} */ file) =>
  !file.startsWith('tests/page/') || FIRST.includes(path.basename(file, '.test.mjs'));
const isWanted = (/** @type {string} */ file) => isFirst(file) !== isFurther;
const every = ['tests/page', 'tests/tools', 'tests/www'].flatMap(testsIn);
const all = named.length > 0 && !isFurther ? named : every.filter(isWanted);
const timed = all.filter((file) => TIMED.includes(file));
const sharing = all.filter((file) => !TIMED.includes(file));

const failed = await pass(sharing, availableParallelism());
for (const file of timed) for (const each of await pass([file], 1)) failed.add(each);

const slowest = [...took].sort(([, a], [, b]) => b - a).slice(0, SLOWEST);
const inWords = slowest.map(([file, seconds]) => `${path.basename(file)} ${seconds.toFixed(0)} s`);
console.log(`Slowest: ${inWords.join(', ')}`);
if (failed.size > 0 && failed.size <= MOST_AGAIN) {
  console.log(`\nFailed beside others, and run again alone: ${[...failed].join(', ')}`);
  for (const file of [...failed]) {
    if ((await pass([file], 1)).size === 0) {
      console.log(`\nPassed with the machine to itself: ${file}`);
      failed.delete(file);
    }
  }
}
if (failed.size > 0) {
  console.log(`\nFailed: ${[...failed].join(', ')}`);
  process.exitCode = 1;
}
