/** A service that people sign in to: from the first visit to signing out everywhere. */
import { expect, expectAccessible } from './service';
import {
  endSessions,
  PASSWORD,
  signInAgain,
  signInElsewhere,
  signUp,
  somebodyElse,
  testWithAccounts,
} from './people';
import { plucked } from './sounds';

const ANALYTICS = 'G-TEST1234';
const test = testWithAccounts({ GENESIS_ANALYTICS_ID: ANALYTICS });

test.beforeEach(({ page }) => page.addInitScript(() => localStorage.setItem('genesis.consent', 'no')));

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
  await expect(page.getByRole('heading', { name: 'Make an account' })).toBeVisible();
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

  await endSessions(service, email);
  await page.getByRole('button', { name: 'Make a key' }).click();
  await expect(page.getByRole('dialog', { name: 'Sign in again' })).toBeVisible();
  await expectAccessible(page);
  await signInAgain(page, email);
  await expect(name).toHaveValue('practice diary');
  await page.getByRole('button', { name: 'Make a key' }).click();
  await expect(page.getByLabel('The key “practice diary”')).toHaveValue(/^gm_live_/);
});

test('a session that ends in the middle of an upload loses nothing of it', async ({
  page,
  service,
  context,
}) => {
  const email = await signUp(page);
  await page.goto('/transcribe');
  await page
    .getByTestId('file')
    .setInputFiles({ name: 'slow.wav', mimeType: 'audio/wav', buffer: plucked(25, 192_000) });
  const slow = await context.newCDPSession(page);
  await slow.send('Network.enable');
  const conditions = { offline: false, latency: 0, downloadThroughput: -1 };
  await slow.send('Network.emulateNetworkConditions', { ...conditions, uploadThroughput: 2_000_000 });
  await page.getByRole('button', { name: 'Transcribe', exact: true }).click();
  await expect(page.getByText(/Sending, [1-9]/)).toBeVisible();
  await endSessions(service, email);

  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await expect(dialog).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText('It goes on by itself when you sign in again.')).toBeAttached();
  await slow.send('Network.emulateNetworkConditions', { ...conditions, uploadThroughput: -1 });
  await signInAgain(page, email);
  await expect(page).toHaveURL(/\/t\/[0-9a-f-]{36}$/, { timeout: 30_000 });
  await expect(page.getByText('You can leave this page; it goes on.')).toBeVisible();
});

test('a song of somebody else is as if it were not there', async ({ page, service }) => {
  const token = await somebodyElse(service);
  const body = new FormData();
  body.append('file', new Blob([new Uint8Array(plucked(3))]), 'my secret riff.wav');
  const headers = { Authorization: `Bearer ${token}` };
  const answer = await fetch(`${service.url}/api/v1/transcribe`, { method: 'POST', body, headers });
  const { transcription_id: id } = (await answer.json()) as { transcription_id: string };

  await signUp(page);
  const told: string[] = [];
  page.on('response', async (response) => {
    if (response.url().includes(id)) told.push(await response.text().catch(() => ''));
  });
  await page.goto(`/t/${id}`);
  await expect(page.getByRole('heading', { name: 'This song is not here' })).toBeVisible();
  await expectAccessible(page);
  await expect(page).not.toHaveTitle(/secret/);
  expect(told.length).toBeGreaterThan(0);
  expect(told.join()).not.toContain('secret');
  await page.getByRole('main').getByRole('link', { name: 'Your tabs' }).click();
  await expect(page.getByText('No tabs yet')).toBeVisible();
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
