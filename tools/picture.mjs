// Takes the picture of the page that the README shows, of the built site as it opens:
//
//   make site && node tools/picture.mjs
//
// leaves docs/page.webp. Take it anew when the page looks different.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchChromium } from './browser.mjs';
import { serve } from './server.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

const site = await serve(path.join(root, 'dist'));
const browser = await launchChromium();
try {
  const page = await browser.newPage({ viewport: { width: 1360, height: 1200 } });
  await page.goto(site.url);
  await page.locator('html[data-state="done"]').waitFor({ state: 'attached' });
  // The last figure of the verdict comes by itself, too.
  await page.locator('#verdict-seeds [data-value]').filter({ hasText: /\d/ }).waitFor();
  const png = await page.screenshot();
  // Chromium itself writes WebP, at the highest quality without loss.
  const webp = await page.evaluate(async (bytes) => {
    const image = await createImageBitmap(
      new Blob([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))]),
    );
    const canvas = new OffscreenCanvas(image.width, image.height);
    canvas.getContext('2d')?.drawImage(image, 0, 0);
    const blob = await canvas.convertToBlob({ type: 'image/webp', quality: 1 });
    return [...new Uint8Array(await blob.arrayBuffer())];
  }, png.toString('base64'));
  await writeFile(path.join(root, 'docs/page.webp'), new Uint8Array(webp));
  console.log(`docs/page.webp: ${webp.length} bytes`);
} finally {
  await browser.close();
  await site.close();
}
