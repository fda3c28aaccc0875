/** Finding what sounds when. Seconds here count from where the transcription starts, as in the tab. */
import type { Chord, Measure, Section } from '$lib/services/analysis';

/** Index of the last part that starts at or before `seconds`; -1 before the first. Parts are in time order. */
export function indexAt(parts: readonly { onset: number }[], seconds: number): number {
  let low = 0;
  let high = parts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((parts[middle]?.onset ?? Infinity) <= seconds) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Whether something is played as a chord; the analysis also names stretches without one (`N.C.`). */
export function isChord(chord: Chord): boolean {
  return chord.root !== null;
}

/** The next sounding chord with another name after the one at `index`. */
export function nextChord(chords: readonly Chord[], index: number): Chord | undefined {
  const label = chords[index]?.label;
  return chords.slice(index + 1).find((chord) => isChord(chord) && chord.label !== label);
}

/** Every chord once, the one heard longest first, with its share of the time. */
export function distinctChords(chords: readonly Chord[]): { chord: Chord; share: number }[] {
  const seconds = new Map<string, { chord: Chord; spent: number }>();
  let whole = 0;
  for (const chord of chords.filter(isChord)) {
    const spent = Math.max(chord.end - chord.onset, 0);
    const known = seconds.get(chord.label) ?? { chord, spent: 0 };
    seconds.set(chord.label, { ...known, spent: known.spent + spent });
    whole += spent;
  }
  return [...seconds.values()]
    .sort((one, other) => other.spent - one.spent)
    .map(({ chord, spent }) => ({ chord, share: whole ? spent / whole : 0 }));
}

export interface Bar {
  number: number;
  onset: number;
  end: number;
  /** The chords that begin in this bar, with where they do: 0 to 1. */
  chords: { chord: Chord; index: number; at: number }[];
  /** The section that begins here. */
  section: string | undefined;
}

/** A chart of chords, bar by bar, as a rhythm player reads it. A chord a little early counts for the bar it is meant for. */
export function chart(
  measures: readonly Measure[],
  chords: readonly Chord[],
  sections: readonly Section[],
  end: number,
): Bar[] {
  const bars: Bar[] = measures.map((measure, index) => ({
    number: measure.number,
    onset: measure.onset,
    end: measures[index + 1]?.onset ?? Math.max(end, measure.onset),
    chords: [],
    section: undefined,
  }));
  const barOf = (seconds: number) => {
    const index = indexAt(bars, seconds);
    const bar = bars[Math.max(index, 0)];
    const next = bars[index + 1];
    return bar && next && next.onset - seconds < EARLY * (bar.end - bar.onset) ? next : bar;
  };
  chords.forEach((chord, index) => {
    const bar = barOf(chord.onset);
    const at = bar ? (chord.onset - bar.onset) / Math.max(bar.end - bar.onset, 1e-6) : 0;
    bar?.chords.push({ chord, index, at: Math.min(Math.max(at, 0), 1) });
  });
  for (const section of sections) {
    const bar = barOf(section.onset);
    if (bar) bar.section = section.label;
  }
  return bars;
}

/** How much of a bar something may come before the bar line and still belong behind it. */
const EARLY = 0.1;

/** Where a bar lies; undefined when the tab has none of this number. */
export function barTimes(
  measures: readonly Measure[],
  number: number,
  end: number,
): { start: number; end: number } | undefined {
  const index = measures.findIndex((measure) => measure.number === number);
  const measure = measures[index];
  return measure && { start: measure.onset, end: measures[index + 1]?.onset ?? Math.max(end, measure.onset) };
}

/** `75.4` → `1:15`. */
export function clock(seconds: number): string {
  const whole = Math.max(Math.floor(seconds), 0);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
