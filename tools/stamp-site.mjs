// Writes into a built site which build it is: the name and a hash of all files into
// build.js, and the hash of each file into service-worker.js, which keeps them.
//
//   node tools/stamp-site.mjs build/dist '0.1.0+abc1234'

import { createHash } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

const WORKER = 'service-worker.js';

const [site = '', name = ''] = process.argv.slice(2);

/** @param {string} file */
const sha256 = async (file) =>
  createHash('sha256')
    .update(await readFile(path.join(site, file)))
    .digest('base64');

const entries = await readdir(site, { recursive: true, withFileTypes: true });
const files = entries
  .filter((entry) => entry.isFile())
  .map((entry) => path.relative(site, path.join(entry.parentPath, entry.name)))
  .filter((file) => file !== WORKER)
  .sort();

const whole = createHash('sha256').update(name);
for (const file of [...files, WORKER]) whole.update(`${file} ${await sha256(file)}\n`);
const version = whole.digest('hex').slice(0, 16);

const names = { BUILD: name, BUILD_HASH: version };
await writeFile(
  path.join(site, 'build.js'),
  Object.entries(names)
    .map(([constant, value]) => `export const ${constant} = ${JSON.stringify(value)};\n`)
    .join(''),
);
/** @type {Record<string, string>} */
const hashes = {};
for (const file of files) hashes[file] = await sha256(file);
let worker = await readFile(path.join(site, WORKER), 'utf8');
for (const [constant, value] of Object.entries({ VERSION: version, FILES: hashes })) {
  const line = new RegExp(`^const ${constant} = .*;$`, 'm');
  if (!line.test(worker)) throw new Error(`${WORKER} has no line "const ${constant} = ...;"`);
  worker = worker.replace(line, () => `const ${constant} = ${JSON.stringify(value)};`);
}
await writeFile(path.join(site, WORKER), worker);
