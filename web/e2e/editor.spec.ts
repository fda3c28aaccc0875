/** Correcting a tab: seen at once, undone and redone; nothing is lost when saving fails. */
import { readFile } from 'node:fs/promises';
import { found, newSong, open, saved, select, type Note, type Tab } from './editing';
import { expect, expectAccessible, test } from './service';

test('undo and redo go back and forth, any number of steps', async ({ page, service, isMobile }) => {
  test.skip(isMobile, 'the same, with keys');
  const song = await newSong(service);
  await open(page, song);
  const note = found((await song.notes()).find(({ string, fret }) => string === 3 && fret <= 4));
  await select(page, await song.notes(), note.id);
  for (const key of ['ArrowDown', '-', 'x']) await page.keyboard.press(key);
  await saved(page);
  const changed = await song.note(note.id);
  expect(changed?.techniques.map(({ kind }) => kind)).toContain('dead-note');

  for (let step = 0; step < 3; step++) await page.keyboard.press('z');
  await expect.poll(async () => await song.note(note.id)).toEqual(note);
  await expect(page.getByRole('button', { name: 'Undo' })).toBeDisabled();
  for (let step = 0; step < 3; step++) await page.keyboard.press('Shift+Z');
  await expect.poll(async () => await song.note(note.id)).toEqual(changed);
});

test('without the service changes wait; when it is back they are saved', async ({
  page,
  context,
  service,
}) => {
  const song = await newSong(service);
  await open(page, song);
  await page.keyboard.press('e');
  const id = found((await page.getByTestId('note-tools').getAttribute('data-note')) ?? undefined);
  await context.setOffline(true);
  await page.keyboard.press('Delete');
  await expect(page.getByText('1 change not saved yet')).toBeVisible();
  await expect(page.getByText('saved when the connection is back')).toBeVisible();
  await expectAccessible(page);
  await context.setOffline(false);
  await saved(page);
  expect(await song.note(id)).toBeUndefined();
});

test('what could not be saved outlives closing the page', async ({ page, context, service }) => {
  const song = await newSong(service);
  await open(page, song);
  await page.keyboard.press('e');
  const id = found((await page.getByTestId('note-tools').getAttribute('data-note')) ?? undefined);
  await page.route('**/revisions*', (route) => route.abort());
  await page.keyboard.press('Delete');
  await expect(page.getByText('1 change not saved yet')).toBeVisible();
  await page.close();
  const later = await context.newPage();
  await open(later, song);
  await saved(later);
  await expect.poll(async () => await song.note(id)).toBeUndefined();
});

test('a session that ends in the middle of an edit loses nothing', async ({ page, service }) => {
  const song = await newSong(service);
  await open(page, song);
  await page.keyboard.press('e');
  const id = found((await page.getByTestId('note-tools').getAttribute('data-note')) ?? undefined);
  // This service has one local user, whose session cannot end: only that answer is played.
  const refused = { status: 401, detail: 'Sign in.', code: 'not-signed-in', request_id: 'r', errors: [] };
  await page.route('**/revisions*', (route) => route.fulfill({ status: 401, json: refused }));
  await page.keyboard.press('Delete');
  await expect(page.getByText('You were signed out. Your changes are kept here')).toBeVisible();
  await expectAccessible(page);
  const signIn = page.getByRole('alert').getByRole('link', { name: 'Sign in' });
  await expect(signIn).toHaveAttribute('href', `/sign-in?to=${encodeURIComponent(`/t/${song.id}`)}`);
  await page.unroute('**/revisions*');
  await signIn.click();
  await expect(page).toHaveURL(/sign-in/);
  await page.goBack();
  await saved(page);
  await expect.poll(async () => await song.note(id)).toBeUndefined();
});

test('two people edit the same song: nothing is lost, and one chooses', async ({
  browser,
  page,
  service,
  isMobile,
}) => {
  test.skip(isMobile, 'the same');
  const song = await newSong(service);
  const [mine, theirs] = (await song.notes()).slice(3) as [Note, Note];
  await open(page, song);
  await select(page, await song.notes(), mine.id);
  await song.edit({ op: 'delete', notes: [theirs.id] });

  await page.keyboard.press('Delete');
  const conflict = page.getByTestId('conflict');
  await expect(conflict).toContainText('Somebody else changed this tab');
  await expect(conflict).toContainText('Deleted 1 note');
  await expectAccessible(page);
  expect(await song.note(mine.id)).toBeDefined();
  await page.getByRole('button', { name: 'Put mine on top' }).click();
  await saved(page);
  const left = (await song.notes()).map(({ id }) => id);
  expect(left).not.toContain(mine.id);
  expect(left).not.toContain(theirs.id);

  const other = await (await browser.newContext()).newPage();
  await open(other, song);
  await expect(other.getByTestId('editor')).toHaveAttribute(
    'data-revision',
    String((await song.read()).revision),
  );
  await other.context().close();
});

test('a second window of the same song follows the first', async ({ page, context, service, isMobile }) => {
  test.skip(isMobile, 'phones show one');
  const song = await newSong(service);
  const second = await context.newPage();
  await open(page, song);
  await open(second, song);
  await page.keyboard.press('e');
  await page.keyboard.press('Delete');
  await saved(page);
  const { revision } = await song.read();
  await expect(second.getByTestId('editor')).toHaveAttribute('data-revision', String(revision));
  await expect(second.getByText('changed in another window')).toBeVisible();
});

test('the tools are accessible and stay in view', async ({ page, service }) => {
  const song = await newSong(service);
  await open(page, song);
  await page.keyboard.press('e');
  const tools = page.getByTestId('note-tools');
  await expect(tools).toBeInViewport({ ratio: 0.99 });
  await expectAccessible(page);
  await page.keyboard.press('k');
  await expect(tools.getByRole('group', { name: 'Likely chords' })).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Shift+ArrowRight');
  await expect(tools.getByRole('slider', { name: 'Position' })).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press('t');
  await expect(page.getByRole('dialog')).toBeVisible();
  await expectAccessible(page);
});

test('a change is seen before the service has answered, and undo too', async ({
  page,
  service,
  isMobile,
}) => {
  test.skip(isMobile, 'the same, with keys');
  const song = await newSong(service);
  await open(page, song);
  const note = found((await song.notes()).find(({ string, fret }) => string === 3 && fret <= 4));
  await select(page, await song.notes(), note.id);
  let answer = () => {};
  await page.route('**/revisions*', async (route) => {
    await new Promise<void>((done) => (answer = done));
    await route.continue();
  });
  const shown = page.locator(`.pending [data-note="${note.id}"]`);
  const where = await page.getByTestId('selected').first().boundingBox();

  await page.keyboard.press('ArrowDown');
  await expect(shown).toHaveText(String(note.fret + 5));
  const there = await shown.boundingBox();
  expect(there && where && there.y > where.y).toBe(true);
  expect((await song.note(note.id))?.string).toBe(3);
  answer();
  await saved(page);
  await expect(shown).toBeHidden();

  await page.keyboard.press('z');
  await expect(shown).toHaveText(String(note.fret));
  answer();
  await saved(page);
  await expect(shown).toBeHidden();
  expect((await song.note(note.id))?.string).toBe(3);
});

test('notes can be added behind the last bar', async ({ page, service, isMobile }) => {
  test.skip(isMobile, 'the same, with keys');
  const song = await newSong(service);
  await open(page, song);
  const { tab } = await song.read();
  const notes = tab.tracks[0]?.notes ?? [];
  const last = found(notes.at(-1));
  await select(page, notes, last.id);
  const lastBar = found(tab.measures.at(-1)).number;
  let longer = tab;
  // Each note stands where the one before ends.
  for (let added = 0; added < 16 && found(longer.tracks[0]?.notes.at(-1)).measure <= lastBar; added++) {
    await page.keyboard.press('Shift+N');
    await expect.poll(async () => (await song.notes()).length).toBe(notes.length + added + 1);
    await saved(page);
    longer = (await song.read()).tab;
  }
  const { measure } = found(longer.tracks[0]?.notes.at(-1));
  expect(measure).toBeGreaterThan(lastBar);
  expect(found(longer.measures.at(-1)).number).toBeGreaterThanOrEqual(measure);
  await expect(page.getByTestId('selected').first()).toBeVisible();
  await expect(page.getByTestId('editor').getByRole('alert')).toBeEmpty();
});

test('what is hidden on the page is left out of what one saves, unless one wants it', async ({
  page,
  service,
  isMobile,
}) => {
  test.skip(isMobile, 'the same');
  const song = await newSong(service);
  await open(page, song);
  await page.getByRole('slider', { name: 'Hide doubtful notes' }).fill('0.9');
  await page.getByRole('tab', { name: 'Export' }).click();
  const asSeen = page.getByRole('checkbox', { name: /less than 90% sure/ });
  await expect(asSeen).toBeChecked();
  const lengths: number[] = [];
  for (const seen of [true, false]) {
    await asSeen.setChecked(seen);
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Everything' }).click();
    const file = JSON.parse(await readFile(await (await saving).path(), 'utf8')) as Tab;
    lengths.push(file.tracks[0]?.notes.length ?? 0);
  }
  const notes = await song.notes();
  expect(lengths).toEqual([notes.filter(({ confidence }) => confidence >= 0.9).length, notes.length]);
  expect(lengths[0]).toBeLessThan(notes.length);
});
