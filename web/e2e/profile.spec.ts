/** The profile without accounts: one's own machine. */
import { readFileSync } from 'node:fs';
import { expect, expectAccessible, test } from './service';

test('on one’s own machine only what applies is shown', async ({ page }) => {
  await page.goto('/profile');
  await expect(page.getByText('runs on your own machine')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Preferences' })).toBeVisible();
  for (const name of ['Password', 'Keys for programs', 'Where you are signed in', 'Delete the account']) {
    await expect(page.getByRole('heading', { name })).toHaveCount(0);
  }
  await expectAccessible(page);
});

test('preferences are kept as they are chosen', async ({ page }) => {
  await page.goto('/profile');
  await page.getByRole('radio', { name: 'Stage' }).check();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
  await expectAccessible(page);
  await page.getByLabel('Your usual tuning').selectOption('dadgad');
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
  await page.reload();
  await expect(page.getByLabel('Your usual tuning')).toHaveValue('dadgad');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.getByLabel('Your usual tuning').selectOption('standard');
  await page.getByRole('radio', { name: 'As the device' }).check();
  await expect(page.locator('html')).not.toHaveAttribute('data-theme');
});

test('songs open in the notation that was chosen', async ({ page, service }) => {
  const id = await service.transcribed();
  await page.goto('/profile');
  const notation = page.getByLabel('Show music as');
  await notation.selectOption('standard');
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
  await page.goto(`/t/${id}`);
  // On a phone the ways to look at it are behind a button.
  const standard = page.getByRole('radio', { name: 'Standard', includeHidden: true });
  await expect(standard).toBeChecked();
  await page.goto('/profile');
  await notation.selectOption('tab');
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
});

test('one’s data is saved as a file', async ({ page }) => {
  await page.goto('/profile');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save my data' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('genesis-music-export.json');
  expect(JSON.parse(readFileSync(await download.path(), 'utf8'))).toHaveProperty('account');
});

test('a webhook’s secret is shown once', async ({ page }) => {
  await page.goto('/profile');
  await page.getByLabel('Address').fill('https://example.com/hooks/genesis');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(page.getByLabel('Secret that messages are signed with')).toHaveValue(/^whsec_/);
  await page.getByRole('button', { name: 'Delete https://example.com/hooks/genesis' }).click();
  await expect(page.getByText('You have no webhooks.')).toBeVisible();
});

test('signing in is not needed here, and says so', async ({ page }) => {
  await page.goto('/sign-in');
  await expect(page.getByText('You need not sign in here')).toBeVisible();
  await expectAccessible(page);
});
