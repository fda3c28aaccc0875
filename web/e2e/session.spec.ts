/** A session that ends while a tab is corrected, on a service with accounts. */
import { endSessions, signInAgain, signUp, testWithAccounts } from './people';
import { expect, expectAccessible, RECORDING } from './service';

const test = testWithAccounts({}, 'accounts and worker');

test('what is corrected meanwhile is saved after signing in again', async ({ page, service }) => {
  const email = await signUp(page);
  await page.goto('/transcribe');
  await page.getByTestId('file').setInputFiles(RECORDING);
  await page.getByRole('button', { name: 'Transcribe', exact: true }).click();
  await expect(page.getByTestId('tab')).toHaveAttribute('data-drawn', 'true', { timeout: 90_000 });
  await page.keyboard.press('e');
  await expect(page.getByTestId('note-tools')).toBeVisible();
  const editor = page.getByTestId('editor');
  const before = Number(await editor.getAttribute('data-revision'));

  await endSessions(service, email);
  await page.keyboard.press('Delete');
  await expect(page.getByRole('dialog', { name: 'Sign in again' })).toBeVisible();
  await expectAccessible(page);
  await signInAgain(page, email);
  await expect(editor).toHaveAttribute('data-revision', String(before + 1));
  await expect(page.getByText('not saved yet')).toBeHidden();
});
