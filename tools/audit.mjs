// node tools/audit.mjs: what is publicly known against the packages that the page, the
// command and their tools are made of. The crates are looked up by cargo-deny in RustSec's
// database, the tools' packages by npm at its registry.
//
// Ends with 0 if nothing is known, 1 if something is, 2 if not all could be tried; which
// could not is said, and why.

import { spawnSync } from 'node:child_process';

/** @typedef {{ found: boolean, tried: boolean, text: string }} Outcome */

/** What cargo-deny says where its database cannot be had, and not of what is in it. */
const NO_DATABASE = /(failed|unable) to (fetch|clone|load|open)|advisory database.*(fail|error)/i;

/**
 * @param {string} command
 * @param {string[]} args
 */
const run = (command, args) => spawnSync(command, args, { encoding: 'utf8', timeout: 300_000 });

/** @returns {Outcome} */
function crates() {
  const deny = ['cargo', 'deny'];
  if (run('tools/with-toolchain', [...deny, '--version']).status !== 0) {
    return { found: false, tried: false, text: 'cargo-deny is not installed here' };
  }
  const { status, stdout, stderr } = run('tools/with-toolchain', [...deny, 'check', 'advisories']);
  const text = `${stdout}${stderr}`.trim();
  const tried = status === 0 || !NO_DATABASE.test(text);
  return { found: tried && status !== 0, tried, text };
}

/** @returns {Outcome} */
function packages() {
  const { stdout } = run('npm', ['audit', '--json']);
  let answer;
  try {
    answer = JSON.parse(stdout);
  } catch {
    return { found: false, tried: false, text: 'npm gave no answer that can be read' };
  }
  const { statusCode, vulnerabilities, metadata } = answer;
  if (!vulnerabilities || !metadata) {
    const why = statusCode ? `the registry answered ${statusCode}` : 'the registry was not reached';
    return { found: false, tried: false, text: why };
  }
  const known = Object.entries(vulnerabilities).map(([name, about]) => {
    const { severity, range, via } = /** @type {any} */ (about);
    const titles = via.map((/** @type {any} */ each) => each.title ?? `by ${each}`);
    return `${name} ${range}: ${severity}: ${titles.join('; ')}`;
  });
  return { found: known.length > 0, tried: true, text: known.join('\n') };
}

/** @type {[name: string, outcome: Outcome][]} */
const outcomes = [
  ['crates (Cargo.lock)', crates()],
  ['packages (package-lock.json)', packages()],
];
for (const [name, { found, tried, text }] of outcomes) {
  const result = tried ? (found ? 'advisories found' : 'nothing known') : 'could not be tried';
  console.log(`${name}: ${result}${text && (found || !tried) ? `:\n${text}` : ''}`);
}
const all = outcomes.map(([, outcome]) => outcome);
if (all.some(({ found }) => found)) process.exitCode = 1;
else if (!all.every(({ tried }) => tried)) process.exitCode = 2;
