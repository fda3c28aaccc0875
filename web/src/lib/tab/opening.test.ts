import { describe, expect, it } from 'vitest';
import type { Tab } from '$lib/services/api';
import { openingOf } from './opening';

const note = (id: string, measure: number, position: number[], string: number | null, tied = false) => ({
  id,
  measure,
  position,
  string,
  fret: string === null ? null : 3,
  tied,
});
const tab = {
  measures: [0, 1, 2].map((number) => ({ number, onset: number * 2, length: [4, 1] })),
  chords: [{ onset: 2, end: 6, label: 'Am' }],
  tracks: [
    {
      tuning: [64, 59, 55, 50, 45, 40],
      notes: [
        note('a', 0, [2, 1], 1),
        note('b', 1, [0, 1], 6),
        note('c', 1, [1, 1], null),
        note('d', 1, [2, 1], 3, true),
        note('e', 2, [0, 1], 2),
      ],
    },
  ],
} as unknown as Tab;

describe('the first bars', () => {
  it('show each note on its string, at its place in the bar', () => {
    expect(openingOf(tab, 0, 2).map((bar) => bar.notes)).toEqual([
      [{ id: 'a', fret: 3, x: 0.5, y: 0 }],
      [{ id: 'b', fret: 3, x: 0, y: 1 }],
    ]);
  });

  it('name the chord that sounds where they begin', () => {
    expect(openingOf(tab, 0, 3).map((bar) => bar.chord)).toEqual(['', 'Am', 'Am']);
  });
});
