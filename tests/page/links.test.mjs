// Links as they are documented, typed and mangled, in the real page.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { unknownWords } from '../../www/study/look.js';
import { complaints, exportedJson, reach, root, start, startable, useHarness } from './harness.mjs';

/** @typedef {import('playwright-core').Page} Page */

const harness = useHarness();

/** What the table of the link names beside values. */
const NO_VALUES = ['+', 'config.json', 'model.safetensors'];

/**
 * The links that the documents give as examples, and each value of the link's table as
 * a link of its own, as a reader types them.
 * @returns {Promise<{ key: string, value: string, link: string }[]>}
 */
async function documented() {
  const read = (/** @type {string} */ name) => readFile(path.join(root, name), 'utf8');
  const [readme, formats] = await Promise.all([read('README.md'), read('docs/formats.md')]);
  const section = formats.split('\n## The link\n')[1]?.split('\n## ')[0] ?? '';
  const spans = (/** @type {string} */ text) =>
    [...text.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span);
  const values = section.split('\n').flatMap((line) => {
    const [, first = '', ...rest] = line.split('|');
    const [key] = spans(first);
    if (!key || rest.length < 2) return [];
    const named = spans(rest.join('|')).filter((span) => !NO_VALUES.includes(span));
    // One row alone can be mixed with no other.
    const also = key === 'words' ? '&cats=1' : '';
    return named.map((value) => ({ key, value, link: `v=1&${key}=${value}${also}` }));
  });
  // What can be chosen of these stands in the README, a row each.
  for (const [key, title] of [
    ['metric', 'Metrics'],
    ['kind', 'Ablation kinds'],
    ['target', 'Targets'],
  ]) {
    const table = readme.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
    const names = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = '']) => name);
    values.push(...names.map((value) => ({ key, value, link: `v=1&${key}=${value}` })));
  }
  const whole = spans(readme).filter((span) => span.startsWith('#') && span.includes('='));
  const pairs = spans(section).filter((span) => /^[\w-]+=/.test(span) && span !== 'key=value');
  const links = [...whole, ...pairs].map((link) => ({ key: '', value: '', link }));
  return [...values, ...links];
}

/** @param {Page} page */
const place = (page, /** @type {string} */ id) =>
  page.locator(`#${id}`).evaluate((element) => element.getBoundingClientRect().top);

test('a link lands at what it was made for, unless the visitor has scrolled', async () => {
  for (const [held, id] of [
    ['ablate=embed,L0.mlp', 'ablations-title'],
    ['view=q5k2', 'pattern-title'],
    ['text=red+dog+blue+cat', 'fed-title'],
  ]) {
    const link = `v=1&model=tiny&n=8&${held}`;
    const options = { byItself: true, width: 390, height: 700 };
    await harness.withPage(link, options, async ({ page }) => {
      await page.waitForFunction(() => scrollY > 0);
      await page.waitForTimeout(300);
      const top = await place(page, id ?? '');
      assert.ok(top >= 0 && top < 150, `${id} is at ${top}`);
    });
  }
  await harness.withPage('', { byItself: true, width: 390, height: 700 }, async ({ page }) => {
    await reach(page, 'done');
    assert.equal(await page.evaluate(() => scrollY), 0, 'a plain visit stays at the top');
    await page.goto('about:blank');
    await page.goto(`${harness.site.url}#v=1&model=tiny&n=8&ablate=embed`);
    await page.evaluate(() => scrollTo(0, 120));
    await reach(page, 'done');
    await page.waitForTimeout(300);
    assert.equal(await page.evaluate(() => scrollY), 120);
  });
});

/** @param {Page} page */
const notice = async (page) => String(await page.locator('#link-notice').textContent()).trim();

/**
 * What is in force, as the address bar has it.
 * @param {Page} page
 */
const hash = (page) => new URL(page.url()).hash;

test('every link and value that the documents give is understood', async () => {
  const examples = await documented();
  const keys = new Set(examples.map(({ key }) => key));
  assert.ok(
    examples.length > 50 && keys.size > 18,
    `${examples.length} examples, ${keys.size} keys`,
  );
  assert.ok(examples.some(({ link }) => link === 'v=1&ablate=L0H1,L0H5+L0.mlp'));
  const given = (/** @type {string} */ part) =>
    examples.some(({ key, link }) => key === '' && link.includes(part));
  assert.ok(given('&model=https://') && given('text-z='));
  await harness.withPage('v=1&model=tiny', {}, async ({ page }) => {
    await startable(page);
    const read = await page.evaluate(
      async (links) => {
        const { parse_link } = await import(/** @type {any} */ ('./pkg/headscope.js'));
        return links.map((link) => {
          // As the address bar gives it to the page.
          const read = parse_link(new URL(`#${link}`, location.href).hash);
          const again = parse_link(read.link).settings;
          return { settings: read.settings, again, problems: read.problems };
        });
      },
      examples.map(({ link }) => link.replace(/^#/, '')),
    );
    examples.forEach(({ key, value, link }, index) => {
      const { settings, again, problems } = read[index] ?? {};
      assert.deepEqual(problems, [], link);
      assert.deepEqual(unknownWords(settings.view), [], link);
      assert.deepEqual(again, settings, link);
      if (key !== '' && key !== 'v') assert.equal(String(settings[key]).trim(), value, link);
    });
  });
});

test('the documented ablation is run as it is typed', () =>
  harness.withPage('v=1&model=tiny&n=6&run=all&ablate=L0H1,L0H0+L0.mlp', {}, async ({ page }) => {
    await start(page, 'done');
    const { ablations } = await exportedJson(page);
    assert.deepEqual(
      ablations.map((/** @type {any} */ { component }) => component),
      ['L0H1', 'L0H0+L0.mlp'],
    );
    assert.equal(await notice(page), '');
  }));

/** What is done to links on their way. @type {[string, string][]} */
const MANGLED = [
  ['an escaped ampersand', '#v=1&amp;model=tiny&amp;seed=7&amp;n=6'],
  ['capitals', '#V=1&Model=Tiny&Seed=7&N=6'],
  ['a query', '?v=1&model=tiny&seed=7&n=6'],
  ['a query with a place', '?v=1&model=tiny&seed=7&n=6#heads'],
  ['a bracket and a full stop', '#v=1&model=tiny&n=6&seed=7).'],
  ['spaces', '#v=1& model = tiny & n = 6 & seed = 7 '],
  ['encoded whole', '#v%3D1%26model%3Dtiny%26n%3D6%26seed%3D7'],
  ['a slash before it', '#/?v=1&model=tiny&n=6&seed=7'],
];

for (const [what, mangled] of MANGLED) {
  test(`a link is read as it was meant: ${what}`, () =>
    harness.withPage('', { url: `${harness.site.url}${mangled}` }, async ({ page }) => {
      await startable(page);
      assert.equal(await page.locator('#seed').inputValue(), '7');
      assert.equal(await page.locator('#n').inputValue(), '6');
      assert.equal(await notice(page), '');
      assert.deepEqual(await complaints(page), []);
      await page.locator('#seed').fill('8');
      await page.waitForFunction(() => location.hash === '#v=1&model=tiny&seed=8&n=6');
      assert.equal(new URL(page.url()).search, '');
    }));
}

test('what a link holds that means nothing is named', () =>
  harness.withPage('v=1&model=tiny&sed=7&n=6&view=logg.magma&hed=L1H1', {}, async ({ page }) => {
    await startable(page);
    const said = await notice(page);
    assert.match(said, /“sed” is no setting of this page\. It was ignored\./);
    assert.match(said, /“hed” is no setting/);
    assert.match(said, /view has “logg”, which means nothing here/);
    assert.doesNotMatch(said, /magma/);
    assert.equal(await page.locator('#seed').inputValue(), '5');
    await start(page, 'ready');
    // Nothing of a search that is no link is taken for one.
    const url = `${harness.site.url}?utm_source=mail#v=1&model=tiny&seed=9`;
    await page.goto('about:blank');
    await page.goto(url);
    await startable(page);
    assert.equal(await page.locator('#seed').inputValue(), '9');
    assert.equal(await notice(page), '');
    assert.equal(hash(page), '#v=1&model=tiny&seed=9');
  }));
