// Joins the page's modules into the few files that a visit fetches:
//
//   node tools/bundle-site.mjs build/stage build/dist
//
// The stage is www/ with what was compiled put into its place. Its modules, style
// sheets and markup leave it bundled and squeezed, everything else as it is. The markup
// of each section is a template beside its modules, which index.html includes. What
// the bundles hold of node packages is written to build/site.meta.json, since their
// notices have to be shipped.

import { build } from 'esbuild';
import { minify } from 'html-minifier-terser';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import nunjucks from 'nunjucks';

const [stage = '', site = ''] = process.argv.slice(2);

/** Scripts with an address of their own, and where each comes from. */
const MODULES = {
  main: 'app/main.js',
  worker: 'engine/worker.js',
  'pool-worker': 'engine/pool-worker.js',
  'pkg/headscope': 'pkg/headscope.js',
};
/** Runs before the page is drawn, so it is no module. */
const EARLY = 'early/early.js';
/** @type {[string, string]} the style sheet's address, and where it comes from */
const STYLES = ['css/page', 'styles/page.css'];
const ICON = 'icon.svg';
/** All lie in the site's own folder. The build's hashes are written into the service worker, line by line. */
const AS_IT_IS = ['service-worker.js', ICON, 'manifest.webmanifest', 'sections/export/notebook.py'];

/** @param {string} file */
const staged = (file) => path.join(stage, file);

/** @type {import('esbuild').BuildOptions} */
const options = {
  bundle: true,
  minify: true,
  target: 'es2022',
  // Quotes and dashes as they are: escaped they take twice the room.
  charset: 'utf8',
  legalComments: 'none',
  outbase: stage,
  outdir: site,
  logLevel: 'warning',
};

await rm(site, { recursive: true, force: true });
const scripts = await bundleModules();
await build({ ...options, entryPoints: [staged(EARLY)], format: 'iife' });
await build({ ...options, entryPoints: { [STYLES[0]]: staged(STYLES[1]) } });

const templates = new nunjucks.Environment(new nunjucks.FileSystemLoader(stage), {
  throwOnUndefined: true,
});
const markup = templates.render('index.html', { scripts });
checkIds(markup);
const page = await minify(markup, {
  collapseWhitespace: true,
  conservativeCollapse: true,
  removeComments: true,
  collapseBooleanAttributes: true,
  removeAttributeQuotes: true,
});
// A picture of half a kilobyte is no request of its own. As a file it is there for
// whoever installs the page.
const icon = (await readFile(staged(ICON), 'utf8')).replace(/<title>.*<\/title>|\n\s*/g, '');
const picture = `="data:image/svg+xml,${icon.replaceAll('"', "'").replaceAll('#', '%23')}"`;
await writeFile(
  path.join(site, 'index.html'),
  page.replaceAll(`=${ICON}`, () => picture),
);
for (const file of AS_IT_IS) await cp(staged(file), path.join(site, path.basename(file)));

/**
 * Bundles the modules. A module that several entries reach goes into a chunk of those
 * that the same entries reach. What the page needs at first would so lie in a score of
 * files, one for each set of parts that come later and share it. So every such part is
 * made to reach all of the page, and every thread all that any of them shares with it:
 * two chunks remain, `main` and `shared`.
 * @returns {Promise<{ main: string, shared: string }>} the addresses of the two
 */
async function bundleModules() {
  const entries = Object.entries(MODULES).map(([name, file]) => [name, staged(file)]);
  /** @type {import('esbuild').BuildOptions & { metafile: true, write: false }} */
  const modules = {
    ...options,
    entryPoints: Object.fromEntries(entries),
    format: 'esm',
    // All files lie in one folder, so that addresses relative to a module are relative
    // to the site (kit/site.js).
    splitting: true,
    chunkNames: '[name]-[hash]',
    metafile: true,
    write: false,
  };
  const first = (await build({ ...modules, outdir: 'unwritten' })).metafile;
  const ofPage = reached(first, [MODULES.main]);
  const threads = [MODULES.worker, MODULES['pool-worker']];
  const shared = [...reached(first, threads)].filter((file) => ofPage.has(file));
  const later = Object.values(first.inputs)
    .flatMap(({ imports }) => imports)
    .filter(({ kind, path }) => kind === 'dynamic-import' && !ofPage.has(path))
    .map(({ path }) => path);
  /** @type {Map<string, string[]>} */
  const also = new Map();
  for (const file of later) also.set(path.resolve(file), [staged(MODULES.main)]);
  for (const file of [...threads, MODULES['pkg/headscope']]) {
    also.set(path.resolve(staged(file)), shared);
  }
  const { metafile, outputFiles } = await build({
    ...modules,
    plugins: [
      {
        name: 'together',
        setup({ onLoad }) {
          onLoad({ filter: /\.js$/ }, async (file) => {
            const more = also.get(file.path);
            if (!more) return null;
            const imports = more.filter((each) => path.resolve(each) !== file.path);
            const lines = imports.map((each) => `import ${JSON.stringify(path.resolve(each))};\n`);
            return { contents: [await readFile(file.path, 'utf8'), ...lines].join('\n') };
          });
        },
      },
    ],
  });
  await writeFile('build/site.meta.json', JSON.stringify(metafile));

  /** @param {string} module */
  const chunkOf = (module) => {
    const found = Object.entries(metafile.outputs).find(([, { inputs }]) => module in inputs);
    return path.basename(found?.[0] ?? '');
  };
  const chunks = { main: chunkOf(staged(MODULES.main)), shared: chunkOf(shared[0] ?? '') };
  const named = Object.entries(chunks).map(([name, file]) => [file, file.replace(/^chunk/, name)]);
  for (const { path: file, text } of outputFiles) {
    // It would import the two chunks and nothing else.
    if (path.basename(file) === 'main.js') continue;
    const rename = (/** @type {string} */ text) =>
      named.reduce((text, [from = '', to = '']) => text.replaceAll(from, to), text);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(rename(file), rename(text));
  }
  const [[, main = ''] = [], [, both = ''] = []] = named;
  return { main, shared: both };
}

/**
 * The modules that some import, and those that these import, themselves included.
 * @param {import('esbuild').Metafile} metafile
 * @param {string[]} files of the stage
 */
function reached({ inputs }, files) {
  const found = new Set(files.map(staged));
  for (const file of found) {
    for (const { path, kind, external } of inputs[file]?.imports ?? []) {
      if (kind === 'import-statement' && !external) found.add(path);
    }
  }
  return found;
}

/**
 * Ids that are given twice, or asked for and given to nothing, are told here and not by
 * a screen reader.
 * @param {string} html
 */
function checkIds(html) {
  const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id = '']) => id);
  const asked = [...html.matchAll(/\s(?:for|aria-\w+by|href)="(#?)([^"]+)"/g)]
    .filter(([attribute, hash]) => hash || !attribute.includes('href'))
    .flatMap(([, , names = '']) => names.split(' '));
  const wrong = [
    ...ids.filter((id, at) => ids.indexOf(id) !== at),
    ...asked.filter((id) => !ids.includes(id)),
  ];
  if (wrong.length > 0) throw new Error(`index.html: ids twice or nowhere: ${wrong.join(', ')}`);
}
