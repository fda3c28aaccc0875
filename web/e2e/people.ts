/** People with accounts: a service that they sign in to, and what each test begins with. */
import { test as base, type Page } from '@playwright/test';
import { expect, Service } from './service';

export const PASSWORD = 'seven ferns under glass';
let people = 0;

/** Tests with a service of their own that has accounts and no limits on how often; it sends no letters. */
export function testWithAccounts(
  env: Record<string, string> = {},
  kind: 'accounts' | 'accounts and worker' = 'accounts',
) {
  return base.extend<{ baseURL: string }, { service: Service }>({
    service: [
      // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixtures that are asked for from the pattern
      async ({}, use) => Service.lent(use, { GENESIS_RATE_LIMITS_ENABLED: 'false', ...env }, kind),
      { scope: 'worker', timeout: 120_000 },
    ],
    baseURL: async ({ service }, use) => use(service.url),
  });
}

export function newAddress(): string {
  return `player${++people}.${Date.now()}@example.com`;
}

/** A new account; the page is at its profile. */
export async function signUp(page: Page): Promise<string> {
  const email = newAddress();
  await page.goto('/profile');
  await page.getByRole('link', { name: 'Make an account' }).click();
  await expect(page.getByRole('heading', { name: 'Make an account' })).toBeVisible();
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Make the account' }).click();
  await expect(page.getByRole('heading', { name: 'Profile' })).toBeVisible();
  return email;
}

async function enter(service: Service, how: 'sign-in' | 'sign-up', email: string): Promise<string> {
  const answer = await fetch(`${service.url}/api/v1/auth/${how}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'User-Agent': 'Mozilla/5.0 (X11; Linux) Firefox/140.0' },
    body: JSON.stringify({ email, password: PASSWORD }),
  });
  const { access_token } = (await answer.json()) as { access_token: string };
  return access_token;
}

/** Sign in through the API, as another device; the token. */
export function signInElsewhere(service: Service, email: string): Promise<string> {
  return enter(service, 'sign-in', email);
}

/** Somebody else with an account; their token. */
export function somebodyElse(service: Service): Promise<string> {
  return enter(service, 'sign-up', newAddress());
}

/** End all sessions of somebody, from another device. */
export async function endSessions(service: Service, email: string): Promise<void> {
  const token = await signInElsewhere(service, email);
  const ended = await fetch(`${service.url}/api/v1/auth/sign-out-everywhere`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}` },
  });
  expect(ended.status).toBe(204);
}

/** Sign in again in the dialog over the page. */
export async function signInAgain(page: Page, email: string): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await dialog.getByLabel('Email').fill(email);
  await dialog.getByLabel('Password').fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await expect(dialog).toBeHidden();
}
