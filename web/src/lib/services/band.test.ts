import { describe, expect, it } from 'vitest';
import { speedToMeet } from './band';

describe('instruments that are played together', () => {
  it('keep their speed while nobody hears them apart', () => {
    expect(speedToMeet(0.003, 1)).toBe(1);
    expect(speedToMeet(-0.003, 0.5)).toBe(0.5);
  });

  it('slow down when ahead and hurry when behind, never much', () => {
    expect(speedToMeet(0.02, 1)).toBeCloseTo(0.95);
    expect(speedToMeet(-0.02, 0.5)).toBeCloseTo(0.525);
    expect(speedToMeet(0.2, 1)).toBeCloseTo(0.8);
    expect(speedToMeet(-0.2, 1)).toBeCloseTo(1.2);
  });

  it('jump when too far apart', () => {
    expect(speedToMeet(0.3, 1)).toBeNull();
    expect(speedToMeet(-3, 1)).toBeNull();
  });

  it('come together within a second, however they started', () => {
    for (let ahead = -0.24; ahead <= 0.24; ahead += 0.06) {
      let apart = ahead;
      for (let check = 0; check < 20; check++) apart += ((speedToMeet(apart, 1) ?? 1) - 1) * 0.1;
      expect(Math.abs(apart)).toBeLessThan(0.01);
    }
  });
});
