/** What goes wrong is said in place, and nothing is lost. */
import { Service, expect, expectAccessible, test as base } from './service';
import { plucked } from './sounds';

const LIMITS = {
  GENESIS_MAX_ATTEMPTS: '1',
  GENESIS_MAX_DURATION_SECONDS: '35',
  GENESIS_MAX_UPLOAD_BYTES: '2000000',
};

/** A service with small limits, where what fails fails at once. */
const test = base.extend<object, { service: Service }>({
  service: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixtures that are asked for from the pattern
    async ({}, use) => Service.lent(use, LIMITS),
    { scope: 'worker', timeout: 120_000 },
  ],
});

const wav = (name: string, seconds: number) => ({
  name,
  mimeType: 'audio/wav',
  buffer: plucked(seconds),
});

test('what is no song, too large or too long is refused before it is sent', async ({ page }) => {
  await page.goto('/');
  await page
    .getByTestId('file')
    .setInputFiles([
      { name: 'notes.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF') },
      { name: 'empty.mp3', mimeType: 'audio/mpeg', buffer: Buffer.alloc(0) },
      { name: 'huge.wav', mimeType: 'audio/wav', buffer: Buffer.alloc(2_000_001) },
      wav('long.wav', 40),
      wav('good.wav', 3),
    ]);
  const songs = page.getByRole('list', { name: 'Your songs' }).getByRole('listitem');
  await expect(songs.nth(0)).toContainText('This is not a recording');
  await expect(songs.nth(1)).toContainText('This file is empty');
  await expect(songs.nth(2)).toContainText('larger than');
  await expect(songs.nth(3)).toContainText('longer than 35 seconds');
  await expect(songs.nth(4)).toContainText('0:03');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Transcribe', exact: true }).click(); // the good one
  await expect(songs.nth(4)).toContainText(/On its way|Your tab is ready/);
});

test('a file that only looks like a song is refused with a reason', async ({ page }) => {
  await page.goto('/transcribe');
  await page
    .getByTestId('file')
    .setInputFiles({ name: 'fake.mp3', mimeType: 'audio/mpeg', buffer: Buffer.from('not a song at all') });
  await page.getByRole('button', { name: 'Transcribe', exact: true }).click();
  const song = page.getByRole('list', { name: 'Your songs' }).getByRole('listitem');
  await expect(song.getByRole('alert')).not.toBeEmpty();
  await expect(page).toHaveURL('/transcribe');
});

test('a link that is none, or to elsewhere, is told so in place', async ({ page }) => {
  await page.goto('/');
  const link = page.getByRole('textbox', { name: 'Link to a song' });
  await link.fill('my song');
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page.getByText('That is not a link')).toBeVisible();
  await link.fill('https://example.com/song.mp3');
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page.getByText('Links to youtube.com, youtu.be work here')).toBeVisible();
  await expectAccessible(page);
  await expect(link).toHaveValue('https://example.com/song.mp3');
});

test('an upload waits for the network and goes on by itself', async ({ page, context }) => {
  await page.goto('/transcribe');
  await page
    .getByTestId('file')
    .setInputFiles({ name: 'slow.wav', mimeType: 'audio/wav', buffer: plucked(25, 36_000) });
  const slow = await context.newCDPSession(page);
  await slow.send('Network.enable');
  await slow.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: 200_000,
  });
  await page.getByRole('button', { name: 'Transcribe', exact: true }).click();
  await expect(page.getByText(/Sending, [1-9]/)).toBeVisible();

  await page.getByRole('button', { name: 'Pause slow.wav' }).click();
  await expect(page.getByText(/Paused at \d+ %/)).toBeVisible();
  await page.getByRole('button', { name: 'Go on with slow.wav' }).click();
  await expect(page.getByText(/Sending, [1-9]/)).toBeVisible();

  await slow.detach();
  await context.setOffline(true);
  await expect(page.getByText('It goes on by itself as soon as you are back.')).toBeVisible();
  await context.setOffline(false);
  await expect(page).toHaveURL(/\/t\/[0-9a-f-]{36}$/, { timeout: 60_000 });
});

test('a failure says what happened and offers three ways on', async ({ page, service }) => {
  const body = new FormData();
  body.append('start', '1000'); // after its end: nothing to hear
  body.append('file', new Blob([new Uint8Array(plucked(5))]), 'short walk.wav');
  const answer = await fetch(`${service.url}/api/v1/transcribe`, { method: 'POST', body });
  const { transcription_id: id } = (await answer.json()) as { transcription_id: string };

  await page.goto(`/t/${id}`);
  await expect(page.getByRole('heading', { name: 'There is no tab yet' })).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText('lies after the end')).toBeVisible();
  await expectAccessible(page);
  await expect(page.getByRole('main').locator('section')).toHaveScreenshot('failed.png');
  await expect(page.getByRole('link', { name: 'Try another recording' })).toBeVisible();

  await page.getByRole('button', { name: 'Contact support' }).click();
  await expect(page.getByText(/^[0-9a-f-]{36}$/)).toBeVisible();
  await expectAccessible(page);

  await page.getByRole('button', { name: 'Try other settings' }).click();
  await page.getByLabel('Capo').selectOption('Capo 2');
  await expectAccessible(page);
  const retried = page.waitForResponse((response) => response.url().endsWith('/retry'));
  await page.getByRole('button', { name: 'Start again' }).click();
  expect((await retried).status()).toBe(202);
  const song = await (await fetch(`${service.url}/api/v1/transcribe/${id}`)).json();
  expect(song.options).toMatchObject({ capo: 2, instrument: 'guitar' });
});

test('a song that was deleted, or never was, says so', async ({ page, service }) => {
  const id = await service.transcribed();
  await fetch(`${service.url}/api/v1/transcribe/${id}`, { method: 'DELETE' });
  for (const address of [id, 'no-song-at-all']) {
    await page.goto(`/t/${address}`);
    await expect(page.getByRole('heading', { name: 'This song is not here' })).toBeVisible();
    await expectAccessible(page);
  }
  await page.getByRole('main').getByRole('link', { name: 'Your tabs' }).click();
  await expect(page).toHaveURL('/library');
});
