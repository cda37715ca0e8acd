// Writes into a built site which build it is: the name and a hash of all files into
// index.html, and the hash of each file into service-worker.js, which keeps them.
//
//   node tools/stamp-site.mjs build/dist '0.1.0+abc1234'

import { createHash } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

const PAGE = 'index.html';
const WORKER = 'service-worker.js';

const [site = '', name = ''] = process.argv.slice(2);

/** @param {string} file */
const sha256 = async (file) =>
  createHash('sha256')
    .update(await readFile(path.join(site, file)))
    .digest('base64');

/**
 * Puts something in a place of a file, which has to be there.
 * @param {string} file
 * @param {RegExp} place
 * @param {string} text
 */
async function write(file, place, text) {
  const before = await readFile(path.join(site, file), 'utf8');
  if (!place.test(before)) throw new Error(`${file} has nothing like ${place}`);
  await writeFile(
    path.join(site, file),
    before.replace(place, () => text),
  );
}

/** @param {string} hash */
const writeBuild = (hash) => {
  const quoted = name.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('>', '&gt;');
  const told = `<meta name="build" content="${quoted}" data-hash="${hash}">`;
  return write(PAGE, /<meta name="?build\b[^>]*>/, told);
};

const entries = await readdir(site, { recursive: true, withFileTypes: true });
const files = entries
  .filter((entry) => entry.isFile())
  .map((entry) => path.relative(site, path.join(entry.parentPath, entry.name)))
  .filter((file) => file !== WORKER)
  .sort();

// What an earlier stamp wrote there is no part of what is hashed.
await writeBuild('');
const whole = createHash('sha256').update(name);
for (const file of [...files, WORKER]) whole.update(`${file} ${await sha256(file)}\n`);
const version = whole.digest('hex').slice(0, 16);

await writeBuild(version);
/** @type {Record<string, string>} */
const hashes = {};
for (const file of files) hashes[file] = await sha256(file);
for (const [constant, value] of Object.entries({ VERSION: version, FILES: hashes })) {
  const line = new RegExp(`^const ${constant} = .*;$`, 'm');
  await write(WORKER, line, `const ${constant} = ${JSON.stringify(value)};`);
}
