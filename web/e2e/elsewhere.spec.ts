/** The page on a CDN, the service at another origin (docs/guides/web.md): the whole way of a song. */
import { test as base } from '@playwright/test';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Cdn } from './cdn';
import { signUp } from './people';
import { expect, RECORDING, Service } from './service';

const WEB = resolve(import.meta.dirname, '..');
const BUILD_MS = 300_000;
const run = promisify(execFile);

const test = base.extend<{ baseURL: string }, { cdn: Cdn; service: Service }>({
  cdn: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixtures that are asked for from the pattern
    async ({}, use) => {
      const folder = mkdtempSync(join(tmpdir(), 'genesis-cdn-'));
      const cdn = await Cdn.open(folder);
      await use(cdn);
      cdn.close();
      rmSync(folder, { recursive: true, force: true });
    },
    { scope: 'worker' },
  ],
  service: [
    async ({ cdn }, use) => {
      const env = { GENESIS_PUBLIC_URL: cdn.url, GENESIS_CORS_ORIGINS: cdn.url };
      const built = async (service: Service) => {
        await run('npm', ['run', 'build'], {
          cwd: WEB,
          env: { ...process.env, VITE_API_ORIGIN: service.url, GENESIS_WEB_BUILD: cdn.folder },
        });
        await use(service);
      };
      await Service.lent(built, env, 'accounts and worker');
    },
    { scope: 'worker', timeout: BUILD_MS },
  ],
  baseURL: async ({ service }, use) => use(service.env.GENESIS_PUBLIC_URL ?? ''),
});

test('a song becomes a tab, and the session outlives a reload', async ({ page, service, cdn }) => {
  const refused: string[] = [];
  page.on('console', (message) => {
    if (/Content Security Policy|CORS/.test(message.text())) refused.push(message.text());
  });
  const live = page.waitForEvent('websocket', (socket) => socket.url().includes('/socket.io/'));
  await signUp(page);
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Where you are signed in' })).toBeVisible();

  await page.goto('/transcribe');
  await page.getByTestId('file').setInputFiles(RECORDING);
  await page.getByRole('button', { name: 'Transcribe', exact: true }).click();
  await expect(page).toHaveURL(/\/t\/[0-9a-f-]{36}$/);
  expect(new URL((await live).url()).host).toBe(new URL(service.url).host);
  await expect(page.getByRole('heading', { level: 1, name: 'morning-porch' })).toBeVisible({
    timeout: 90_000,
  });
  await expect(page.getByTestId('tab')).toHaveAttribute('data-drawn', 'true', { timeout: 30_000 });
  await expect(page.locator('.waveform')).toHaveAttribute('data-ready', 'true', { timeout: 30_000 });
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Pause', exact: true })).toBeVisible();

  await page.goto('/library');
  await expect(page.getByRole('list', { name: 'Songs' })).toContainText('morning-porch');
  await page.goto('/profile');
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await expect(page).toHaveURL('/sign-in');
  expect(new URL(page.url()).origin).toBe(cdn.url);
  expect(refused).toEqual([]);
});

test('the page brings a policy along that lets it reach the service and nobody else', async ({
  page,
  service,
}) => {
  await page.goto('/');
  const reach = (address: string) =>
    page.evaluate(
      (at) =>
        new Promise((done) => {
          addEventListener('securitypolicyviolation', () => done('forbidden'), { once: true });
          const failed = () => setTimeout(done, 1000, 'not reached');
          void fetch(at).then(() => done('reached'), failed);
        }),
      address,
    );
  expect(await reach(`${service.url}/api/v1/config`)).toBe('reached');
  expect(await reach('http://127.0.0.1:9/')).toBe('forbidden');
  const policy = await page.locator('meta[http-equiv=content-security-policy i]').getAttribute('content');
  expect(policy).toContain(`connect-src 'self' ${service.url} ${service.url.replace('http', 'ws')}`);
  expect(policy).toContain("default-src 'self'");
});
