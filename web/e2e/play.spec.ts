import type { Page } from '@playwright/test';
import { expect, expectAccessible, test, type Service } from './service';

interface Measure {
  number: number;
  onset: number;
}
interface Beat {
  onset: number;
  position: [number, number];
}

/** How far the cursor may be from what sounds, in seconds. */
const LARGEST_DRIFT = 0.02;

/** The song of the run, transcribed once. */
let song: Promise<string> | undefined;

test.beforeEach(async ({ page, service }) => {
  song ??= service.transcribed();
  // The recording is played by an element outside of the page's tree: keep hold of it.
  await page.addInitScript(() => {
    const { Audio: Original } = window;
    window.Audio = class extends Original {
      constructor(address?: string) {
        super(address);
        Object.assign(window, { recording: this });
      }
    };
  });
  await page.goto(`/t/${await song}`);
  await expect(page.getByTestId('tab')).toHaveAttribute('data-drawn', 'true', { timeout: 60_000 });
  await expect(waveform(page)).toHaveAttribute('data-ready', 'true', { timeout: 30_000 });
});

const waveform = (page: Page) => page.getByRole('slider', { name: 'Position' });
const cursor = (page: Page) => page.getByTestId('cursor');
const barOf = async (page: Page) => Number(await cursor(page).getAttribute('data-bar'));
const play = (page: Page) => page.getByRole('button', { name: 'Play', exact: true });
const pause = (page: Page) => page.getByRole('button', { name: 'Pause', exact: true });
const frets = (page: Page) => page.locator('.surface svg text', { hasText: /^\d+$/ });

/** Show the controls that a phone keeps behind one button. */
async function showAll(page: Page): Promise<void> {
  const more = page.getByRole('button', { name: 'More' });
  if (await more.isVisible()) await more.click();
}

async function tabOf(service: Service): Promise<{ measures: Measure[]; beats: Beat[] }> {
  const answer = await fetch(`${service.url}/api/v1/transcribe/${await song}/result`);
  return (await answer.json()).tab;
}

/** The recording's time and what the cursor says, in the same frame. */
function heardAndShown(page: Page): Promise<{ heard: number; bar: number; quarters: number }> {
  return page.evaluate(
    () =>
      new Promise((done) =>
        requestAnimationFrame(() => {
          const { recording } = window as unknown as { recording: HTMLAudioElement };
          const { dataset } = document.querySelector('[data-testid=cursor]') as HTMLElement;
          done({
            heard: recording.currentTime,
            bar: Number(dataset.bar),
            quarters: Number(dataset.quarters),
          });
        }),
      ),
  );
}

/** When the tab says that a place in a bar sounds: straight between the beats around it. */
function secondsOf(tab: { measures: Measure[]; beats: Beat[] }, bar: number, quarters: number): number {
  const start = tab.beats.find(({ onset }) => onset >= measureOf(tab, bar).onset - 1e-6);
  const at = quarters + (start ? start.position[0] / start.position[1] : 0);
  const places = tab.beats.map(({ onset, position }) => ({ onset, at: position[0] / position[1] }));
  const next = Math.min(
    Math.max(
      places.findIndex((place) => place.at > at),
      1,
    ) || 1,
    places.length - 1,
  );
  const to = at >= (places.at(-1)?.at ?? 0) ? places.length - 1 : next;
  const [before, after] = [places[to - 1], places[to]];
  if (!before || !after) throw new Error('The tab has no beats.');
  return before.onset + ((at - before.at) * (after.onset - before.onset)) / (after.at - before.at);
}

function measureOf({ measures }: { measures: Measure[] }, bar: number): Measure {
  const found = measures.find(({ number }) => number === bar);
  if (!found) throw new Error(`There is no bar ${bar}.`);
  return found;
}

test('a finished song shows its tab and facts, without a barrier', async ({ page }) => {
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('morning-porch');
  await expect(page.getByRole('list', { name: 'About this song' })).toContainText('C major');
  await expect(frets(page).first()).toBeVisible();
  await expectAccessible(page);
  await expect(page.locator('.surface svg').first()).toHaveScreenshot('first-line.png');
});

test('the cursor is where the recording is, at every bar', async ({ page, service }) => {
  const tab = await tabOf(service);
  await page.keyboard.press('ArrowLeft');
  for (const [index, { number, onset }] of tab.measures.entries()) {
    if (index > 0) await page.keyboard.press('ArrowRight');
    await expect(cursor(page)).toHaveAttribute('data-bar', String(number));
    const { heard, bar, quarters } = await heardAndShown(page);
    expect(bar).toBe(number);
    expect(Math.abs(quarters)).toBeLessThan(0.001);
    expect(Math.abs(heard - onset)).toBeLessThan(LARGEST_DRIFT);
  }
});

test('the cursor follows the recording while it plays, slower too', async ({ page, service }) => {
  const tab = await tabOf(service);
  for (let slower = 0; slower < 5; slower++) await page.keyboard.press('[');
  await play(page).click();
  await expect.poll(() => barOf(page), { timeout: 30_000 }).toBeGreaterThan(1);
  const drifts: number[] = [];
  for (let sample = 0; sample < 20; sample++) {
    const { heard, bar, quarters } = await heardAndShown(page);
    drifts.push(Math.abs(heard - secondsOf(tab, bar, quarters)));
  }
  await pause(page).click();
  // The middle one: between the two readings of a single frame a busy machine may stand still.
  expect(drifts.sort((a, b) => a - b)[drifts.length / 2]).toBeLessThan(LARGEST_DRIFT);
});

test('a click on a note selects it and goes there', async ({ page }) => {
  const box = await frets(page).nth(20).boundingBox();
  if (!box) throw new Error('No fret number is drawn.');
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  const selected = await page.getByTestId('selected').first().boundingBox();
  const line = await cursor(page).boundingBox();
  expect(selected && selected.x <= box.x && selected.x + selected.width >= box.x + box.width).toBe(true);
  expect(line && Math.abs(line.x - (box.x + box.width / 2))).toBeLessThan(6);
});

test('a bar plays over and over', async ({ page, service }) => {
  const { measures } = await tabOf(service);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('l');
  await expect(page.getByRole('button', { name: 'Loop' })).toHaveAttribute('aria-pressed', 'true');
  await play(page).click();
  const passed = new Set<string>();
  // Twice through: the bar's end, its start again, and never the next bar.
  await expect
    .poll(
      async () => {
        const { heard, bar } = await heardAndShown(page);
        expect(bar).toBe(2);
        const { onset } = measureOf({ measures }, 2);
        if (heard > onset + 1.8) passed.add('end');
        else if (passed.has('end') && heard < onset + 0.8) passed.add('again');
        return passed.size;
      },
      { timeout: 30_000, intervals: [50] },
    )
    .toBe(2);
  await pause(page).click();
});

test('the speed is yours, within a quarter and double', async ({ page }) => {
  await showAll(page);
  for (let times = 0; times < 25; times++) await page.keyboard.press(']');
  await expect(page.getByRole('group', { name: 'Speed' })).toContainText('200%');
  for (let times = 0; times < 40; times++) await page.keyboard.press('[');
  await expect(page.getByRole('group', { name: 'Speed' })).toContainText('25%');
});

test('the synthesiser goes on where the recording was', async ({ page }) => {
  await showAll(page);
  for (let times = 0; times < 3; times++) await page.keyboard.press('ArrowRight');
  const bar = await barOf(page);
  await page.getByText('Synth', { exact: true }).click();
  await play(page).click();
  await expect(pause(page)).toBeVisible({ timeout: 60_000 });
  await expect.poll(() => barOf(page), { timeout: 30_000 }).toBeGreaterThan(bar);
  await pause(page).click();
  expect(await barOf(page)).toBeLessThan(bar + 4);
});

test('the text tab says the same in plain characters', async ({ page }) => {
  const view = page.getByRole('button', { name: 'View' });
  if (await view.isVisible()) await view.click();
  await page.getByText('Text', { exact: true }).click();
  await expect(page.getByRole('region', { name: 'Text tab' })).toContainText('e|-0');
  await expectAccessible(page);
});

test('every key is listed', async ({ page }) => {
  await page.keyboard.press('?');
  const keys = page.getByRole('dialog', { name: 'Keys' });
  await expect(keys).toContainText('Play or pause');
  await expect(keys).toContainText('Metronome');
  await expectAccessible(page);
});

test('a print holds the whole tab', async ({ page }) => {
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  await page.emulateMedia({ media: 'print' });
  await expect(page.locator('.print-page')).toBeVisible();
  await expect(page.locator('.print-page')).toContainText('13');
  await expect(page.getByRole('banner')).toBeHidden();
});
