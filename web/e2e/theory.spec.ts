/** What is told about a song beside its tab, saving it, its versions, and showing it to others. */
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { expect, expectAccessible, type Service, test } from './service';

/** From this width on the panel stands beside the tab. */
const SIDE_BY_SIDE = 1024;
let song: Promise<string> | undefined;

/** The example, transcribed once for all tests. */
async function openSong(page: Page, service: Service): Promise<string> {
  song ??= service.transcribed();
  const id = await song;
  await page.goto(`/t/${id}`);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  // On a phone the panel is a sheet.
  if ((page.viewportSize()?.width ?? 0) < SIDE_BY_SIDE)
    await page.getByRole('button', { name: 'Details' }).click();
  await expect(page.getByRole('tab', { name: 'Chords' })).toBeVisible();
  return id;
}
const tab = (page: Page, name: string) => page.getByRole('tab', { name }).click();

test('chords are shown bar by bar, and choosing one goes there', async ({ page, service }) => {
  await openSong(page, service);
  await page.getByRole('button', { name: /^G major, bar 2, / }).click();
  await expect(page.getByRole('button', { name: /^G major, bar 2, / })).toHaveAttribute(
    'aria-current',
    'true',
  );
  await expect(
    page.getByRole('img', { name: /^G major, from the low string: 3 2 0 0 0 3/ }).first(),
  ).toBeVisible();
  await expectAccessible(page);
});

test('tabs of the panel are reached with the arrows', async ({ page, service }) => {
  await openSong(page, service);
  await page.getByRole('tab', { name: 'Chords' }).focus();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('tab', { name: 'Theory' })).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('End');
  await expect(page.getByRole('tab', { name: 'Export' })).toBeFocused();
});

test('theory tells key, scale, tempo and style', async ({ page, service }) => {
  await openSong(page, service);
  await tab(page, 'Theory');
  await expect(page.getByText('C major').first()).toBeVisible();
  await expect(page.getByRole('group', { name: 'C major on the fretboard' })).toBeVisible();
  await expect(page.getByRole('img', { name: /^Tempo over the song: between 9\d and 9\d/ })).toBeVisible();
  await expectAccessible(page);
});

test('a hard bar is looped, and let go', async ({ page, service }) => {
  await openSong(page, service);
  await tab(page, 'Difficulty');
  const bar = page.getByRole('button', { name: /^Loop bar / }).first();
  await bar.click();
  await expect(bar).toHaveAttribute('aria-pressed', 'true');
  await expectAccessible(page);
  await bar.click();
  await expect(bar).toHaveAttribute('aria-pressed', 'false');
});

test('every file is saved under the song’s name', async ({ page, service }) => {
  await openSong(page, service);
  await tab(page, 'Export');
  await expectAccessible(page);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: /^Guitar Pro/ }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('morning-porch.gp5');
  expect(
    readFileSync(await download.path())
      .subarray(1, 19)
      .toString(),
  ).toBe('FICHIER GUITAR PRO');
});

test('an earlier version is brought back', async ({ page, service }) => {
  const id = await openSong(page, service);
  const at = `${service.url}/api/v1/transcribe/${id}`;
  const { revision } = (await (await fetch(at)).json()) as { revision: number };
  const made = await fetch(`${at}/revisions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ base: revision, edits: [{ op: 'section', at: 1, label: 'Verse' }] }),
  });
  expect(made.status).toBe(201);
  await openSong(page, service);
  await tab(page, 'Versions');
  await expect(page.getByText('Shown now')).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: `Go back to version ${revision}` }).click();
  await expect(page.getByText(`Version ${revision} is back.`)).toBeVisible();
  await expect(page.getByText('Shown now')).toHaveCount(1);
  const now = (await (await fetch(at)).json()) as { revision: number };
  expect(now.revision).toBe(revision + 2);
});

test('a song is shown to others by a link, until it is ended', async ({ page, service, context }) => {
  await openSong(page, service);
  await tab(page, 'Export');
  await page.getByRole('button', { name: 'Share with a link' }).click();
  await page.getByRole('button', { name: 'Make a link' }).click();
  const link = await page.getByLabel('Your link').inputValue();
  await expectAccessible(page);

  const guest = await context.newPage();
  await guest.goto(link);
  await expect(guest.getByRole('heading', { level: 1, name: 'morning-porch' })).toBeVisible();
  await expect(guest.getByTestId('tab')).toBeVisible();
  await expectAccessible(guest);

  await page
    .getByRole('button', { name: /^End the link made/ })
    .first()
    .click();
  await expect(page.getByText('The link does not work any more.')).toBeVisible();
  await guest.reload();
  await expect(guest.getByRole('heading', { name: 'This link does not work any more' })).toBeVisible();
  await expectAccessible(guest);
});
