/** Without a network, and on the home screen. */
import type { Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, expectAccessible, test } from './service';

const BUILD = resolve(import.meta.dirname, '../build');

/** Visit the page until it is kept on the device. */
async function keep(page: Page, path = '/'): Promise<void> {
  await page.goto(path);
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    if (!navigator.serviceWorker.controller)
      await new Promise((done) => navigator.serviceWorker.addEventListener('controllerchange', done));
  });
}

async function drawn(page: Page): Promise<void> {
  await expect(page.getByTestId('tab')).toHaveAttribute('data-drawn', 'true', { timeout: 60_000 });
  await expect(page.locator('.waveform')).toHaveAttribute('data-ready', 'true', { timeout: 30_000 });
}

test('the page opens without a network once it was visited', async ({ page, context }) => {
  await keep(page);
  await context.setOffline(true);
  await page.goto('/profile');
  await expect(page.getByRole('banner')).toBeVisible();
  await expect(page.getByText('You are offline')).toBeVisible();
  await context.setOffline(false);
  await expect(page.getByRole('heading', { name: 'Preferences' })).toBeVisible(); // by itself
});

test('songs opened lately play without a network; the library says which', async ({
  page,
  context,
  service,
}) => {
  const [opened, other] = [await service.transcribed(), await service.transcribed()];
  await keep(page);
  await page.goto(`/t/${opened}`);
  await drawn(page);
  await page.goto('/library');
  const songs = page.getByRole('list', { name: 'Songs' }).getByRole('listitem');
  await expect(page.locator(`a[href="/t/${other}"]`)).toBeVisible();

  await context.setOffline(true);
  await page.reload();
  await expect(page.getByText('These are the songs as they were last time')).toBeVisible();
  await expect(page.locator(`a[href="/t/${opened}"]`)).toBeVisible();
  await expect(page.locator(`a[href="/t/${other}"]`)).toHaveCount(0);
  await expect(songs.filter({ hasText: 'Opens when you are back online' }).first()).toBeVisible();
  await expect(page.getByRole('searchbox')).toBeDisabled();
  await expectAccessible(page);

  await page.locator(`a[href="/t/${opened}"]`).click();
  await drawn(page);
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Pause', exact: true })).toBeVisible();
  await expectAccessible(page);

  await page.goto(`/t/${other}`);
  await expect(page.getByRole('heading', { name: 'The service cannot be reached' })).toBeVisible();
  await context.setOffline(false);
  await drawn(page); // by itself
});

test('it can be put on the home screen', async ({ page }) => {
  await keep(page);
  const session = await page.context().newCDPSession(page);
  const { errors } = await session.send('Page.getAppManifest');
  expect(errors).toEqual([]);
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
  const others = installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito'); // every test is
  expect(others).toEqual([]);
});

test('its icons are as large as they say, one of them made to be cut to any shape', () => {
  interface Icon {
    src: string;
    sizes: string;
    type: string;
    purpose?: string;
  }
  const manifest = JSON.parse(readFileSync(join(BUILD, 'manifest.webmanifest'), 'utf8')) as { icons: Icon[] };
  const pictures = manifest.icons.filter(({ type }) => type === 'image/png');
  for (const { src, sizes } of pictures) {
    const header = readFileSync(join(BUILD, src)).subarray(0, 24);
    expect(`${header.readUInt32BE(16)}x${header.readUInt32BE(20)}`).toBe(sizes);
  }
  expect(pictures.map(({ sizes }) => sizes)).toEqual(expect.arrayContaining(['192x192', '512x512']));
  expect(pictures.some(({ purpose }) => purpose === 'maskable')).toBe(true);
});
