import { describe, expect, it } from 'vitest';
import { timeLeftWords } from '$messages/time-left';
import { TimeLeft } from './time-left';

describe('how long it still takes', () => {
  it('is not guessed from the first moments', () => {
    const left = new TimeLeft();
    left.note(0, 0);
    left.note(3, 1000);
    expect(left.seconds(1000)).toBeNull();
  });

  it('follows from how far it came', () => {
    const left = new TimeLeft();
    left.note(0, 0);
    left.note(25, 10_000);
    expect(left.seconds(10_000)).toBeCloseTo(30);
    expect(left.seconds(20_000)).toBeCloseTo(20);
    expect(left.seconds(99_000)).toBe(0);
  });

  it('does not jump when one stage is slower', () => {
    const left = new TimeLeft();
    left.note(0, 0);
    left.note(50, 10_000);
    left.note(51, 20_000);
    expect(left.seconds(20_000)).toBeLessThan(20);
  });

  it('begins anew with another attempt', () => {
    const left = new TimeLeft();
    left.note(0, 0);
    left.note(50, 10_000);
    left.note(0, 11_000);
    expect(left.seconds(11_000)).toBeNull();
  });

  it.each([
    [3, 'A few seconds left'],
    [40, 'Less than a minute left'],
    [70, 'About a minute left'],
    [150, 'About 3 minutes left'],
    [7300, 'About 2 hours left'],
  ])('%d seconds are said as "%s"', (seconds, words) => {
    expect(timeLeftWords(seconds)).toBe(words);
  });
});
