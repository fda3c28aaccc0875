import { describe, expect, it } from 'vitest';
import type { Chord, Measure } from '$lib/services/analysis';
import { barTimes, chart, clock, distinctChords, indexAt, nextChord } from './timeline';

const chord = (onset: number, end: number, label: string, root: number | null = 0): Chord => ({
  onset,
  end,
  label,
  root,
  roman: 'I',
  frets: [],
  quality: 'major',
  bass: root,
  confidence: 1,
});
const measures = [0, 2, 4].map((onset, index): Measure => ({
  number: index + 1,
  onset,
  time_signature: [4, 4],
  tempo: 120,
  start: [index * 4, 1],
  length: [4, 1],
}));
const chords = [chord(0, 2, 'C'), chord(1.95, 3, 'G', 7), chord(3, 3.5, 'N.C.', null), chord(3.5, 6, 'C')];

describe('what sounds when', () => {
  it('is nothing before the first chord', () => expect(indexAt(chords, -0.1)).toBe(-1));
  it('is the chord that began last', () => expect(indexAt(chords, 3.2)).toBe(2));
  it('stays the last one to the end', () => expect(indexAt(chords, 99)).toBe(3));
  it('names the next chord that is another one, not a silence', () => {
    expect(nextChord(chords, 1)?.label).toBe('C');
    expect(nextChord(chords, 3)).toBeUndefined();
  });
});

describe('the chords of a song', () => {
  it('are each named once, the one heard longest first, silence left out', () => {
    expect(distinctChords(chords).map(({ chord: { label } }) => label)).toEqual(['C', 'G']);
  });
  it('share the time that has chords', () => {
    const shares = distinctChords(chords).map(({ share }) => share);
    expect(shares[0]).toBeCloseTo(4.5 / 5.55);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
  });
});

describe('the chart', () => {
  const bars = chart(measures, chords, [{ onset: 1.95, end: 6, label: 'B' }], 6);
  const labels = bars.map((bar) => bar.chords.map(({ chord: { label } }) => label));
  it('puts a chord that is a little early into the bar it is meant for', () => {
    expect(labels).toEqual([['C'], ['G', 'N.C.', 'C'], []]);
  });
  it('says where in the bar a chord begins', () => expect(bars[1]?.chords[2]?.at).toBeCloseTo(0.75));
  it('says where a part of the form begins', () => expect(bars.map(({ section }) => section)[1]).toBe('B'));
});

describe('a bar', () => {
  it('lasts to the next one', () => expect(barTimes(measures, 2, 6)).toEqual({ start: 2, end: 4 }));
  it('lasts to the end of the song when it is the last', () => {
    expect(barTimes(measures, 3, 6)).toEqual({ start: 4, end: 6 });
  });
  it('that is not there has no times', () => expect(barTimes(measures, 9, 6)).toBeUndefined());
});

it('tells the time as a clock does', () => expect([clock(0), clock(75.9)]).toEqual(['0:00', '1:15']));
