/**
 * How quickly a long tab is there, and whether it scrolls smoothly, on a processor slowed four times:
 * `npm run build && npm run bench`. The page, the service and the network are real; only the song is made up.
 */
import type { Page } from '@playwright/test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from '../e2e/service';
import { answerLong, NOTES } from './longSong';

const SLOWED = 4;
const SCROLLS = 60;
const SCROLL_PX = 240;
const RESULTS = resolve(import.meta.dirname, '../../benchmarks/results/web-result-page.json');

interface Measured {
  /** When they can be read, and when they are engraved; 0: not yet. */
  firstBars: number;
  engraved: number;
  tasks: { start: number; duration: number }[];
}

test('a tab of 3,000 notes', async ({ page, service }) => {
  test.setTimeout(300_000);
  const id = await service.transcribed();
  await answerLong(page, service.url, id);
  await watch(page);
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWED });
  await page.goto(`/t/${id}`);
  await page.waitForFunction(() => (window as unknown as { measured: Measured }).measured.firstBars > 0);
  await page.locator('.waveform[data-ready=true]').waitFor({ timeout: 60_000 });
  await page.locator('[data-testid=tab][data-drawn=true]').waitFor({ timeout: 60_000 });
  const scrollStart = await page.evaluate(() => performance.now());
  for (let index = 0; index < SCROLLS; index++) {
    await page.mouse.wheel(0, SCROLL_PX);
    await page.evaluate(
      () => new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next))),
    );
  }
  const { firstBars, engraved, tasks } = await page.evaluate(
    () => (window as unknown as { measured: Measured }).measured,
  );
  const longest = (from: number, to: number) =>
    Math.max(0, ...tasks.filter(({ start }) => start >= from && start < to).map(({ duration }) => duration));
  const figures = {
    notes: NOTES,
    processor_slowed: SLOWED,
    first_bars_seconds: firstBars / 1000,
    engraved_seconds: engraved / 1000,
    longest_task_loading_ms: longest(0, scrollStart),
    longest_task_scrolling_ms: longest(scrollStart, Infinity),
    command: 'cd web && npm run build && npm run bench',
  };
  console.table(figures);
  mkdirSync(resolve(RESULTS, '..'), { recursive: true });
  writeFileSync(RESULTS, `${JSON.stringify(figures, null, 2)}\n`);
});

/** Note when the first bars are on the page, and every long task. */
async function watch(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const measured: Measured = { firstBars: 0, engraved: 0, tasks: [] };
    Object.assign(window, { measured });
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries())
        measured.tasks.push({ start: startTime, duration });
    }).observe({ type: 'longtask', buffered: true });
    // Looking at every frame would slow down what is watched.
    const note = (what: 'firstBars' | 'engraved', selector: string) => {
      const seen = new MutationObserver(() => {
        if (!document.querySelector(selector)) return;
        seen.disconnect();
        requestAnimationFrame(() => setTimeout(() => (measured[what] = performance.now())));
      });
      seen.observe(document, { childList: true, subtree: true });
    };
    note('firstBars', '[data-testid=opening] i');
    note('engraved', '.surface svg text');
  });
}
