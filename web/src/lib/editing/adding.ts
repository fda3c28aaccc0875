/** Where a note that was missed goes. */
import type { Tab, TabNote } from '$lib/services/api';
import type { MusicEdit, Track } from './edits';
import { plus, times, valueOf, type Quarters } from './lengths';
import { isSameBeat } from './selecting';

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

/** At the eighth that sounds at a moment (seconds of the tab), on the highest string. */
export function atMoment(tab: Tab, seconds: number, trackNumber: number): Add | undefined {
  const index = tab.beats.findLastIndex(({ onset }) => onset <= seconds);
  const beat = tab.beats[Math.max(index, 0)];
  const next = tab.beats[Math.max(index, 0) + 1];
  const bar = tab.measures.find(({ number }) => number === beat?.measure);
  if (!beat || !next || !bar) return undefined;
  const share = Math.min(Math.max((seconds - beat.onset) / (next.onset - beat.onset), 0), 1);
  const quarters = valueOf(beat.position) + share * (valueOf(next.position) - valueOf(beat.position));
  const eighths = Math.floor((quarters - valueOf(bar.start)) * 2 + 1e-6);
  const position = times([Math.max(eighths, 0), 1], 1, 2);
  return { op: 'add', track: trackNumber, measure: bar.number, position, length: EIGHTH, string: 1, fret: 0 };
}

function inBar(
  tab: Tab,
  measure: number,
  position: Quarters,
): { measure: number; position: Quarters } | undefined {
  const bar = tab.measures.find(({ number }) => number === measure);
  if (!bar) return undefined;
  if (valueOf(position) < valueOf(bar.length)) return { measure, position };
  return inBar(tab, measure + 1, plus(position, times(bar.length, -1, 1)));
}
