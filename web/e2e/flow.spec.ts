/** The whole way of a song: dropped, sent, listened to, opened, found again. */
import { expect, expectAccessible, RECORDING, test } from './service';

test('a song is dropped, worked on, and becomes a tab', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('heading', { name: /Drop a song/ })).toBeVisible();
  await expectAccessible(page);

  await page.getByTestId('file').setInputFiles(RECORDING);
  await expect(page).toHaveURL('/transcribe');
  await expect(page.getByText('morning-porch.ogg')).toBeVisible();
  await expect(page.getByText('0:33')).toBeVisible();
  await expectAccessible(page);

  await page.getByRole('button', { name: 'Transcribe', exact: true }).click();
  await expect(page).toHaveURL(/\/t\/[0-9a-f-]{36}$/);
  const tracker = page.getByRole('region', { name: 'Listening to your song' });
  await expect(tracker).toBeVisible();
  await expect(tracker.getByRole('listitem').filter({ hasText: 'Listening' })).toBeVisible();
  await expect(page.getByText('You can leave this page; it goes on.')).toBeVisible();
  await expectAccessible(page);

  await expect(page.getByRole('heading', { level: 1, name: 'morning-porch' })).toBeVisible({
    timeout: 60_000,
  });
});
