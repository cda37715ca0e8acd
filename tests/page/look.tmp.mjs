import { test } from 'node:test';
import { useHarness, start, reach } from './harness.mjs';
const harness = useHarness();
const T = encodeURIComponent(' red dog and a blue cat\n\ncat dog cat\n');
for (const [width, height] of [[1280, 900], [390, 844]]) for (const colorScheme of ['light', 'dark'])
test(`look ${width} ${colorScheme}`, () => harness.withPage('v=1&model=tiny&head=L1H1&prompt=3&target=cells-q5k1_3.q7k2-4&run=all', { width, height, colorScheme, byItself: true }, async ({ page }) => {
  await reach(page, 'done', 60000);
  await page.locator('#paint').click();
  await page.locator('#paint-hint').scrollIntoViewIfNeeded();
  await page.waitForTimeout(500);
  await page.screenshot({ path: `/tmp/paint-${width}-${colorScheme}.png` });
  await page.evaluate((t) => { location.hash = `v=1&model=tiny&head=L1H1&text=${t}`; }, T);
  await page.waitForTimeout(2500);
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: `/tmp/texts-${width}-${colorScheme}.png` });
  await page.locator('#post-check').scrollIntoViewIfNeeded();
  await page.waitForTimeout(400);
  await page.screenshot({ path: `/tmp/post-${width}-${colorScheme}.png` });
}));
