/** A service that people sign in to: from the first visit to signing out everywhere. */
import { test as base, type Page } from '@playwright/test';
import { expect, expectAccessible, Service } from './service';

const PASSWORD = 'seven ferns under glass';
const ANALYTICS = 'G-TEST1234';
let people = 0;

const test = base.extend<{ baseURL: string }, { service: Service }>({
  service: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixtures that are asked for from the pattern
    async ({}, use) => {
      const env = { GENESIS_RATE_LIMITS_ENABLED: 'false', GENESIS_ANALYTICS_ID: ANALYTICS };
      const service = await Service.start(env, true);
      try {
        await use(service);
      } finally {
        await service.stop();
        service.remove();
      }
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  baseURL: async ({ service }, use) => use(service.url),
});

test.beforeEach(({ page }) => page.addInitScript(() => localStorage.setItem('genesis.consent', 'no')));

/** A new account; the page is at its profile. */
async function signUp(page: Page): Promise<string> {
  const email = `player${++people}.${Date.now()}@example.com`;
  await page.goto('/profile');
  await page.getByRole('link', { name: 'Make an account' }).click();
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Make the account' }).click();
  await expect(page.getByRole('heading', { name: 'Profile' })).toBeVisible();
  return email;
}

/** Sign in through the API, as another device. */
async function signInElsewhere(service: Service, email: string): Promise<string> {
  const answer = await fetch(`${service.url}/api/v1/auth/sign-in`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'User-Agent': 'Mozilla/5.0 (X11; Linux) Firefox/140.0' },
    body: JSON.stringify({ email, password: PASSWORD }),
  });
  const { access_token } = (await answer.json()) as { access_token: string };
  return access_token;
}

test('one’s own pages ask to sign in and then show what was asked for', async ({ page }) => {
  await page.goto('/library?q=blues');
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await expect(page).toHaveURL(/\/sign-in\?to=/);
  await expectAccessible(page);

  await page.getByLabel('Email').fill('nobody@example.com');
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toBeVisible();

  await page.getByRole('link', { name: 'Make an account' }).click();
  await page.getByLabel('Email').fill(`blues.${Date.now()}@example.com`);
  await page.getByLabel('Password').fill('password12');
  await page.getByRole('button', { name: 'Make the account' }).click();
  await expect(page.getByText('leaked most often')).toBeVisible();
  await expectAccessible(page);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Make the account' }).click();
  await expect(page).toHaveURL('/library?q=blues');
});

test('a session that ends in the middle loses nothing of the page', async ({ page, service }) => {
  const email = await signUp(page);
  const name = page.getByLabel('Name of the key');
  await name.fill('practice diary');

  const token = await signInElsewhere(service, email);
  const ended = await fetch(`${service.url}/api/v1/auth/sign-out-everywhere`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}` },
  });
  expect(ended.status).toBe(204);

  await page.getByRole('button', { name: 'Make a key' }).click();
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await expect(dialog).toBeVisible();
  await expectAccessible(page);
  await dialog.getByLabel('Email').fill(email);
  await dialog.getByLabel('Password').fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await expect(dialog).toBeHidden();
  await expect(name).toHaveValue('practice diary');
  await page.getByRole('button', { name: 'Make a key' }).click();
  await expect(page.getByLabel('The key “practice diary”')).toHaveValue(/^gm_live_/);
});

test('keys, devices and the password are in one’s own hands', async ({ page, service }) => {
  const email = await signUp(page);
  await expectAccessible(page);

  await page.getByLabel('Name of the key').fill('looper');
  await page.getByRole('button', { name: 'Make a key' }).click();
  await expect(page.getByLabel('The key “looper”')).toHaveValue(/^gm_live_/);
  await page.getByRole('button', { name: 'Revoke the key looper' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click();
  await expect(page.getByText('You have no keys.')).toBeVisible();

  await signInElsewhere(service, email);
  await page.reload();
  await page.getByRole('button', { name: 'Sign out Firefox on Linux' }).click();
  await expect(page.getByRole('list', { name: 'Where you are signed in' }).getByRole('listitem')).toHaveCount(
    1,
  );

  await page.getByLabel('Present password').fill('wrong');
  await page.getByLabel('New password').fill('nine owls in the attic');
  await page.getByRole('button', { name: 'Change the password' }).click();
  await expect(page.getByText('The present password is wrong.')).toBeVisible();
  await page.getByLabel('Present password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Change the password' }).click();
  await expect(page.getByText('Your password is changed.')).toBeVisible();
});

test('signing out everywhere ends the session here too, in every tab', async ({ page, context }) => {
  await signUp(page);
  const other = await context.newPage();
  await other.goto('/profile');
  await expect(other.getByRole('heading', { name: 'Profile' })).toBeVisible();
  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await expect(page).toHaveURL('/sign-in');
  await expect(other.getByRole('heading', { name: 'Sign in' })).toBeVisible();
});

test('an account is deleted with its password, and all it had', async ({ page }) => {
  const email = await signUp(page);
  await page.getByRole('button', { name: 'Delete my account' }).click();
  await page.getByLabel('Your password').fill('wrong');
  await page.getByRole('button', { name: 'Delete everything' }).click();
  await expect(page.getByText('The present password is wrong.')).toBeVisible();
  await page.getByLabel('Your password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Delete everything' }).click();
  await expect(page).toHaveURL('/');
  await page.goto('/sign-in');
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
});

test('a forgotten password is explained where no e-mail is sent; an old link says so', async ({ page }) => {
  await page.goto('/forgot-password');
  await expect(page.getByText('This service sends no email')).toBeVisible();
  await expectAccessible(page);
  await page.goto('/reset-password#token=gm_once_old');
  await expect(page).toHaveURL('/reset-password');
  await page.getByLabel('New password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Set the password' }).click();
  await expect(page.getByRole('link', { name: 'Ask for a new link' })).toBeVisible();
  await expectAccessible(page);
});

test('nothing of others is loaded before the visitor says yes', async ({ page }) => {
  const asked: string[] = [];
  await page.route(/googletagmanager|google-analytics/, (route) => {
    asked.push(route.request().url());
    return route.fulfill({ contentType: 'text/javascript', body: '' });
  });
  await page.addInitScript(() => localStorage.removeItem('genesis.consent'));
  await page.goto('/');
  const bar = page.getByRole('region', { name: 'Counting visits' });
  await expect(bar).toBeVisible();
  await expectAccessible(page);
  expect(asked).toEqual([]);
  await bar.getByRole('button', { name: 'Yes' }).click();
  await expect(bar).toBeHidden();
  await expect.poll(() => asked.length).toBe(1);
  expect(asked[0]).toContain(ANALYTICS);
});
