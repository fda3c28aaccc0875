/** Which note comes next: by time, by string, by doubt. */
import type { TabNote } from '$lib/services/api';
import { valueOf } from './lengths';

/** Notes less sure than this are worth a look (they are drawn lighter). */
const DOUBTFUL = 0.75;

export function isDoubtful(note: TabNote): boolean {
  return note.confidence < DOUBTFUL;
}

/** The note `by` places on in the order they are played; the first or last one at the ends. */
export function stepped(
  notes: readonly TabNote[],
  from: string | undefined,
  by: number,
): TabNote | undefined {
  const index = notes.findIndex(({ id }) => id === from);
  if (index < 0) return by > 0 ? notes[0] : notes.at(-1);
  return notes[Math.min(Math.max(index + by, 0), notes.length - 1)];
}

/** All notes from one to another, in order. */
export function between(notes: readonly TabNote[], from: string, to: string): TabNote[] {
  const [a, b] = [notes.findIndex(({ id }) => id === from), notes.findIndex(({ id }) => id === to)];
  return a < 0 || b < 0 ? [] : notes.slice(Math.min(a, b), Math.max(a, b) + 1);
}

/** The next doubtful note after one (or before it), around the end if need be. */
export function nextDoubtful(
  notes: readonly TabNote[],
  from: string | undefined,
  by: 1 | -1,
): TabNote | undefined {
  const doubtful = notes.filter((note) => isDoubtful(note) && note.id !== from);
  const here = notes.findIndex(({ id }) => id === from);
  const index = (note: TabNote) => notes.indexOf(note);
  if (by > 0) return doubtful.find((note) => index(note) > here) ?? doubtful[0];
  return doubtful.findLast((note) => index(note) < here) ?? doubtful.at(-1);
}

/** The note that sounds at a moment, or the next one. Seconds of the tab. */
export function noteAt(notes: readonly TabNote[], seconds: number): TabNote | undefined {
  return notes.find(({ onset, duration }) => onset + duration > seconds) ?? notes.at(-1);
}

export function isSameBeat(a: TabNote, b: TabNote): boolean {
  return a.measure === b.measure && valueOf(a.position) === valueOf(b.position);
}
