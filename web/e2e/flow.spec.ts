/** The whole way of a song: dropped, sent, listened to, opened, found again, renamed, deleted. */
import { expect, expectAccessible, RECORDING, test } from './service';

test('a song is dropped, worked on, and becomes a tab', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('heading', { name: /Drop a song/ })).toBeVisible();
  await expect(page.getByText('up to 2 hours')).toBeVisible();
  await expectAccessible(page);

  await page.getByTestId('file').setInputFiles(RECORDING);
  await expect(page).toHaveURL('/transcribe');
  await expect(page.getByText('0:33')).toBeVisible();
  await expect(page.getByLabel('Tuning')).toHaveValue('standard');
  await expectAccessible(page);

  await page.getByRole('button', { name: 'Transcribe', exact: true }).click();
  await expect(page).toHaveURL(/\/t\/[0-9a-f-]{36}$/);
  await expect(page.getByRole('heading', { level: 1, name: 'morning-porch' })).toBeVisible({
    timeout: 60_000,
  });
});

test('the list finds, renames and deletes a song, and brings it back', async ({ page, service }) => {
  const id = await service.transcribed();
  await page.goto('/library');
  const songs = page.getByRole('list', { name: 'Songs' }).getByRole('listitem');
  await expect(songs.first()).toContainText('0:33');
  await expectAccessible(page);

  const song = songs.filter({ has: page.locator(`a[href="/t/${id}"]`) });
  await song.getByRole('button', { name: /^Rename/ }).click();
  await page.getByRole('textbox', { name: 'Title' }).fill('Porch in the rain');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(song).toContainText('Porch in the rain');

  await page.getByRole('searchbox', { name: 'Search' }).fill('rain');
  await expect(songs).toHaveCount(1);
  await page.getByRole('searchbox', { name: 'Search' }).fill('thunder');
  await expect(page.getByText('Nothing here has “thunder” in it.')).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Show all' }).click();

  await song.getByRole('button', { name: 'Delete Porch in the rain' }).click();
  await expect(song).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(song).toHaveCount(1);

  await song.getByRole('button', { name: 'Delete Porch in the rain' }).click();
  await page.getByRole('link', { name: 'Transcribe', exact: true }).click(); // leaving does not undo
  await expect.poll(async () => (await fetch(`${service.url}/api/v1/transcribe/${id}`)).status).toBe(404);
});

test('the example plays without anything to choose', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: 'Play the example' }).click();
  await expect(page).toHaveURL(/\/t\/[0-9a-f-]{36}$/);
});

test('what the microphone hears becomes a song', async ({ page, context }) => {
  await context.grantPermissions(['microphone']);
  await page.goto('/transcribe');
  await page.getByRole('button', { name: 'Record', exact: true }).click();
  await expect(page.getByRole('timer')).not.toHaveText('0:00');
  await expect(page.getByRole('meter', { name: 'Level' })).toBeAttached();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByRole('button', { name: 'Use this recording' }).click();
  await expect(page.getByRole('list', { name: 'Your songs' })).toContainText(/Recording .*\.webm/);
});

test('the work is shown stage by stage; it can be cancelled and started again', async ({ page, service }) => {
  const { plucked } = await import('./sounds');
  const body = new FormData();
  body.append('file', new Blob([new Uint8Array(plucked(600))]), 'long.wav');
  const answer = await fetch(`${service.url}/api/v1/transcribe`, { method: 'POST', body });
  const { transcription_id: id } = (await answer.json()) as { transcription_id: string };
  await page.goto(`/t/${id}`);
  await expect(page.getByText('You can leave this page; it goes on.')).toBeVisible();
  const stages = page.getByRole('list', { name: 'What is done' }).getByRole('listitem');
  await expect(stages).toHaveText([
    /Loading/,
    /Listening/,
    /Finding the beat/,
    /Naming chords/,
    /Choosing frets/,
    /Writing/,
  ]);
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('heading', { name: 'Cancelled' })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Start again' }).click();
  await expect(page.getByText('You can leave this page; it goes on.')).toBeVisible();
});
