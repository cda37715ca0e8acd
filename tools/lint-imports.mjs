// Says whether imports between the rooms of www/ run one way, as .dependency-cruiser.cjs
// has it, and ends with 1 if one does not:
//
//   node tools/lint-imports.mjs
//
// Types count as imports do. Dependency-cruiser reads `import('…').Type` of a comment by
// an interface that TypeScript 7 no longer has, so it is given a copy of the modules in
// which these are written out.

import { cruise } from 'dependency-cruiser';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

const SOURCE = 'www';
const COPY = 'build/imports';

const ruleSet = createRequire(import.meta.url)('../.dependency-cruiser.cjs');

await rm(COPY, { recursive: true, force: true });
for (const file of await readdir(SOURCE, { recursive: true })) {
  if (!file.endsWith('.js')) continue;
  const text = await readFile(path.join(SOURCE, file), 'utf8');
  const types = [...text.matchAll(/import\('(\.[^']+)'\)/g)].map(([, from]) => `import '${from}';`);
  await mkdir(path.dirname(path.join(COPY, file)), { recursive: true });
  await writeFile(path.join(COPY, file), [text, ...types].join('\n'));
}

const { output, exitCode } = await cruise(['.'], {
  baseDir: COPY,
  validate: true,
  ruleSet,
  outputType: 'err',
});
console.log(String(output).trim());
process.exitCode = Math.min(exitCode, 1);
