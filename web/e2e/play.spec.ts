import type { CDPSession, Locator, Page } from '@playwright/test';
import { expect, expectAccessible, test, type Service } from './service';
import { measureOf, secondsOf, type Timed } from './timing';

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

/** What the player says went wrong. */
const fault = (page: Page) => page.getByRole('region', { name: 'Player' }).getByRole('alert');
const loop = (page: Page) => page.getByRole('button', { name: /^Loop/ });

interface Point {
  x: number;
  y: number;
}

async function centre(target: Locator): Promise<Point> {
  const box = await target.boundingBox();
  if (!box) throw new Error('It is not on the page.');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** Where the first bars are drawn, from bar 1 on. */
async function middlesOfBars(page: Page, count: number): Promise<Point[]> {
  const points: Point[] = [];
  for (let bar = 1; bar <= count; bar++) {
    if (bar > 1) await page.keyboard.press('ArrowRight');
    await expect(cursor(page)).toHaveAttribute('data-bar', String(bar));
    points.push(await centre(page.getByTestId('bar-now')));
  }
  return points;
}

/** A finger on the page: Playwright's own only taps. */
class Finger {
  private constructor(
    private readonly session: CDPSession,
    private at: Point = { x: 0, y: 0 },
  ) {}

  static async on(page: Page): Promise<Finger> {
    return new Finger(await page.context().newCDPSession(page));
  }

  async down(at: Point): Promise<void> {
    this.at = at;
    await this.#tell('touchStart', [at]);
  }

  async move(to: Point, steps = 5): Promise<void> {
    const { x, y } = this.at;
    for (let step = 1; step <= steps; step++) {
      const share = step / steps;
      await this.#tell('touchMove', [{ x: x + (to.x - x) * share, y: y + (to.y - y) * share }]);
    }
    this.at = to;
  }

  async up(): Promise<void> {
    await this.#tell('touchEnd', []);
  }

  async #tell(type: 'touchStart' | 'touchMove' | 'touchEnd', touchPoints: Point[]): Promise<void> {
    await this.session.send('Input.dispatchTouchEvent', { type, touchPoints });
  }
}

/** Show the controls that a phone keeps behind one button. */
async function showAll(page: Page): Promise<void> {
  const more = page.getByRole('button', { name: 'More' });
  if (await more.isVisible()) await more.click();
}

async function tabOf(service: Service): Promise<Timed> {
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

test('bars that the mouse is dragged over are looped', async ({ page, isMobile }) => {
  test.skip(isMobile, 'a finger has a way of its own');
  const [first, from, , to] = (await middlesOfBars(page, 4)) as [Point, Point, Point, Point];
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(to.x, to.y, { steps: 5 });
  await page.mouse.up();
  await expect(loop(page)).toHaveAccessibleName('Loops bars 2–4');
  // Back past where it began.
  const end = await centre(page.getByRole('slider', { name: 'End of the loop' }));
  await page.mouse.move(end.x, end.y);
  await page.mouse.down();
  await page.mouse.move(first.x, first.y, { steps: 5 });
  await page.mouse.up();
  await expect(loop(page)).toHaveAccessibleName('Loops bars 1–2');
  await loop(page).click();
  await expect(loop(page)).toHaveAccessibleName('Loop');
});

test('bars under a finger that rests first are looped, and its handles move', async ({ page, isMobile }) => {
  test.skip(!isMobile, 'for fingers');
  const finger = await Finger.on(page);
  const [first, from, to] = (await middlesOfBars(page, 3)) as [Point, Point, Point];
  await finger.down(from);
  await expect(loop(page)).toHaveAccessibleName('Loops bar 2');
  await finger.move(to);
  await finger.up();
  await expect(loop(page)).toHaveAccessibleName('Loops bars 2–3');
  await finger.down(await centre(page.getByRole('slider', { name: 'Start of the loop' })));
  await finger.move(first);
  await finger.up();
  await expect(loop(page)).toHaveAccessibleName('Loops bars 1–3');
  expect(await page.evaluate(() => scrollY)).toBe(0);
});

test('a loop is made, stretched and left with the keys', async ({ page }) => {
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  await expect(loop(page)).toHaveAccessibleName('Loops bars 2–3');
  await page.keyboard.press('Shift+ArrowLeft');
  await expect(loop(page)).toHaveAccessibleName('Loops bar 2');
  await page.getByRole('slider', { name: 'Start of the loop' }).press('ArrowLeft');
  await expect(loop(page)).toHaveAccessibleName('Loops bars 1–2');
  await expectAccessible(page);
  await page.keyboard.press('l');
  await expect(loop(page)).toHaveAccessibleName('Loop');
});

test('bars that are dragged over on the waveform are looped', async ({ page, service }) => {
  const { measures } = await tabOf(service);
  const box = await waveform(page).boundingBox();
  const duration = Number(await waveform(page).getAttribute('aria-valuemax'));
  if (!box) throw new Error('There is no waveform.');
  const at = (bar: number) => ({
    x: box.x + (box.width * (measureOf({ measures }, bar).onset + 0.8)) / duration,
    y: box.y + box.height / 2,
  });
  await page.mouse.move(at(3).x, at(3).y);
  await page.mouse.down();
  // What is dragged in the first moment may be a swipe.
  await expect
    .poll(async () => {
      await page.mouse.move(at(5).x - 2, at(5).y);
      await page.mouse.move(at(5).x, at(5).y);
      return page.evaluate(() =>
        document.querySelector('.waveform div')?.shadowRoot?.querySelector('[part~=region]'),
      );
    })
    .not.toBeNull();
  await page.mouse.up();
  await expect(loop(page)).toHaveAccessibleName('Loops bars 3–5');
});

test.describe('the synthesiser', () => {
  // A service worker answers with what it has kept.
  test.use({ serviceWorkers: 'block' });

  test('without the sounds of the synthesiser one hears the recording, and reads why', async ({ page }) => {
    await showAll(page);
    await page.route('**/sonivox.sf3', (route) => route.abort());
    await page.getByText('Synth', { exact: true }).click();
    await expect(fault(page)).toContainText('so you hear the recording');
    await expect(page.getByRole('radio', { name: 'Original' })).toBeChecked();
    await expectAccessible(page);
    await expect(frets(page).first()).toBeVisible();
    await page.unroute('**/sonivox.sf3');
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect(page.getByRole('radio', { name: 'Synth' })).toBeChecked();
    await expect(fault(page)).toBeHidden({ timeout: 60_000 });
    await play(page).click();
    await expect(pause(page)).toBeVisible({ timeout: 60_000 });
    await pause(page).click();
  });

  test('sounds that are no sounds are told the same way', async ({ page }) => {
    await showAll(page);
    await page.route('**/sonivox.sf3', (route) => route.fulfill({ body: 'no sounds' }));
    await page.getByText('Synth', { exact: true }).click();
    await expect(fault(page)).toContainText('so you hear the recording', { timeout: 30_000 });
  });
});

test('the screen stays awake while it plays', async ({ page }) => {
  await page.evaluate(() => {
    const held = { count: 0 };
    const request = async () => {
      held.count += 1;
      return { release: async () => void (held.count -= 1) };
    };
    Object.defineProperty(navigator, 'wakeLock', { value: { request } });
    Object.assign(window, { held });
  });
  const held = () => page.evaluate(() => (window as unknown as { held: { count: number } }).held.count);
  await play(page).click();
  await expect.poll(held).toBe(1);
  await pause(page).click();
  await expect.poll(held).toBe(0);
});

test('on paper there are the title, what one needs to know, and the tab; nothing else', async ({
  page,
  service,
}) => {
  const { measures } = await tabOf(service);
  const paper = await page.pdf({ preferCSSPageSize: true });
  const text = paper.toString('latin1');
  expect(text.startsWith('%PDF')).toBe(true);
  // A4 in points; a page each for about twenty lines of music at most.
  expect(text).toMatch(/\/MediaBox \[0 0 59[45](\.\d+)? 84[12](\.\d+)?\]/);
  const pages = text.match(/\/Type \/Page\b/g)?.length ?? 0;
  expect(pages).toBeGreaterThanOrEqual(1);
  expect(pages).toBeLessThanOrEqual(Math.ceil(measures.length / 8));

  await page.emulateMedia({ media: 'print' });
  const seen = await page.locator('body').innerText();
  const [title, facts] = seen.split('\n').filter((line) => line.trim());
  expect(title).toBe('morning-porch');
  expect(facts).toMatch(/^Standard \(E A D G B E\) · \d+ BPM · C major$/);
  expect(seen).not.toContain('Transcribe');
  expect(seen).not.toContain('Export');
});
