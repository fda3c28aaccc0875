import { describe, expect, it } from 'vitest';
import { chordShape, shapeInWords } from './chordShape';
import { levelName, steadiness, swingName } from './names';
import { noteName, pitchClassOf, pretty } from './pitch';
import { scaleMarks, scaleOf } from './scales';

const STANDARD = [64, 59, 55, 50, 45, 40];

describe('names', () => {
  it('are printed with real accidentals', () => {
    expect(pretty('F#m7b5')).toBe('F♯m7♭5');
    expect(pretty('Bbmaj7/F#')).toBe('B♭maj7/F♯');
  });
  it('of notes are read back', () => {
    expect(['C', 'Db', 'F#', 'B'].map(pitchClassOf)).toEqual([0, 1, 6, 11]);
    expect(pitchClassOf('H')).toBeNull();
  });
  it('of MIDI pitches', () => expect(noteName(61)).toBe('C♯'));
});

describe('a scale', () => {
  it('is spelled with the accidentals of its key', () => {
    expect(scaleOf('F major')?.notes).toEqual(['F', 'G', 'A', 'B♭', 'C', 'D', 'E']);
    expect(scaleOf('E minor pentatonic')?.notes).toEqual(['E', 'G', 'A', 'B', 'D']);
    expect(scaleOf('D natural minor')?.notes).toContain('B♭');
    expect(scaleOf('D dorian')?.notes).toEqual(['D', 'E', 'F', 'G', 'A', 'B', 'C']);
  });
  it('that nobody knows is not drawn', () => expect(scaleOf('C hungarian')).toBeNull());
  it('lies on the strings from the capo on', () => {
    const scale = scaleOf('C major');
    if (!scale) throw new Error('known');
    const open = scaleMarks(scale, STANDARD, 0, 0, 0).map(({ label }) => label);
    expect(open).toEqual(['E', 'B', 'G', 'D', 'A', 'E']);
    const withCapo = scaleMarks(scale, STANDARD, 1, 0, 0);
    expect(withCapo.map(({ string, label }) => [string, label])).toEqual([
      [1, 'F'],
      [2, 'C'],
      [6, 'F'],
    ]);
    expect(withCapo[1]?.tone).toBe('root');
  });
});

describe('a chord diagram', () => {
  it('shows an open chord from the nut', () => {
    const shape = chordShape([0, 1, 0, 2, 3, null]);
    expect(shape).toMatchObject({ firstFret: 1, barre: null });
    expect(shape?.strings).toEqual(['open', 1, 'open', 2, 3, 'muted']);
  });
  it('shows one finger across the strings of an F', () => {
    expect(chordShape([1, 1, 2, 3, 3, 1])?.barre).toEqual({ fret: 1, from: 1, to: 6 });
  });
  it('starts where the hand is, high on the neck', () => {
    expect(chordShape([7, 8, 7, 9, 7, null])).toMatchObject({
      firstFret: 7,
      barre: { fret: 7, from: 1, to: 5 },
    });
  });
  it('has no barre over an open string', () => expect(chordShape([2, 0, 2, 2, 2, 2])?.barre).toBeNull());
  it('is not drawn when nothing is played', () => expect(chordShape([null, null])).toBeNull());
  it('is said from the low string up', () => expect(shapeInWords([0, 1, 0, 2, 3, null])).toBe('x 3 2 0 1 0'));
});

describe('in words', () => {
  it('a tempo is steady, breathes or is free', () => {
    const words = [2, 12, 40].map((by) => steadiness({ median: 100, slowest: 100, fastest: 100 + by }));
    expect(new Set(words).size).toBe(3);
  });
  it('swing is straight, triplets, or a share of the beat', () => {
    expect(swingName(null)).toBe('Straight');
    expect(swingName(2 / 3)).toMatch(/triplets/);
    expect(swingName(0.6)).toMatch(/60%/);
  });
  it('every level has a name', () => {
    expect([1, 4.5, 10].map(levelName)).toEqual(['First steps', 'Easy', 'Virtuoso']);
  });
});
