import { expect, test } from 'vitest';
import type { TabNote } from '$lib/services/api';
import type { Track } from './edits';
import { neighbour, octave, onString, pitchName, placesOf } from './neck';

const GUITAR = { instrument: 'guitar', tuning: [64, 59, 55, 50, 45, 40], capo: 0 } as Track;
const noteAt = (string: number, fret: number, track = GUITAR) =>
  ({ string, fret, pitch: (track.tuning[string - 1] ?? 0) + track.capo + fret }) as TabNote;

test('every place of a pitch is found, the highest string first', () => {
  expect(placesOf(GUITAR, 64)).toEqual([
    { string: 1, fret: 0 },
    { string: 2, fret: 5 },
    { string: 3, fret: 9 },
    { string: 4, fret: 14 },
    { string: 5, fret: 19 },
    { string: 6, fret: 24 },
  ]);
});

test('frets count from the capo and end where the neck ends', () => {
  const capo = { ...GUITAR, capo: 3 };
  expect(placesOf(capo, 64)[0]).toEqual({ string: 2, fret: 2 });
  expect(placesOf(capo, 64).at(-1)).toEqual({ string: 6, fret: 21 });
});

test('the next string keeps the pitch', () => {
  expect(neighbour(GUITAR, noteAt(2, 5), -1)).toEqual({ string: 1, fret: 0 });
  expect(neighbour(GUITAR, noteAt(2, 5), 1)).toEqual({ string: 3, fret: 9 });
  expect(neighbour(GUITAR, noteAt(1, 0), -1)).toBeUndefined();
  expect(onString(GUITAR, noteAt(2, 5), 4)).toEqual({ string: 4, fret: 14 });
});

test('an octave away, the nearest place is taken, open strings too', () => {
  expect(octave(GUITAR, noteAt(3, 2), -1)).toEqual({ string: 5, fret: 0 });
  expect(octave(GUITAR, noteAt(4, 2), 1)).toEqual({ string: 1, fret: 0 });
  expect(octave(GUITAR, noteAt(6, 0), -1)).toBeUndefined();
});

test('pitches are named', () => {
  expect(pitchName(40)).toBe('E2');
  expect(pitchName(61)).toBe('C♯4');
});
