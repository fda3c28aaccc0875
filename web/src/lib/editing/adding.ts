/** Where a note that was missed goes. */
import type { Tab, TabNote } from '$lib/services/api';
import type { MusicEdit, Track } from './edits';
import { plus, times, valueOf, type Quarters } from './lengths';
import { isSameBeat } from './selecting';
import { Timing } from '$lib/tab/timing';

type Add = Extract<MusicEdit, { op: 'add' }>;
const EIGHTH: Quarters = [1, 2];

/** On a free string of the same beat: the next higher one, else the next lower one. */
export function besideNote(note: TabNote, track: Track, trackNumber: number): Add | undefined {
  const taken = new Set(track.notes.filter((other) => isSameBeat(other, note)).map(({ string }) => string));
  const strings = track.tuning.map((_, index) => index + 1).filter((string) => !taken.has(string));
  const own = note.string ?? 1;
  const string = strings.findLast((free) => free < own) ?? strings.find((free) => free > own);
  if (string === undefined) return undefined;
  const [position, length] = [times(note.position, 1, 1), times(note.length, 1, 1)];
  return {
    op: 'add',
    track: trackNumber,
    measure: note.measure,
    position,
    length,
    string,
    fret: note.fret ?? 0,
  };
}

/** Where the note ends, on its string. */
export function afterNote(note: TabNote, tab: Tab, trackNumber: number): Add | undefined {
  const place = inBar(tab, note.measure, plus(note.position, note.length));
  const length = times(note.length, 1, 1);
  const at = { string: note.string ?? 1, fret: note.fret ?? 0 };
  return place && { op: 'add', track: trackNumber, ...place, length, ...at };
}

/** At the eighth that sounds at a moment (seconds of the tab), on the highest string; behind the last bar too. */
export function atMoment(tab: Tab, seconds: number, trackNumber: number): Add | undefined {
  const [first] = tab.measures;
  if (!first) return undefined;
  const timing = new Timing(tab);
  const quarters = Math.max(timing.quartersAt(seconds + (tab.source.start ?? 0)), 0);
  const eighths = Math.floor(quarters * 2 + 1e-6);
  const place = inBar(tab, first.number, times([eighths, 1], 1, 2));
  return place && { op: 'add', track: trackNumber, ...place, length: EIGHTH, string: 1, fret: 0 };
}

/** The place so far from the start of a bar; behind the last bar, bars go on as long as that one should be. */
function inBar(
  tab: Tab,
  measure: number,
  position: Quarters,
): { measure: number; position: Quarters } | undefined {
  const last = tab.measures.at(-1);
  if (!last) return undefined;
  const [beats = 4, value = 4] = last.time_signature;
  const written = tab.measures.find(({ number }) => number === measure)?.length;
  const length = written ?? times([beats, 1], 4, value);
  if (valueOf(position) < valueOf(length)) return { measure, position };
  return inBar(tab, measure + 1, plus(position, times(length, -1, 1)));
}
