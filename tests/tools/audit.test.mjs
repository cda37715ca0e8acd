// `make audit` tells advisories from what could not be tried, whatever its two tools say.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

const CLEAN = { vulnerabilities: {}, metadata: {} };
const FOUND = {
  vulnerabilities: { some: { severity: 'high', range: '<2', via: [{ title: 'It leaks.' }] } },
  metadata: {},
};

/** What the tools answer, and what is made of it. @type {[deny: string, npm: string, status: number, says: RegExp][]} */
const CASES = [
  ['exit 0', JSON.stringify(CLEAN), 0, /crates.*nothing known\npackages.*nothing known/],
  ['exit 0', JSON.stringify(FOUND), 1, /packages.*advisories found:\nsome <2: high: It leaks\./],
  ['echo "error[vulnerability]: RUSTSEC-0"; exit 1', JSON.stringify(CLEAN), 1, /crates.*RUSTSEC/s],
  ['echo "failed to fetch advisory database"; exit 1', JSON.stringify(CLEAN), 2, /could not/],
  [
    'exit 0',
    JSON.stringify({ statusCode: 405 }),
    2,
    /could not be tried:\nthe registry answered 405/,
  ],
  ['exit 0', 'no JSON', 2, /packages.*could not be tried/],
];

for (const [deny, npm, status, says] of CASES) {
  test(`${deny} and ${npm.slice(0, 40)} end with ${status}`, () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'headscope-audit-'));
    try {
      const stub = (/** @type {string} */ name, /** @type {string} */ script) => {
        writeFileSync(path.join(folder, name), `#!/bin/sh\n${script}\n`);
        chmodSync(path.join(folder, name), 0o755);
      };
      // Set-up's own tools come first in PATH; a cargo that knows nothing else stands in.
      stub('cargo', `case "$*" in *--version) exit 0;; esac\n${deny}`);
      stub('npm', `cat <<'END'\n${npm}\nEND\nexit 1`);
      const PATH = `${folder}:${process.env.PATH}`;
      const env = { ...process.env, HEADSCOPE_TOOLCHAIN: 'rustup', PATH };
      const told = spawnSync(process.execPath, ['tools/audit.mjs'], { env, encoding: 'utf8' });
      assert.match(told.stdout, says, told.stderr);
      assert.equal(told.status, status, told.stdout);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
