/** Every view of every page, in both themes and at both sizes: nothing a machine can find fault with. */
import type { Page } from '@playwright/test';
import { signUp, testWithAccounts } from './people';
import { expect, expectAccessible, RECORDING, type Service, test } from './service';
import { plucked } from './sounds';

const THEMES = { paper: 'light', stage: 'dark' } as const;
type View = (page: Page, service: Service) => Promise<void>;

let song: Promise<string> | undefined;
const heading = (page: Page, name: string | RegExp) =>
  expect(page.getByRole('heading', { name }).first()).toBeVisible();

/** The example's page, transcribed once for all. */
async function result(page: Page, service: Service): Promise<void> {
  song ??= service.transcribed();
  await page.goto(`/t/${await song}`);
  await expect(page.getByTestId('tab')).toHaveAttribute('data-drawn', 'true', { timeout: 60_000 });
  await expect(page.locator('.waveform')).toHaveAttribute('data-ready', 'true', { timeout: 30_000 });
}

async function panel(page: Page, service: Service, name: string): Promise<void> {
  await result(page, service);
  const tab = page.getByRole('tab', { name });
  if (!(await tab.isVisible())) await page.getByRole('button', { name: 'Details' }).click();
  await tab.click();
  await expect(page.getByRole('tabpanel')).toBeVisible();
}

async function library(page: Page, service: Service): Promise<void> {
  song ??= service.transcribed();
  await song;
  await page.goto('/library');
  await expect(page.getByRole('list', { name: 'Songs' })).toContainText('morning-porch');
}

async function sent(service: Service, name: string, fields: Record<string, string> = {}): Promise<string> {
  const body = new FormData();
  for (const [field, value] of Object.entries(fields)) body.append(field, value);
  body.append('file', new Blob([new Uint8Array(plucked(name === 'long.wav' ? 600 : 90))]), name);
  const answer = await fetch(`${service.url}/api/v1/transcribe`, { method: 'POST', body });
  return ((await answer.json()) as { transcription_id: string }).transcription_id;
}

const nobodyAnswers = (page: Page) => page.route('**/api/v1/transcribe**', (route) => route.abort());

const VIEWS: Record<string, View> = {
  'home, empty': async (page) => {
    await page.route('**/api/v1/transcribe', (route) => route.fulfill({ json: { items: [] } }));
    await page.goto('/');
    await heading(page, /^Drop a song/);
  },
  'home, with tabs': async (page, service) => {
    song ??= service.transcribed();
    await song;
    await page.goto('/');
    await heading(page, 'Your latest tabs');
  },
  'transcribe, nothing chosen': async (page) => {
    await page.goto('/transcribe');
    await heading(page, /^Drop a song/);
  },
  'transcribe, chosen and refused': async (page) => {
    await page.goto('/transcribe');
    const pdf = { name: 'notes.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF') };
    await page.getByTestId('file').setInputFiles([RECORDING]);
    await page.getByTestId('file').setInputFiles([pdf]);
    await expect(page.getByText('This is not a recording')).toBeVisible();
    await page.getByLabel('Tuning').selectOption({ label: 'Another tuning' });
  },
  'transcribe, recording': async (page) => {
    await page.goto('/transcribe');
    await page.getByRole('button', { name: 'Record', exact: true }).click();
    await expect(page.getByRole('timer')).not.toHaveText('0:00');
    await page.getByRole('button', { name: 'Stop' }).click();
    await expect(page.getByRole('button', { name: 'Use this recording' })).toBeVisible();
  },
  'a song that is worked on': async (page, service) => {
    await page.goto(`/t/${await sent(service, 'long.wav')}`);
    await expect(page.getByText('You can leave this page')).toBeVisible();
  },
  'a song that failed': async (page, service) => {
    await page.goto(`/t/${await sent(service, 'late.wav', { start: '1000' })}`);
    await heading(page, 'There is no tab yet');
    await page.getByRole('button', { name: 'Try other settings' }).click();
    await expect(page.getByLabel('Capo')).toBeVisible();
    await page.getByRole('button', { name: 'Contact support' }).click();
  },
  'a song that is not there': async (page) => {
    await page.goto('/t/00000000-0000-4000-8000-000000000000');
    await heading(page, 'This song is not here');
  },
  'a song while nobody answers': async (page) => {
    await nobodyAnswers(page);
    await page.goto('/t/00000000-0000-4000-8000-000000000000');
    await heading(page, 'The service cannot be reached');
  },
  'a result': result,
  'a result, all controls': async (page, service) => {
    await result(page, service);
    for (const name of ['More', 'View']) {
      const button = page.getByRole('button', { name, exact: true });
      if (await button.isVisible()) await button.click();
    }
    await page.getByText('Both', { exact: true }).click();
    await page.getByRole('button', { name: 'Loop', exact: true }).click();
    await page.getByRole('button', { name: 'Metronome' }).click();
  },
  'the text tab': async (page, service) => {
    await result(page, service);
    const view = page.getByRole('button', { name: 'View', exact: true });
    if (await view.isVisible()) await view.click();
    await page.getByText('Text', { exact: true }).click();
    await expect(page.getByRole('region', { name: 'Text tab' })).toBeVisible();
  },
  'the keys': async (page, service) => {
    await result(page, service);
    await page.keyboard.press('?');
    await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
  },
  chords: (page, service) => panel(page, service, 'Chords'),
  theory: (page, service) => panel(page, service, 'Theory'),
  difficulty: (page, service) => panel(page, service, 'Difficulty'),
  versions: (page, service) => panel(page, service, 'Versions'),
  export: (page, service) => panel(page, service, 'Export'),
  'sharing, from the result': async (page, service) => {
    await panel(page, service, 'Export');
    await page.getByRole('button', { name: 'Share with a link' }).click();
    await page.getByRole('button', { name: 'Make a link' }).click();
    await expect(page.getByLabel('Your link')).toBeVisible();
  },
  'the editor': async (page, service) => {
    await result(page, service);
    await page.keyboard.press('e');
    await expect(page.getByTestId('note-tools')).toBeVisible();
  },
  'tuning and title': async (page, service) => {
    await result(page, service);
    await page.keyboard.press('t');
    await expect(page.getByRole('dialog')).toBeVisible();
  },
  'a shared song': async (page, service) => {
    song ??= service.transcribed();
    const at = `${service.url}/api/v1/transcribe/${await song}/shares`;
    const headers = { 'Content-Type': 'application/json' };
    const made = await (await fetch(at, { method: 'POST', headers, body: '{}' })).json();
    await page.goto(`/shared/${(made as { token: string }).token}`);
    await expect(page.getByTestId('tab')).toHaveAttribute('data-drawn', 'true', { timeout: 60_000 });
  },
  'a link that leads nowhere': async (page) => {
    await page.goto('/shared/gm_share_none');
    await heading(page, 'This link leads nowhere');
  },
  'the library': library,
  'the library, empty': async (page) => {
    await page.route('**/api/v1/transcribe', (route) =>
      route.fulfill({ json: { items: [], next_cursor: null } }),
    );
    await page.goto('/library');
    await expect(page.getByText('No tabs yet')).toBeVisible();
  },
  'the library, nothing found': async (page, service) => {
    await library(page, service);
    await page.getByRole('searchbox').fill('thunder');
    await expect(page.getByText('Nothing here has')).toBeVisible();
  },
  'the library, renaming': async (page, service) => {
    await library(page, service);
    await page
      .getByRole('button', { name: /^Rename/ })
      .first()
      .click();
    await expect(page.getByRole('textbox', { name: 'Title' })).toBeVisible();
  },
  'the library, deleted': async (page, service) => {
    await library(page, service);
    await page
      .getByRole('button', { name: /^Delete/ })
      .first()
      .click();
    await expect(page.getByRole('button', { name: 'Undo' })).toBeVisible();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Undo' }).click();
  },
  'the library, nobody answers': async (page) => {
    await nobodyAnswers(page);
    await page.goto('/library');
    await expect(page.getByRole('alert')).toBeVisible();
  },
  'the library, offline': async (page, service) => {
    await library(page, service);
    await page.context().setOffline(true);
    await expect(page.getByText('These are the songs as they were last time')).toBeVisible();
  },
  'the profile': async (page) => {
    await page.goto('/profile');
    await heading(page, 'Preferences');
  },
  'an address that does not exist': async (page) => {
    await page.goto('/no/such/page');
    await heading(page, 'There is nothing at this address.');
  },
};

const ENTRANCES: Record<string, View> = {
  'signing in': async (page) => {
    await page.goto('/sign-in');
    await page.getByLabel('Email').fill('nobody@example.com');
    await page.getByLabel('Password').fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('alert')).toBeVisible();
  },
  'making an account': async (page) => {
    await page.goto('/sign-up');
    await heading(page, 'Make an account');
  },
  'a forgotten password': async (page) => {
    await page.goto('/forgot-password');
    await heading(page, 'Forgotten password');
  },
  'a new password': async (page) => {
    await page.goto('/reset-password#token=gm_once_x');
    await heading(page, 'Set a new password');
  },
  'an incomplete link': async (page) => {
    await page.goto('/reset-password');
    await expect(page.getByRole('alert')).toBeVisible();
  },
  'the profile with an account': async (page) => {
    await signUp(page);
    await page.getByLabel('Name of the key').fill('looper');
    await page.getByRole('button', { name: 'Make a key' }).click();
    await expect(page.getByLabel('The key “looper”')).toBeVisible();
  },
  'deleting an account': async (page) => {
    await signUp(page);
    await page.getByRole('button', { name: 'Delete my account' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
  },
};

const withAccounts = testWithAccounts({ GENESIS_ANALYTICS_ID: 'G-TEST1234' }); // with the question about visits

for (const [theme, colorScheme] of Object.entries(THEMES)) {
  test.describe(theme, () => {
    test.use({ colorScheme, permissions: ['microphone'] });
    for (const [name, open] of Object.entries(VIEWS)) {
      test(name, async ({ page, service }) => {
        await open(page, service);
        await expectAccessible(page);
      });
    }
  });
  withAccounts.describe(theme, () => {
    withAccounts.use({ colorScheme });
    for (const [name, open] of Object.entries(ENTRANCES)) {
      withAccounts(name, async ({ page, service }) => {
        await open(page, service);
        await expectAccessible(page);
      });
    }
  });
}
