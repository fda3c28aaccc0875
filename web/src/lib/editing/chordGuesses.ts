/** Chords that a wrong label was likely meant to be, best first: those that what is played there belongs to. */
import type { Tab, TabNote } from '$lib/services/api';

const QUALITIES: [suffix: string, intervals: number[]][] = [
  ['', [0, 4, 7]],
  ['m', [0, 3, 7]],
  ['7', [0, 4, 7, 10]],
  ['m7', [0, 3, 7, 10]],
  ['maj7', [0, 4, 7, 11]],
  ['sus4', [0, 5, 7]],
];
const MAJOR = [0, 2, 4, 5, 7, 9, 11];
const MINOR = [0, 2, 3, 5, 7, 8, 10];
const SHARPS = ['C', 'C#', 'D', 'D#', 'E', 'F', 'F#', 'G', 'G#', 'A', 'A#', 'B'];
const FLATS = ['C', 'Db', 'D', 'Eb', 'E', 'F', 'Gb', 'G', 'Ab', 'A', 'Bb', 'B'];
/** A chord of the key is worth as much as so many seconds of a note that fits. */
const IN_KEY = 0.25;
/** Fewer notes are simpler; a seventh has to be heard. */
const PER_NOTE = 0.2;

export function chordGuesses(
  notes: readonly TabNote[],
  key: Tab['key'],
  present: string | undefined,
  count: number,
): string[] {
  const heard = new Map<number, number>();
  for (const { pitch, duration } of notes) {
    heard.set(pitch % 12, (heard.get(pitch % 12) ?? 0) + Math.min(duration, 1));
  }
  const tonic = Math.max(SHARPS.indexOf(key.tonic), FLATS.indexOf(key.tonic));
  const scale = new Set((key.mode === 'minor' ? MINOR : MAJOR).map((step) => (tonic + step) % 12));
  const names = key.tonic.includes('b') || key.tonic === 'F' ? FLATS : SHARPS;
  return names
    .flatMap((root, pitch) =>
      QUALITIES.map(([suffix, intervals]) => ({
        label: root + suffix,
        worth: worthOf(
          intervals.map((step) => (pitch + step) % 12),
          heard,
          scale,
        ),
      })),
    )
    .filter(({ label }) => label !== present)
    .sort((a, b) => b.worth - a.worth)
    .slice(0, count)
    .map(({ label }) => label);
}

/** What fits, less what is heard but does not belong. */
function worthOf(tones: number[], heard: Map<number, number>, scale: Set<number>): number {
  let worth = -PER_NOTE * tones.length;
  for (const [pitch, seconds] of heard) worth += tones.includes(pitch) ? seconds : -seconds;
  // The root is heard more often than not.
  worth += (heard.get(tones[0] ?? 0) ?? 0) / 2;
  return tones.every((tone) => scale.has(tone)) ? worth + IN_KEY : worth;
}
