// node tools/licences.mjs METAFILES...: prints the notices of everything the site
// ships: the node packages that esbuild's metafile names, and the crates that
// cargo builds for wasm32. Their licences ask for it, so one without a notice is an error.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {string} version
 * @property {string} licence
 * @property {string} folder
 */

/**
 * Crates that are published without the licence that their repository has, each with
 * another crate of the same repository, which is shipped as well and does carry it.
 * @type {Record<string, string>}
 */
const NOTICE_OF_SIBLING = {
  'pulp-wasm-simd-flag': 'pulp',
};

/**
 * The node packages whose files went into the bundles.
 * @param {string[]} metafiles
 * @returns {Part[]}
 */
function bundledPackages(metafiles) {
  const inputs = metafiles.flatMap((metafile) =>
    Object.keys(JSON.parse(readFileSync(metafile, 'utf8')).inputs),
  );
  const folders = inputs.map((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]);
  return [...new Set(folders)]
    .filter((folder) => folder !== undefined)
    .map((folder) => {
      const { name, version, license } = JSON.parse(
        readFileSync(path.join(folder, 'package.json'), 'utf8'),
      );
      return { name, version, licence: license, folder };
    });
}

/**
 * The crates that end up in the wasm: what the root package reaches through
 * ordinary dependencies, neither build scripts nor tests.
 * @returns {Part[]}
 */
function linkedCrates() {
  const output = execFileSync(
    'cargo',
    ['metadata', '--format-version=1', '--filter-platform=wasm32-unknown-unknown'],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  const { packages, resolve, workspace_members } = JSON.parse(output);
  const nodes = new Map(resolve.nodes.map((/** @type {any} */ node) => [node.id, node]));
  // A procedural macro runs in the compiler: neither it nor what it uses is shipped.
  const macros = new Set(
    packages
      .filter((/** @type {any} */ { targets }) =>
        targets.some((/** @type {any} */ { kind }) => kind.includes('proc-macro')),
      )
      .map((/** @type {any} */ { id }) => id),
  );
  const reached = new Set([resolve.root]);
  for (const id of reached) {
    for (const { pkg, dep_kinds } of nodes.get(id).deps) {
      const linked = dep_kinds.some((/** @type {any} */ { kind }) => kind === null);
      if (linked && !macros.has(pkg)) reached.add(pkg);
    }
  }
  return packages
    .filter((/** @type {any} */ { id }) => !workspace_members.includes(id) && reached.has(id))
    .map((/** @type {any} */ { name, version, license, manifest_path }) => ({
      name,
      version,
      licence: license ?? 'see its repository',
      folder: path.dirname(manifest_path),
    }));
}

/**
 * The notices that a part carries.
 * @param {Part} part
 * @returns {string[]}
 */
function ownNotices({ folder }) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /^(licen[cs]e|copying|notice)/i.test(entry.name))
    .map((entry) => readFileSync(path.join(folder, entry.name), 'utf8').trim())
    .filter((text) => text !== '');
}

const parts = [...bundledPackages(process.argv.slice(2)), ...linkedCrates()].sort((a, b) =>
  a.name.localeCompare(b.name, 'en'),
);

// Most crates carry the same few texts word for word: print each once.
/** @type {Map<string, string[]>} */
const users = new Map();
/** @type {string[]} */
const problems = [];
for (const part of parts) {
  const [full, sibling] = [`${part.name} ${part.version}`, NOTICE_OF_SIBLING[part.name]];
  let notices = ownNotices(part);
  if (sibling && notices.length > 0) {
    problems.push(`${full} carries a notice by now: NOTICE_OF_SIBLING need not name it`);
  } else if (sibling) {
    notices = parts.filter(({ name }) => name === sibling).flatMap(ownNotices);
  }
  if (notices.length === 0) {
    problems.push(`${full} (${part.licence}) has no notice in ${part.folder}`);
  }
  for (const text of notices) users.set(text, [...(users.get(text) ?? []), full]);
}
if (problems.length > 0) {
  for (const problem of problems) console.error(`licences: ${problem}`);
  process.exit(1);
}

console.log('Headscope ships parts of the following, under the licences named.\n');
for (const { name, version, licence } of parts) console.log(`${name} ${version}: ${licence}`);
for (const [text, names] of users) {
  console.log(`\n${'-'.repeat(78)}\n${names.join(', ')}\n${'-'.repeat(78)}\n\n${text}`);
}
