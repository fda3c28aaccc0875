import { describe, expect, it } from 'vitest';
import { note, smallTab } from '../../testing/tab';
import { afterNote, atMoment } from './adding';

const tab = smallTab();
const place = { op: 'add', track: 1 };

describe('where a note that was missed goes', () => {
  it('is at the eighth that sounds', () => {
    const at = { ...place, length: [1, 2], string: 1, fret: 0 };
    expect(atMoment(tab, 0.5, 1)).toEqual({ ...at, measure: 0, position: [0, 1] });
    expect(atMoment(tab, 1.3, 1)).toEqual({ ...at, measure: 1, position: [1, 2] });
    expect(atMoment(tab, 5.0, 1)).toEqual({ ...at, measure: 2, position: [3, 1] });
  });

  it('is in a new bar behind the last one', () => {
    expect(atMoment(tab, 5.5, 1)).toMatchObject({ measure: 3, position: [0, 1] });
    expect(atMoment(tab, 8.2, 1)).toMatchObject({ measure: 4, position: [1, 2] });
  });

  it('is where the note before it ends, over the bar line too', () => {
    const long = note('long', [1, [3, 1], 3, 2], { length: [2, 1] });
    expect(afterNote(long, tab, 1)).toEqual({
      ...place,
      measure: 2,
      position: [1, 1],
      length: [2, 1],
      string: 3,
      fret: 2,
    });
    const last = note('last', [2, [2, 1], 3, 0], { length: [2, 1] });
    expect(afterNote(last, tab, 1)).toMatchObject({ measure: 3, position: [0, 1] });
  });
});
