import { describe, expect, it } from 'vitest';
import { SMALL_ALPHATEX, smallTab } from '../../testing/tab';
import { firstChangedBar } from './changes';

const before = { alphaTex: SMALL_ALPHATEX, tab: smallTab() };
const changed = (from: string | RegExp, to: string) =>
  firstChangedBar(before, { ...before, alphaTex: SMALL_ALPHATEX.replace(from, to) });

function withConfidence(id: string, confidence: number) {
  const tab = smallTab();
  const notes = tab.tracks.flatMap(({ notes }) => notes);
  for (const note of notes) if (note.id === id) note.confidence = confidence;
  return { ...before, tab };
}

describe('what is drawn anew after a change', () => {
  it('is the bar that changed and what follows, with the bar before it for its ties', () => {
    expect(changed('(0.3).2 |', '(2.3).2 |')).toBe(1);
    expect(changed('(0.1 3.6).4', '(0.1 2.6).4')).toBe(0);
  });

  it('is the end when bars are added', () => {
    expect(changed('(0.3).2 |\n', '(0.3).2 |\nr.1 |\n')).toBe(2);
  });

  it('is everything when what stands before the music changes', () => {
    expect(changed('Small', 'Large')).toBe(0);
    expect(changed('C4', 'D4')).toBeNull();
    expect(changed('D3 A2', 'D3 B2')).toBe(0);
  });

  it('is everything when the drawing is only looked at differently', () => {
    expect(firstChangedBar(before, before)).toBeNull();
  });

  it('is the bar with a note that is surer than it was', () => {
    expect(firstChangedBar(before, withConfidence('last', 0.5))).toBe(1);
  });
});
