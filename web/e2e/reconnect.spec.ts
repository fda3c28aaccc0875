/** The service is killed in the middle of the work and comes back: so does the page, by itself. */
import { expect, expectAccessible, Service, test as base } from './service';
import { plucked } from './sounds';

/** A service of its own: others would miss it. */
const test = base.extend<object, { service: Service }>({
  service: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixtures that are asked for from the pattern
    async ({}, use) => Service.lent(use),
    { scope: 'worker', timeout: 120_000 },
  ],
});

test('the page follows again after the service was killed and restarted', async ({ page, service }) => {
  await page.goto('/transcribe');
  await page
    .getByTestId('file')
    .setInputFiles({ name: 'evening.wav', mimeType: 'audio/wav', buffer: plucked(240) });
  await page.getByRole('button', { name: 'Transcribe', exact: true }).click();
  await expect(page.getByText('You can leave this page; it goes on.')).toBeVisible();

  await service.stop('SIGKILL');
  await expect(page.getByText('The connection is lost.')).toBeVisible();
  await expectAccessible(page);
  await service.resume();
  await expect(page.getByText('The connection is lost.')).toBeHidden();
  await expect(page.getByRole('heading', { level: 1, name: 'evening' })).toBeVisible({ timeout: 100_000 });
});

test('a reload in the middle of the work loses nothing', async ({ page, service }) => {
  const body = new FormData();
  body.append('file', new Blob([new Uint8Array(plucked(60))]), 'noon.wav');
  const answer = await fetch(`${service.url}/api/v1/transcribe`, { method: 'POST', body });
  const { transcription_id: id } = (await answer.json()) as { transcription_id: string };
  await page.goto(`/t/${id}`);
  await expect(page.getByText('You can leave this page; it goes on.')).toBeVisible();
  await page.reload();
  await expect(page.getByRole('heading', { level: 1, name: 'noon' })).toBeVisible({ timeout: 100_000 });
});
