/** Where a pitch lies on the neck of a track. String 1 is the highest; frets count from the capo. */
import type { TabNote } from '$lib/services/api';
import type { Track } from './edits';

export interface Place {
  string: number;
  fret: number;
}

const UKULELE_FRETS = 18;
const FRETS = 24;

/** The highest fret that can be played above the capo. */
export function highestFret(track: Track): number {
  return (track.instrument === 'ukulele' ? UKULELE_FRETS : FRETS) - track.capo;
}

export function pitchAt(track: Track, place: Place): number {
  return (track.tuning[place.string - 1] ?? 0) + track.capo + place.fret;
}

/** Every place of a pitch, string 1 first. */
export function placesOf(track: Track, pitch: number): Place[] {
  return track.tuning
    .map((open, index) => ({ string: index + 1, fret: pitch - open - track.capo }))
    .filter(({ fret }) => fret >= 0 && fret <= highestFret(track));
}

/** The pitch that is written, which lies some octaves from the sounding one where the neck does not reach it. */
export function writtenPitch(note: TabNote): number {
  return note.pitch + 12 * (note.octave_shift ?? 0);
}

/** The same pitch on a string, if it is there. */
export function onString(track: Track, note: TabNote, string: number): Place | undefined {
  return placesOf(track, writtenPitch(note)).find((place) => place.string === string);
}

/** The same pitch on the next string that has it: `by` -1 looks towards the highest string, 1 towards the lowest. */
export function neighbour(track: Track, note: TabNote, by: -1 | 1): Place | undefined {
  const from = note.string ?? 0;
  const beyond = placesOf(track, writtenPitch(note)).filter(({ string }) => (string - from) * by > 0);
  return by > 0 ? beyond[0] : beyond.at(-1);
}

/** The note an octave higher or lower, as near to where it is played now as possible. */
export function octave(track: Track, note: TabNote, by: -1 | 1): Place | undefined {
  const distance = ({ string, fret }: Place) =>
    Math.abs(fret - (note.fret ?? 0)) + Math.abs(string - (note.string ?? 1)) / 2;
  const [nearest] = placesOf(track, writtenPitch(note) + 12 * by).sort((a, b) => distance(a) - distance(b));
  return nearest;
}

const NAMES = ['C', 'C♯', 'D', 'E♭', 'E', 'F', 'F♯', 'G', 'A♭', 'A', 'B♭', 'B'];

/** For instance `A3`. */
export function pitchName(pitch: number): string {
  return `${NAMES[pitch % 12] ?? ''}${Math.floor(pitch / 12) - 1}`;
}
