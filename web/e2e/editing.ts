/** What tests of corrections share: the song as the service has it, and the page's editor. */
import type { Page } from '@playwright/test';
import { expect, type Service } from './service';

export interface Note {
  id: string;
  onset: number;
  pitch: number;
  string: number;
  fret: number;
  measure: number;
  position: [number, number];
  length: [number, number];
  confidence: number;
  techniques: { kind: string }[];
}
export interface Chord {
  onset: number;
  end: number;
  label: string;
}
export interface Tab {
  tempo: number;
  measures: { number: number }[];
  chords: Chord[];
  tracks: { notes: Note[]; capo: number; tuning: number[] }[];
}
export type Edit = Record<string, unknown>;

/** A song as the service has it. */
export class Song {
  constructor(
    readonly service: Service,
    readonly id: string,
  ) {}

  get #address(): string {
    return `${this.service.url}/api/v1/transcribe/${this.id}`;
  }

  async read(): Promise<{ tab: Tab; revision: number }> {
    return (await (await fetch(`${this.#address}/result`)).json()) as { tab: Tab; revision: number };
  }

  async notes(): Promise<Note[]> {
    return (await this.read()).tab.tracks[0]?.notes ?? [];
  }

  async note(id: string): Promise<Note | undefined> {
    return (await this.notes()).find((note) => note.id === id);
  }

  /** Edit it as another program would. */
  async edit(...edits: Edit[]): Promise<{ added: string[] }> {
    const { revision } = await this.read();
    const answer = await fetch(`${this.#address}/revisions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ base: revision, edits }),
    });
    if (!answer.ok) throw new Error(await answer.text());
    return (await answer.json()) as { added: string[] };
  }
}

/** The recording, transcribed anew: tests do not see each other's edits. */
export async function newSong(service: Service): Promise<Song> {
  return new Song(service, await service.transcribed());
}

export interface Point {
  x: number;
  y: number;
}

export async function open(page: Page, song: Song): Promise<void> {
  await page.goto(`/t/${song.id}`);
  await expect(page.locator('[data-testid="tab"][data-drawn="true"]')).toBeVisible({ timeout: 60_000 });
}

export async function saved(page: Page): Promise<void> {
  await expect(page.getByTestId('save-state')).toHaveAttribute('data-state', 'saved');
}

/** The page looks whether the song was changed elsewhere whenever one comes back to it. */
export async function comeBack(page: Page, song: Song): Promise<void> {
  const { revision } = await song.read();
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await expect(page.getByTestId('editor')).toHaveAttribute('data-revision', String(revision));
}

/** Select a note with the keys, as preparation: nothing is counted. */
export async function select(page: Page, notes: Note[], id: string): Promise<void> {
  const tools = page.getByTestId('note-tools');
  if (!(await tools.isVisible())) await page.keyboard.press('e');
  await expect(tools).toBeVisible();
  const selected = await tools.getAttribute('data-note');
  const here = notes.findIndex((note) => note.id === selected);
  const there = notes.findIndex((note) => note.id === id);
  const key = there > here ? 'ArrowRight' : 'ArrowLeft';
  for (let step = 0; step < Math.abs(there - here); step++) await page.keyboard.press(key);
  await expect(tools).toHaveAttribute('data-note', id);
}

/** Where a note is drawn. */
export async function pointOf(page: Page, song: Song, id: string): Promise<Point> {
  await select(page, await song.notes(), id);
  const mark = page.getByTestId('selected').first();
  await expect(mark).toBeVisible();
  const box = await mark.boundingBox();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('note-tools')).toBeHidden();
  return { x: (box?.x ?? 0) + (box?.width ?? 0) / 2, y: (box?.y ?? 0) + (box?.height ?? 0) / 2 };
}

export const sameBeat = (a: Note, b: Note) =>
  a.measure === b.measure && a.position[0] * b.position[1] === b.position[0] * a.position[1];
export const hasPlace = (a: Note | undefined, b: Note) => a?.string === b.string && a.fret === b.fret;

export function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The example has no such note.');
  return value;
}
