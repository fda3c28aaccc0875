/** Every way a song comes in, and several at once. */
import type { Page } from '@playwright/test';
import { expect, expectAccessible, test } from './service';
import { plucked } from './sounds';

const LINK = 'https://www.youtube.com/watch?v=aqz-KE-bpKQ';
const wav = (name: string, seconds: number, rate?: number) => ({
  name,
  mimeType: 'audio/wav',
  buffer: plucked(seconds, rate),
});
const songs = (page: Page) => page.getByRole('list', { name: 'Your songs' }).getByRole('listitem');

/** A file as the browser hands it over in an event; real drags and clipboards hold none in a test. */
async function hand(page: Page, event: 'drop' | 'paste', name: string): Promise<void> {
  const sound = [...plucked(2)];
  await page.evaluate(
    ({ event, name, sound }) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([new Uint8Array(sound)], name, { type: 'audio/wav' }));
      const options = { bubbles: true, cancelable: true };
      document.body.dispatchEvent(
        event === 'drop'
          ? new DragEvent(event, { ...options, dataTransfer })
          : new ClipboardEvent(event, { ...options, clipboardData: dataTransfer }),
      );
    },
    { event, name, sound },
  );
}

test('several songs are sent one after the other, each with its own progress', async ({ page, context }) => {
  await page.goto('/transcribe');
  await page
    .getByTestId('file')
    .setInputFiles([wav('first.wav', 20, 36_000), wav('second.wav', 3), wav('third.wav', 3)]);
  await expect(songs(page)).toHaveCount(3);
  await page.getByLabel('Capo').selectOption('Capo 2');
  const slow = await context.newCDPSession(page);
  await slow.send('Network.enable');
  const conditions = { offline: false, latency: 0, downloadThroughput: -1 };
  await slow.send('Network.emulateNetworkConditions', { ...conditions, uploadThroughput: 300_000 });
  await page.getByRole('button', { name: 'Transcribe 3 songs' }).click();

  await expect(
    songs(page)
      .nth(0)
      .getByText(/Sending, [1-9]/),
  ).toBeVisible();
  await expect(page.getByRole('progressbar', { name: 'Upload of first.wav' })).toBeVisible();
  await expect(songs(page).nth(1)).toContainText('Next in line');
  await expect(songs(page).nth(2)).toContainText('Next in line');
  await expectAccessible(page);

  await slow.send('Network.emulateNetworkConditions', { ...conditions, uploadThroughput: -1 });
  for (const index of [0, 1, 2]) {
    await expect(songs(page).nth(index)).toContainText('Your tab is ready', { timeout: 60_000 });
  }
  await expectAccessible(page);
  await songs(page).nth(1).getByRole('link', { name: 'Open' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'second' })).toBeVisible();
});

test('songs go on being sent while another page is looked at', async ({ page }) => {
  await page.goto('/transcribe');
  await page.getByTestId('file').setInputFiles([wav('one.wav', 3), wav('two.wav', 3)]);
  await page.getByRole('button', { name: 'Transcribe 2 songs' }).click();
  await page.getByRole('link', { name: 'Profile' }).click();
  await expect(page.getByRole('heading', { name: 'Profile' })).toBeVisible();
  await page.getByRole('link', { name: 'Transcribe', exact: true }).click();
  await expect(songs(page)).toHaveCount(2);
  await expect(songs(page).nth(1)).toContainText(/On its way|Your tab is ready/);
});

test('a song is dropped anywhere on the page', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('heading', { name: /^Drop a song/ })).toBeVisible();
  await hand(page, 'drop', 'dropped.wav');
  await expect(page).toHaveURL('/transcribe');
  await expect(songs(page)).toContainText('dropped.wav');
  await hand(page, 'drop', 'another.wav');
  await expect(songs(page)).toHaveCount(2);
});

test('a song is pasted', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('heading', { name: /^Drop a song/ })).toBeVisible();
  await hand(page, 'paste', 'pasted.wav');
  await expect(page).toHaveURL('/transcribe');
  await expect(songs(page)).toContainText('pasted.wav');
});

test('a link is pasted anywhere: a good one is taken, another one can be mended', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto('/');
  const link = page.getByRole('textbox', { name: 'Link to a song' });
  await expect(page.getByText('up to 2 hours')).toBeVisible(); // what is taken here is known
  await page.evaluate(() => navigator.clipboard.writeText('https://example.com/song'));
  await page.keyboard.press('ControlOrMeta+v');
  await expect(page.getByText('Links to youtube.com, youtu.be work here')).toBeVisible();
  await expect(link).toHaveValue('https://example.com/song');
  await expectAccessible(page);

  await page.evaluate((text) => navigator.clipboard.writeText(text), LINK);
  await page.keyboard.press('ControlOrMeta+v');
  await expect(page).toHaveURL('/transcribe');
  await expect(songs(page)).toContainText(LINK);
  await page.getByRole('button', { name: `Remove ${LINK}` }).click();
  await expect(page.getByRole('heading', { name: /^Drop a song/ })).toBeVisible();
});
