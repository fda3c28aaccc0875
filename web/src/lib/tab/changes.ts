/** Where a tab differs from the one that is drawn, so that the lines of music before it can stay. */
import type { Tab } from '$lib/services/api';

interface Content {
  alphaTex: string;
  tab: Tab;
}

/**
 * Index of the first bar to draw anew; null when all have to be. Ties and slurs reach back, so that the bar before
 * the first change is one of them. The service writes a bar on a line of alphaTex, which ends with its bar line.
 */
export function firstChangedBar(before: Content, after: Content): number | null {
  const first = Math.min(firstOtherLine(before.alphaTex, after.alphaTex), firstSurer(before.tab, after.tab));
  return Number.isFinite(first) ? Math.max(first - 1, 0) : null;
}

/** The first bar that is written differently; 0 when it is not the music that differs. */
function firstOtherLine(before: string, after: string): number {
  const [old, now] = [barsOf(before), barsOf(after)];
  if (old.head !== now.head || old.tracks.length !== now.tracks.length) return 0;
  const firsts = now.tracks.map((bars, track) => firstOther(old.tracks[track] ?? [], bars));
  return Math.min(...firsts);
}

function firstOther(before: readonly string[], after: readonly string[]): number {
  const index = after.findIndex((bar, at) => bar !== before[at]);
  if (index >= 0) return index;
  return before.length === after.length ? Infinity : after.length;
}

/** What stands before the tracks, and the bars of each (the first with what the track starts with). */
function barsOf(alphaTex: string): { head: string; tracks: string[][] } {
  const [music = ''] = alphaTex.split('\n.\n');
  const [head = '', ...tracks] = music.split(/(?=^\\track )/m);
  return { head, tracks: tracks.map((track) => track.split(/(?<=\|)\n/)) };
}

/** The first bar with a note that is drawn lighter or darker. */
function firstSurer(before: Tab, after: Tab): number {
  const old = new Map(before.tracks.flatMap(({ notes }) => notes.map((note) => [note.id, note.confidence])));
  const surer = after.tracks
    .flatMap(({ notes }) => notes)
    .filter(({ id, confidence }) => (old.get(id) ?? confidence) !== confidence);
  const numbers = new Set(surer.map(({ measure }) => measure));
  const first = after.measures.findIndex(({ number }) => numbers.has(number));
  return first < 0 ? Infinity : first;
}
