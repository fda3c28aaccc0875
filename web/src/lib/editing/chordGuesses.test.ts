import { expect, test } from 'vitest';
import type { Tab, TabNote } from '$lib/services/api';
import { chordGuesses } from './chordGuesses';

const C_MAJOR = { tonic: 'C', mode: 'major' } as Tab['key'];
const heard = (...pitches: number[]) => pitches.map((pitch) => ({ pitch, duration: 0.5 }) as TabNote);

test('the chord that is played comes first', () => {
  expect(chordGuesses(heard(45, 52, 57, 60, 64), C_MAJOR, 'F#m', 3)[0]).toBe('Am');
  expect(chordGuesses(heard(43, 47, 50, 55, 59, 65), C_MAJOR, 'G', 3)[0]).toBe('G7');
});

test('the present label is not offered, and flats are named in keys with flats', () => {
  const guesses = chordGuesses(heard(46, 50, 53), { tonic: 'F', mode: 'major' } as Tab['key'], undefined, 2);
  expect(guesses[0]).toBe('Bb');
  expect(chordGuesses(heard(48, 52, 55), C_MAJOR, 'C', 6)).not.toContain('C');
});
