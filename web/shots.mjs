import { chromium } from '@playwright/test';
const [url, out, ...paths] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox','--disable-gpu'] });
for (const [name, w, h, scheme] of [['desktop',1280,800,'light'],['phone',412,839,'dark']]) {
  const ctx = await browser.newContext({ viewport: { width: w, height: h }, colorScheme: scheme, isMobile: name==='phone', hasTouch: name==='phone' });
  const page = await ctx.newPage();
  page.on('console', (x) => x.type()==='error' && console.log(name, x.text()));
  page.on('pageerror', (x) => console.log(name, 'ERR', x.message));
  for (const p of paths) {
    await page.goto(url + p, { waitUntil: 'load', timeout: 120000 });
    await page.waitForTimeout(p.startsWith('/t/') ? 45000 : 4000);
    await page.screenshot({ path: `${out}/${name}${p.replace(/\W+/g,'_')}.png` });
  }
  await ctx.close();
}
await browser.close();
