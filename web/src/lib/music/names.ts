/** Keys and chords in words, for headings and for screen readers. */
import type { Chord } from '$lib/services/analysis';
import type { Tab } from '$lib/services/api';
import { m } from '$messages';
import { noteName, pretty } from './pitch';

export function keyName(key: { tonic: string; mode: string }): string {
  return m.theory.key.name(pretty(key.tonic), key.mode);
}

/** `Am7/G` → `A minor seventh over G`. */
export function chordName(chord: Chord): string {
  if (chord.root === null) return m.theory.chords.silent;
  const written = pretty(chord.label);
  const flats = written.includes('♭');
  const name = `${noteName(chord.root, flats)} ${m.theory.quality(chord.quality)}`;
  if (chord.bass === null || chord.bass === chord.root) return name;
  return m.theory.overBass(name, noteName(chord.bass, flats));
}

/** A MIDI pitch with its octave: 40 → `E2`. */
export function pitchName(midi: number): string {
  return `${noteName(midi)}${Math.floor(midi / 12) - 1}`;
}

/** How freely a tempo moves. */
export function steadiness(tempo: { median: number; slowest: number; fastest: number }): string {
  const { steady, breathing, free } = m.theory.tempo;
  const spread = (tempo.fastest - tempo.slowest) / tempo.median;
  if (spread < 0.06) return steady;
  return spread < 0.2 ? breathing : free;
}

/** The swing in words: null is straight, two thirds are triplets. */
export function swingName(swing: Tab['swing']): string {
  const { straight, swung, triplet } = m.theory.tempo;
  if (swing === null) return straight;
  return Math.abs(swing - 2 / 3) < 0.02 ? triplet : swung(swing);
}

/** A level from 1 to 10 in words. */
export function levelName(level: number): string {
  const words = m.theory.difficulty.words;
  return words[Math.min(Math.max(Math.floor((level - 1) / 2), 0), words.length - 1)] ?? '';
}
