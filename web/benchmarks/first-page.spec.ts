/** How much JavaScript the first page takes, compressed: `npm run build && npm run bench`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from '../e2e/service';

const RESULTS = resolve(import.meta.dirname, '../../benchmarks/results/web-first-page.json');

test('the first page', async ({ page, service }) => {
  await page.goto(service.url, { waitUntil: 'networkidle' });
  const sizes = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .filter(({ name }) => new URL(name).pathname.endsWith('.js'))
      .map((entry) => (entry as PerformanceResourceTiming).encodedBodySize),
  );
  const figures = {
    scripts: sizes.length,
    compressed_kb: sizes.reduce((sum, size) => sum + size, 0) / 1000,
    command: 'cd web && npm run build && npm run bench',
  };
  console.table(figures);
  mkdirSync(resolve(RESULTS, '..'), { recursive: true });
  writeFileSync(RESULTS, `${JSON.stringify(figures, null, 2)}\n`);
});
