/** Draw the application's icons from static/icon.svg: `npm run icons`. */
import { chromium } from '@playwright/test';
import { readFileSync, writeFileSync } from 'node:fs';

const svg = readFileSync('static/icon.svg', 'utf8');
const square = svg.replace(/rx="\d+"/, 'rx="0"'); // the device cuts the corners of maskable icons itself
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
const page = await browser.newPage();
for (const [name, size, drawing] of [
  ['icon-180', 180, square],
  ['icon-192', 192, svg],
  ['icon-512', 512, svg],
  ['icon-maskable', 512, square],
]) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>body{margin:0}svg{display:block;width:100vw}</style>${drawing}`);
  writeFileSync(`static/${name}.png`, await page.screenshot({ omitBackground: true }));
}
await browser.close();
