/** The pages as they look, beside pictures that a person has looked at. */
import type { Page } from '@playwright/test';
import { expect, RECORDING, type Service, test } from './service';

const THEMES = { paper: 'light', stage: 'dark' } as const;
/** A picture of its own: covered. */
const CHANGES = '.waveform';

let song: Promise<string> | undefined;

async function result(page: Page, service: Service): Promise<void> {
  song ??= service.transcribed();
  await page.goto(`/t/${await song}`);
  await expect(page.getByTestId('tab')).toHaveAttribute('data-drawn', 'true', { timeout: 60_000 });
  await expect(page.locator('.waveform')).toHaveAttribute('data-ready', 'true', { timeout: 30_000 });
  await expect(page.getByText('Saved')).toBeVisible(); // the editor comes last
}

const VIEWS: Record<string, (page: Page, service: Service) => Promise<void>> = {
  home: async (page) => {
    await page.route('**/api/v1/transcribe', (route) => route.fulfill({ json: { items: [] } }));
    await page.goto('/');
    await expect(page.getByText('up to 2 hours')).toBeVisible();
  },
  transcribe: async (page) => {
    await page.goto('/transcribe');
    await page.getByTestId('file').setInputFiles(RECORDING);
    await expect(page.getByText('0:33')).toBeVisible();
  },
  result,
  theory: async (page, service) => {
    await result(page, service);
    const tab = page.getByRole('tab', { name: 'Theory' });
    if (!(await tab.isVisible())) await page.getByRole('button', { name: 'Details' }).click();
    await tab.click();
    await expect(page.getByRole('group', { name: 'C major on the fretboard' })).toBeVisible();
  },
  editor: async (page, service) => {
    await result(page, service);
    await page.keyboard.press('e');
    await expect(page.getByTestId('note-tools')).toBeVisible();
    await expect(page.locator('.reason').first()).toBeAttached(); // the order the service would try
  },
  profile: async (page) => {
    await page.goto('/profile');
    await expect(page.getByLabel('Your usual tuning')).toBeVisible();
  },
};

/** Where not all that is seen is compared: what is beside it has a picture already. */
const PARTS: Record<string, string> = { theory: '.result > .panel', editor: '[data-testid=note-tools]' };
/** The other theme has the same shapes: two pages show its colours. */
const IN_BOTH = ['home', 'result'];

for (const [theme, colorScheme] of Object.entries(THEMES)) {
  test.describe(theme, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: 'reduce' }, deviceScaleFactor: 1 });
    for (const [name, open] of Object.entries(VIEWS)) {
      if (theme === 'stage' && !IN_BOTH.includes(name)) continue;
      test(name, async ({ page, service }) => {
        await open(page, service);
        await page.evaluate(() => document.fonts.ready);
        const options = { mask: [page.locator(CHANGES)], maskColor: 'gray' };
        const part = PARTS[name];
        if (part) await expect(page.locator(part)).toHaveScreenshot(`${name}-${theme}.png`, options);
        else await expect(page).toHaveScreenshot(`${name}-${theme}.png`, options);
      });
    }
  });
}
