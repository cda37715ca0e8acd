// The site is not built where something that it ships comes without its notice.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, test } from 'node:test';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const folder = mkdtempSync(path.join(tmpdir(), 'headscope-licences-'));
after(() => rmSync(folder, { recursive: true }));

/**
 * @param {string} file
 * @param {string} text
 */
function write(file, text) {
  const whole = path.join(folder, file);
  mkdirSync(path.dirname(whole), { recursive: true });
  writeFileSync(whole, text);
}

/** @param {string} name @param {string} more */
const manifest = (name, more = '') =>
  `[package]\nname = "${name}"\nversion = "1.2.3"\nedition = "2024"\nlicense = "MIT"\n${more}`;

function notices() {
  const command = [path.join(root, 'tools/with-toolchain'), 'node'];
  const [program = '', ...args] = [...command, path.join(root, 'tools/licences.mjs'), 'meta.json'];
  return spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
}

test('a crate or package without a notice is an error that names it', () => {
  write('Cargo.toml', manifest('site', '[dependencies]\nmade-up = { path = "made-up" }\n'));
  write('src/lib.rs', '');
  write('made-up/Cargo.toml', manifest('made-up'));
  write('made-up/src/lib.rs', '');
  write('node_modules/made-up-too/package.json', '{"name": "made-up-too", "version": "4.5.6"}');
  write('meta.json', '{"inputs": {"node_modules/made-up-too/index.js": {}}}');

  const neither = notices();
  assert.equal(neither.status, 1, neither.stderr);
  assert.match(neither.stderr, /made-up 1\.2\.3 \(MIT\) has no notice/);
  assert.match(neither.stderr, /made-up-too 4\.5\.6/);

  write('made-up/LICENSE', '\n');
  write('node_modules/made-up-too/LICENCE.txt', 'Of the package.');
  const empty = notices();
  assert.equal(empty.status, 1);
  assert.match(empty.stderr, /^licences: made-up 1\.2\.3 [^\n]*\n$/);

  write('made-up/LICENSE', 'Of the crate.');
  const both = notices();
  assert.equal(both.status, 0, both.stderr);
  assert.match(both.stdout, /made-up 1\.2\.3: MIT\n[^]*Of the crate\.[^]*Of the package\./);
});
