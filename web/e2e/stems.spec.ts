/** A song that was taken apart: every instrument as loud as one likes, in time with the tab. */
import { expect, test as base, type Page } from '@playwright/test';
import { SeparatingService } from './separating';
import { expectAccessible, RECORDING } from './service';
import { secondsOf } from './timing';

/** The part of the recording that is transcribed, and so taken apart. */
const PART = { start: '4', end: '20' };
const LARGEST_DRIFT = 0.02;
const INSTRUMENTS = ['Guitar', 'Bass', 'Piano', 'Vocals', 'Drums', 'The rest'];

interface Sounding {
  sounds: HTMLAudioElement[];
  gains: GainNode[];
  contexts: AudioContext[];
}

const test = base.extend<object, { song: { url: string; id: string } }>({
  song: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixtures that are asked for from the pattern
    async ({}, use) => {
      const separating = await SeparatingService.start();
      try {
        const { service } = separating;
        const id = await service.transcribed(RECORDING, { separate: 'true', ...PART });
        await use({ url: service.url, id });
      } finally {
        await separating.stop();
      }
    },
    { scope: 'worker', timeout: 300_000 },
  ],
});

test.beforeEach(async ({ page, song }) => {
  // What sounds is made by elements and nodes outside of the page's tree: keep hold of them.
  await page.addInitScript(() => {
    const sounding: Sounding = { sounds: [], gains: [], contexts: [] };
    Object.assign(window, { sounding });
    const { Audio: Sound, GainNode: Gain, AudioContext: Context } = window;
    window.Audio = class extends Sound {
      constructor(address?: string) {
        super(address);
        sounding.sounds.push(this);
      }
    };
    window.GainNode = class extends Gain {
      constructor(context: BaseAudioContext, options?: GainOptions) {
        super(context, options);
        sounding.gains.push(this);
      }
    };
    window.AudioContext = class extends Context {
      constructor(options?: AudioContextOptions) {
        super(options);
        sounding.contexts.push(this);
      }
    };
  });
  await page.goto(`${song.url}/t/${song.id}`);
  await expect(page.locator('[data-testid=tab][data-drawn=true]')).toBeVisible({ timeout: 60_000 });
  await expect(page.locator('.waveform[data-ready=true]')).toBeVisible({ timeout: 30_000 });
});

async function openMixer(page: Page): Promise<void> {
  const more = page.getByRole('button', { name: 'More', exact: true });
  if (await more.isVisible()) await more.click();
  await page.getByRole('button', { name: 'Volume', exact: true }).click();
  await expect(page.getByTestId('mixer').getByRole('group')).toHaveCount(INSTRUMENTS.length);
}

async function mute(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: `Mute: ${name}` }).click();
  await expect(page.getByRole('button', { name: 'As recorded' })).toBeVisible();
  await expect(page.getByRole('progressbar', { name: 'Loading the instruments' })).toBeHidden({
    timeout: 30_000,
  });
}

/** How far the instruments are apart, and where in the recording they are, in one frame with what the cursor says. */
function heardAndShown(page: Page): Promise<{ apart: number; heard: number; bar: number; quarters: number }> {
  return page.evaluate(
    () =>
      new Promise((done) =>
        requestAnimationFrame(() => {
          const { sounds, contexts } = (window as unknown as { sounding: Sounding }).sounding;
          const playing = sounds.filter((sound) => !sound.paused);
          const times = playing.map((sound) => sound.currentTime);
          const latency = Math.max(...contexts.map(({ outputLatency }) => outputLatency || 0));
          const { dataset } = document.querySelector('[data-testid=cursor]') as HTMLElement;
          done({
            apart: Math.max(...times) - Math.min(...times),
            heard: (times[0] ?? 0) - latency,
            bar: Number(dataset.bar),
            quarters: Number(dataset.quarters),
          });
        }),
      ),
  );
}

const play = (page: Page) => page.getByRole('button', { name: 'Play', exact: true });
const pause = (page: Page) => page.getByRole('button', { name: 'Pause', exact: true });
const playing = (page: Page) =>
  page.evaluate(
    () =>
      (window as unknown as { sounding: Sounding }).sounding.sounds.filter(({ paused }) => !paused).length,
  );
const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

test('instruments are fetched only when one of them is changed', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/stems')) asked.push(new URL(request.url()).pathname);
  });
  await page.reload();
  await expect(page.locator('.waveform[data-ready=true]')).toBeVisible({ timeout: 30_000 });
  expect(asked).toEqual([]);
  await openMixer(page);
  const groups = page.getByTestId('mixer').getByRole('group');
  expect(await groups.evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')))).toEqual(
    INSTRUMENTS,
  );
  await expect(page.getByText('load when you change one')).toBeVisible();
  expect(asked).toHaveLength(1);
  await expectAccessible(page);
  await mute(page, 'Drums');
  expect(asked).toHaveLength(1 + INSTRUMENTS.length);
  await expectAccessible(page);
});

test('they sound together, and the cursor follows them, slower too', async ({ page, song }) => {
  const { tab } = await (await fetch(`${song.url}/api/v1/transcribe/${song.id}/result`)).json();
  expect(tab.source.start).toBe(Number(PART.start));
  await page.keyboard.press('ArrowRight');
  await openMixer(page);
  await mute(page, 'Drums');
  await page.keyboard.press('Escape');
  for (let slower = 0; slower < 4; slower++) await page.keyboard.press('[');
  await play(page).click();
  const cursor = page.getByTestId('cursor');
  await expect.poll(async () => Number(await cursor.getAttribute('data-bar'))).toBeGreaterThan(2);
  const samples = [];
  for (let sample = 0; sample < 30; sample++) samples.push(await heardAndShown(page));
  expect(await playing(page)).toBe(INSTRUMENTS.length);
  await pause(page).click();
  // The middle ones: between the readings of a single frame a busy machine may stand still.
  expect(median(samples.map(({ apart }) => apart))).toBeLessThan(LARGEST_DRIFT);
  const drifts = samples.map(({ heard, bar, quarters }) => Math.abs(heard - secondsOf(tab, bar, quarters)));
  expect(median(drifts)).toBeLessThan(LARGEST_DRIFT);
});

test('muted is silent, alone is alone, and all is as recorded again', async ({ page }) => {
  const silent = () =>
    page.evaluate(
      () =>
        (window as unknown as { sounding: Sounding }).sounding.gains.filter(({ gain }) => gain.value < 0.01)
          .length,
    );
  await openMixer(page);
  await mute(page, 'Drums');
  await play(page).click();
  await expect.poll(silent).toBe(1);
  await page.getByRole('button', { name: 'Hear only: Guitar' }).click();
  await expect.poll(silent).toBe(INSTRUMENTS.length - 1);
  await page.getByRole('slider', { name: 'Guitar' }).fill('0.5');
  await expect(page.getByTestId('mixer').locator('output').nth(1)).toHaveText('50%');
  expect(await playing(page)).toBe(INSTRUMENTS.length);
  await page.getByRole('button', { name: 'As recorded' }).click();
  await expect.poll(() => playing(page)).toBe(1);
  await expect(pause(page)).toBeVisible();
  await pause(page).click();
});

test('when they cannot be had the recording plays on, and one reads why', async ({ page }) => {
  await openMixer(page);
  await page.route('**/stems/*', (route) => route.abort());
  await page.getByRole('button', { name: 'Mute: Bass' }).click();
  await expect(page.getByTestId('mixer').getByRole('alert')).toContainText(
    'The instruments cannot be loaded.',
  );
  await expectAccessible(page);
  await play(page).click();
  await expect.poll(() => playing(page)).toBe(1);
  await pause(page).click();
});

test('volumes are remembered', async ({ page }) => {
  await openMixer(page);
  await page.getByRole('slider', { name: 'Metronome' }).fill('0.3');
  await page.reload();
  await expect(page.locator('.waveform[data-ready=true]')).toBeVisible({ timeout: 30_000 });
  await openMixer(page);
  await expect(page.getByRole('slider', { name: 'Metronome' })).toHaveValue('0.3');
});
