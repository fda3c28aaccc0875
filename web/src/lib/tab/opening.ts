/** The first bars as plain places on strings: what can be shown before alphaTab has arrived. */
import type { Tab } from '$lib/services/api';
import { fraction } from './timing';

export interface OpeningNote {
  id: string;
  fret: number;
  /** Shares of the bar's width and of the height between its lines. */
  x: number;
  y: number;
}

export interface OpeningBar {
  index: number;
  number: number;
  chord: string;
  notes: OpeningNote[];
}

/** The first `count` bars of a track. */
export function openingOf(tab: Tab, trackIndex: number, count: number): OpeningBar[] {
  const track = tab.tracks[trackIndex];
  const lines = Math.max(1, (track?.tuning.length ?? 1) - 1);
  const notes = track?.notes ?? [];
  return tab.measures.slice(0, count).map(({ number, length, onset }, index) => ({
    index,
    number,
    chord: tab.chords.find((chord) => chord.onset <= onset + 0.01 && chord.end > onset + 0.01)?.label ?? '',
    notes: notes
      .filter((note) => note.measure === number && note.string !== null && note.fret !== null && !note.tied)
      .map((note) => ({
        id: note.id,
        fret: note.fret as number,
        x: fraction(note.position) / fraction(length),
        y: ((note.string as number) - 1) / lines,
      })),
  }));
}
