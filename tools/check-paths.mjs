// node tools/check-paths.mjs: fails where a document or a comment names a file of this
// repository that is not there, or a document links to a heading that is not.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const FOLDERS = 'benches|cli|data|docs|fuzz|kernels|site|src|tests|tools|www';
const FILE = new RegExp(`(?<![\\w./-])(?:${FOLDERS})/[\\w./-]*\\.[a-z]+\\b(?!/)`, 'g');
const SPAN = new RegExp(`\`((?:${FOLDERS})/[\\w./-]*)\``, 'g');
const LINK = /\]\((?!\w+:)([^)#\s]*)#?([^)\s]*)\)/g;
const SOURCE = /(\.(rs|m?js|sh|py|toml|css|html|yml)|^Makefile)$/;

/** @param {string} file @returns {string[]} the addresses of its headings, as hosts make them */
const headings = (file) =>
  [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- ]/gu, '')
      .replaceAll(' ', '-'),
  );

const wrong = [];
const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' });
for (const file of listed.split('\n').filter((name) => existsSync(name))) {
  // What earlier versions were like may name what is gone.
  const isDocument = file.endsWith('.md') && file !== 'CHANGELOG.md';
  if (!isDocument && !SOURCE.test(file)) continue;
  const text = readFileSync(file, 'utf8');
  const named = [...text.matchAll(FILE)].map(([name]) => name);
  if (isDocument) named.push(...[...text.matchAll(SPAN)].map(([, name = '']) => name));
  for (const name of new Set(named)) if (!existsSync(name)) wrong.push(`${file}: no ${name}`);
  for (const [, to, heading] of isDocument ? text.matchAll(LINK) : []) {
    const target = to ? path.join(path.dirname(file), to) : file;
    const found = existsSync(target) && (!heading || headings(target).includes(heading));
    if (!found) wrong.push(`${file}: nothing is at ${to}${heading && `#${heading}`}`);
  }
}
for (const each of wrong) console.error(each);
process.exitCode = wrong.length > 0 ? 1 : 0;
