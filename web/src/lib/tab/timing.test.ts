import { describe, expect, it } from 'vitest';
import { smallTab } from '../../testing/tab';
import { Timing } from './timing';

describe('where the music is', () => {
  const timing = new Timing(smallTab());

  it('finds each beat at the second it sounds', () => {
    for (const { onset, position } of smallTab().beats) {
      expect(timing.secondsAt(position[0] as number)).toBeCloseTo(onset, 9);
      expect(timing.quartersAt(onset)).toBeCloseTo(position[0] as number, 9);
    }
  });

  it('goes there and back at any moment, before and after the music too', () => {
    for (let seconds = -1; seconds < 8; seconds += 0.037) {
      expect(timing.secondsAt(timing.quartersAt(seconds))).toBeCloseTo(seconds, 9);
    }
  });

  it('knows the bar that sounds, from its very first moment', () => {
    expect([0, 0.5, 0.99, 1, 2.999, 3, 99].map((seconds) => timing.barAt(seconds).number)).toEqual([
      0, 0, 0, 1, 1, 2, 2,
    ]);
  });

  it('ends each bar where the next begins, the last with the last beat', () => {
    expect(timing.bars.map(({ endSeconds }) => endSeconds)).toEqual(
      [1, 3, 5.4].map((end) => expect.closeTo(end, 9)),
    );
  });

  it('counts the seconds of the recording when only a part of it was transcribed', () => {
    const later = new Timing(smallTab({ source: { ...smallTab().source, start: 30 } }));
    expect(later.bars[1]?.seconds).toBeCloseTo(31, 9);
    expect(later.quartersAt(33)).toBeCloseTo(5, 9);
    expect(later.clicks[0]?.seconds).toBeCloseTo(30.5, 9);
  });

  it('plays off-beat eighths late where they swing', () => {
    const swung = new Timing(smallTab({ swing: 0.6 }));
    expect(swung.secondsAt(1.5)).toBeCloseTo(1.3, 9);
    expect(swung.quartersAt(1.3)).toBeCloseTo(1.5, 9);
    expect(swung.secondsAt(2)).toBeCloseTo(1.5, 9);
  });

  it('clicks every beat of the music, the first of a bar differently', () => {
    expect(timing.clicks).toHaveLength(9);
    expect(timing.clicksBetween(1, 3).map(({ isDownbeat }) => isDownbeat)).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  it('counts in a bar at the tempo of the place, a whole bar before a pickup', () => {
    expect(timing.countInAt(3.1)).toEqual({ beats: 4, secondsPerBeat: expect.closeTo(0.6, 9) });
    expect(timing.countInAt(0.5)).toEqual({ beats: 4, secondsPerBeat: expect.closeTo(0.5, 9) });
  });
});
