import { expect, test } from './service';

test('the page opens without a network once it was visited', async ({ page, context }) => {
  await page.goto('/');
  await page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    if (active?.state !== 'activated')
      await new Promise((done) => active?.addEventListener('statechange', done));
  });
  await page.reload();
  await context.setOffline(true);
  await page.goto('/profile');
  await expect(page.getByRole('banner')).toBeVisible();
  await expect(page.getByText('You are offline')).toBeVisible();
  await context.setOffline(false);
});
