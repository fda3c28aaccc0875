import * as alphaTab from '@coderline/alphatab';
import { describe, expect, it } from 'vitest';
import { note, SMALL_ALPHATEX, smallTab } from '../../testing/tab';
import { NoteMap } from './noteMap';
import { readScore } from './sheet';

const score = () => readScore(alphaTab, SMALL_ALPHATEX, new alphaTab.Settings());

describe('which note a notehead is', () => {
  const drawn = score();
  const notes = new NoteMap(smallTab(), drawn);
  const heads = drawn.tracks
    .flatMap(({ staves }) => staves)
    .flatMap(({ bars }) => bars)
    .flatMap(({ voices }) => voices)
    .flatMap(({ beats }) => beats)
    .flatMap((beat) => beat.notes);

  it('finds every notehead in the tab, by string and place, in triplets too', () => {
    expect(heads.map((head) => notes.idOf(head))).toEqual(
      expect.arrayContaining(['pickup', 'first', 'low', 'triplet', 'tied', 'tied', 'last']),
    );
    for (const head of heads) expect(notes.noteOf(head)?.fret).toBe(head.fret);
  });

  it('takes noteheads joined by a tie for one note', () => {
    expect(notes.headsOf('tied').map(({ beat }) => beat.voice.bar.index)).toEqual([1, 2]);
  });

  it('has no notehead for a note that cannot be fretted', () => {
    expect(notes.headsOf('unplayable')).toEqual([]);
  });

  it('leaves a notehead alone that the tab does not know', () => {
    const notes = [note('other', [1, [0, 1], 4, 2])];
    const tab = smallTab({ tracks: smallTab().tracks.map((track) => ({ ...track, notes })) });
    expect([...new NoteMap(tab, drawn).pairs()]).toEqual([]);
  });
});
