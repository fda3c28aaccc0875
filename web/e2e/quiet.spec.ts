/** A page that is left alone leaves the service alone: what it shows asks once. */
import { expect, test } from './service';

const ALONE_MS = 3000;

for (const place of ['/', '/transcribe', '/library', '/profile', 'the song'] as const) {
  test(`nothing is asked again and again on ${place}`, async ({ page, service }) => {
    const id = await service.transcribed();
    await page.goto(place === 'the song' ? `/t/${id}` : place);
    await page.waitForLoadState('networkidle');
    const asked: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/api/')) asked.push(`${request.method()} ${request.url()}`);
    });
    await page.waitForTimeout(ALONE_MS);
    expect(asked).toEqual([]);
  });
}
