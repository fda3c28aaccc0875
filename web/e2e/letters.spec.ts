/** A forgotten password, with the letter that helps. */
import { test as base } from '@playwright/test';
import { Letters } from './letters';
import { newAddress, PASSWORD, signUp } from './people';
import { expect, expectAccessible, Service } from './service';

const NEW_PASSWORD = 'nine owls in the attic';

const test = base.extend<{ baseURL: string }, { letters: Letters; service: Service }>({
  letters: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixtures that are asked for from the pattern
    async ({}, use) => {
      const letters = await Letters.open();
      await use(letters);
      letters.close();
    },
    { scope: 'worker' },
  ],
  service: [
    async ({ letters }, use) => {
      const env = { GENESIS_RATE_LIMITS_ENABLED: 'false', GENESIS_SMTP_URL: letters.url };
      await Service.lent(use, env, 'accounts');
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  baseURL: async ({ service }, use) => use(service.url),
});

test('a forgotten password is set anew with the link of a letter', async ({ page, letters }) => {
  const email = await signUp(page);
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await expect(page).toHaveURL('/sign-in');

  await page.getByRole('link', { name: 'Forgot your password?' }).click();
  await page.getByLabel('Email').fill(email);
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Send me a link' }).click();
  await expect(page.getByText('a letter with a link is on its way')).toBeVisible();
  await expectAccessible(page);
  const [link = ''] = /http\S+#token=\S+/.exec(await letters.newest(email)) ?? [];

  await page.goto(link);
  await expect(page).toHaveURL('/reset-password'); // the token is nowhere to be read
  await expectAccessible(page);
  await page.getByLabel('New password').fill('password12');
  await page.getByRole('button', { name: 'Set the password' }).click();
  await expect(page.getByText('leaked most often')).toBeVisible(); // and the link still works
  await page.getByLabel('New password').fill(NEW_PASSWORD);
  await page.getByRole('button', { name: 'Set the password' }).click();
  await expect(page.getByText('Your password is changed. Sign in with it.')).toBeVisible();
  expect(await letters.newest(email, 2)).toContain('was changed just now');

  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await page.getByLabel('Password').fill(NEW_PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('link', { name: 'Profile' })).toBeVisible();

  await page.goto('about:blank');
  await page.goto(link);
  await page.getByLabel('New password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Set the password' }).click();
  await expect(page.getByRole('link', { name: 'Ask for a new link' })).toBeVisible();
});

test('nobody learns from it who has an account', async ({ page, letters }) => {
  const stranger = newAddress();
  await page.goto('/forgot-password');
  await page.getByLabel('Email').fill(stranger);
  await page.getByRole('button', { name: 'Send me a link' }).click();
  await expect(page.getByText('a letter with a link is on its way')).toBeVisible();
  const known = await signUp(page);
  await page.goto('/forgot-password');
  await page.getByLabel('Email').fill(known);
  await page.getByRole('button', { name: 'Send me a link' }).click();
  await expect(page.getByText('a letter with a link is on its way')).toBeVisible();
  await letters.newest(known); // sent later than any to the stranger would have been
  expect(letters.to(stranger)).toEqual([]);
});
