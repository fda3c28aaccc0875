import { describe, expect, it } from 'vitest';
import { note } from '../../testing/tab';
import { pendingOf } from './pending';

const low = note('low', [1, [0, 1], 6, 3]);
const high = note('high', [1, [1, 1], 1, 0]);

describe('what the drawing does not show yet', () => {
  it('is nothing as long as nothing has changed', () => {
    expect(pendingOf([low, high], [low, high])).toEqual({ gone: [], put: [] });
    expect(pendingOf([low], [{ ...low, length: [1, 2] }])).toEqual({ gone: [], put: [] });
  });

  it('is a note elsewhere, where it was and where it is', () => {
    const moved = { ...low, string: 5, fret: 8 };
    expect(pendingOf([low, high], [moved, high])).toEqual({ gone: [low], put: [moved] });
  });

  it('is a note that is new, and one that is gone', () => {
    expect(pendingOf([low], [high])).toEqual({ gone: [low], put: [high] });
  });

  it('is a note that is sure now', () => {
    const doubtful = { ...low, confidence: 0.4 };
    expect(pendingOf([doubtful], [low])).toEqual({ gone: [doubtful], put: [low] });
  });

  it('is left to the drawing when the whole tab changes', () => {
    const many = Array.from({ length: 80 }, (_, index) => note(`n${index}`, [1, [index, 1], 1, 0]));
    const moved = many.map((one) => ({ ...one, fret: 5 }));
    expect(pendingOf(many, moved)).toEqual({ gone: [], put: [] });
  });
});
