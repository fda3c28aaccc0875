/**
 * How soon a change is seen, and how soon the tab is drawn with it as the service has saved it:
 * `npm run build && npm run bench`. A real song at the real service, and one of 3,000 notes.
 */
import type { Page } from '@playwright/test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from '../e2e/service';
import { answerLong, longAlphaTex, longTab, NOTES } from './longSong';

const TIMES = 8;
const RESULTS = resolve(import.meta.dirname, '../../benchmarks/results/web-editing-latency.json');
const COMMAND = 'cd web && npm run build && npm run bench';

interface Latency {
  seen_ms: number;
  drawn_ms: number;
}

/** From the key to the frame that shows the note elsewhere, and to the one in which the drawing does. */
async function measured(page: Page, key: string): Promise<Latency> {
  await page.evaluate(() => {
    const latency = new Promise((done) => {
      addEventListener(
        'keydown',
        () => {
          const start = performance.now();
          let seen = 0;
          const look = () => {
            const isPending = document.querySelector('.pending') !== null;
            if (isPending && !seen) seen = performance.now() - start;
            if (seen && !isPending) done({ seen_ms: seen, drawn_ms: performance.now() - start });
            else requestAnimationFrame(look);
          };
          look();
        },
        { once: true, capture: true },
      );
    });
    Object.assign(window, { latency });
  });
  await page.keyboard.press(key);
  const latency = await page.evaluate(() => (window as unknown as { latency: Promise<Latency> }).latency);
  await page.locator('[data-testid=save-state][data-state=saved]').waitFor();
  return latency;
}

async function medianOf(page: Page): Promise<Latency> {
  const tools = page.getByTestId('note-tools');
  await page.keyboard.press('e');
  await tools.waitFor();
  const found: Latency[] = [];
  for (let time = 0; time < TIMES; time++) {
    found.push(await measured(page, time % 2 === 0 ? 'ArrowDown' : 'ArrowUp'));
  }
  const median = (of: (latency: Latency) => number) =>
    Math.round(found.map(of).sort((a, b) => a - b)[TIMES / 2] ?? 0);
  return { seen_ms: median(({ seen_ms }) => seen_ms), drawn_ms: median(({ drawn_ms }) => drawn_ms) };
}

async function opened(page: Page, id: string): Promise<void> {
  await page.goto(`/t/${id}`);
  await page.locator('[data-testid=tab][data-drawn=true]').waitFor({ timeout: 60_000 });
  await page.getByTestId('editor').waitFor();
}

test('how soon a change is seen', async ({ page, service }) => {
  test.setTimeout(300_000);
  const id = await service.transcribed();
  const { tab } = await (await fetch(`${service.url}/api/v1/transcribe/${id}/result`)).json();
  await opened(page, id);
  const example = { notes: tab.tracks[0].notes.length, ...(await medianOf(page)) };
  const long = { notes: NOTES, ...(await medianOfLong(page, service.url, id)) };
  console.table({ example, long });
  mkdirSync(resolve(RESULTS, '..'), { recursive: true });
  writeFileSync(RESULTS, `${JSON.stringify({ command: COMMAND, example, long }, null, 2)}\n`);
});

/** The long song is not the service's: its answers to the edits are made here, so only the page is measured. */
async function medianOfLong(page: Page, url: string, id: string): Promise<Latency> {
  const answer = await answerLong(page, url, id);
  let number = answer.revision;
  await page.route('**/revisions*', async (route) => {
    const request = route.request();
    if (request.method() !== 'POST') return route.fulfill({ json: { latest: number, items: [] } });
    const [{ note, string, fret }] = request.postDataJSON().edits;
    const tab = longTab(answer.tab, { note, string, fret });
    const revision = { number: (number += 1), kind: 'edit', summary: '', user_id: null, created_at: '' };
    const alphatex = longAlphaTex({ note, string, fret });
    return route.fulfill({ status: 201, json: { revision, added: [], tab, alphatex } });
  });
  await opened(page, id);
  return medianOf(page);
}
