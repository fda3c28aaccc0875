/** The whole way of a song without a mouse, a finger or a look at the screen. */
import type { Locator, Page } from '@playwright/test';
import { expect, RECORDING, test } from './service';

/** More stops than any page has: then what is looked for cannot be reached. */
const MOST_STOPS = 80;

/** Press Tab until something has the focus, which has to be seen there. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let stop = 0; stop < MOST_STOPS; stop++) {
    if (await target.evaluate((element) => element === document.activeElement)) break;
    await page.keyboard.press('Tab');
  }
  await expect(target).toBeFocused();
  const outline = await target.evaluate((element) => getComputedStyle(element).outlineStyle);
  expect(outline, 'the focus is seen').not.toBe('none');
}

async function enter(page: Page, target: Locator): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press('Enter');
}

test('everything is reached with the keyboard alone', async ({ page }) => {
  const place = (name: string) => page.getByRole('navigation').getByRole('link', { name });

  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await enter(page, page.getByRole('link', { name: 'Skip to the content' }));
  await expect(page.getByRole('main')).toBeFocused();
  const [picker] = await Promise.all([
    page.waitForEvent('filechooser'),
    enter(page, page.getByRole('button', { name: 'Choose a song' })),
  ]);
  await picker.setFiles(RECORDING);

  await expect(page).toHaveURL('/transcribe');
  await tabTo(page, page.getByLabel('Capo'));
  await page.keyboard.press('ArrowDown');
  await expect(page.getByLabel('Capo')).not.toHaveValue('0');
  await page.keyboard.press('ArrowUp');
  await enter(page, page.getByRole('button', { name: 'Transcribe', exact: true }));

  await expect(page.getByRole('heading', { level: 1, name: 'morning-porch' })).toBeVisible({
    timeout: 60_000,
  });
  await expect(page.getByTestId('tab')).toHaveAttribute('data-drawn', 'true', { timeout: 30_000 });
  await expect(page.locator('.waveform')).toHaveAttribute('data-ready', 'true', { timeout: 30_000 });
  await page.keyboard.press('Space');
  await expect(page.getByRole('button', { name: 'Pause', exact: true })).toBeVisible();
  await page.keyboard.press('Space');
  await expect(page.getByRole('button', { name: 'Play', exact: true })).toBeVisible();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();

  await enter(page, place('Library'));
  await expect(page).toHaveURL('/library');
  await enter(page, page.getByRole('button', { name: 'Rename morning-porch' }).first());
  await page.keyboard.type('By keys alone');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('list', { name: 'Songs' })).toContainText('By keys alone');
  await enter(page, page.getByRole('button', { name: 'Share By keys alone' }));
  await expect(page.getByRole('dialog', { name: 'Share this tab' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Share By keys alone' })).toBeFocused();
  await enter(page, page.getByRole('button', { name: 'Delete By keys alone' }));
  await enter(page, page.getByRole('button', { name: 'Undo' }));
  await expect(page.getByRole('list', { name: 'Songs' })).toContainText('By keys alone');

  await enter(page, place('Profile'));
  await expect(page).toHaveURL('/profile');
  await tabTo(page, page.getByRole('radio', { name: 'As the device' }));
  await page.keyboard.press('ArrowLeft');
  await expect(page.locator('html')).toHaveAttribute('data-theme', /light|dark/);
  await page.keyboard.press('ArrowRight');
  await expect(page.locator('html')).not.toHaveAttribute('data-theme');
});
