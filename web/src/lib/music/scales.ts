/** Scales, as the analysis names them, and where they lie on a fretboard. */
import { noteName, pitchClassOf, usesFlats } from './pitch';

/** Semitones above the tonic (src/genesis_music/harmony/scale.py). */
const INTERVALS: Record<string, number[]> = {
  'major pentatonic': [0, 2, 4, 7, 9],
  'minor pentatonic': [0, 3, 5, 7, 10],
  blues: [0, 3, 5, 6, 7, 10],
  major: [0, 2, 4, 5, 7, 9, 11],
  'natural minor': [0, 2, 3, 5, 7, 8, 10],
  'harmonic minor': [0, 2, 3, 5, 7, 8, 11],
  'melodic minor': [0, 2, 3, 5, 7, 9, 11],
  dorian: [0, 2, 3, 5, 7, 9, 10],
  phrygian: [0, 1, 3, 5, 7, 8, 10],
  lydian: [0, 2, 4, 6, 7, 9, 11],
  mixolydian: [0, 2, 4, 5, 7, 9, 10],
  'phrygian dominant': [0, 1, 4, 5, 7, 8, 10],
  'major blues': [0, 2, 3, 4, 7, 9],
};
const MAJOR_THIRD = 4;

export interface Scale {
  name: string;
  tonic: number;
  pitchClasses: number[];
  /** The notes from the tonic up. */
  notes: string[];
  flats: boolean;
}

/** Read a name like `A dorian`; null when the scale is not known here. */
export function scaleOf(name: string): Scale | null {
  const [tonicName = '', ...rest] = name.split(' ');
  const tonic = pitchClassOf(tonicName);
  const intervals = INTERVALS[rest.join(' ')];
  if (tonic === null || !intervals) return null;
  const flats = usesFlats(tonicName, !intervals.includes(MAJOR_THIRD));
  const pitchClasses = intervals.map((interval) => (tonic + interval) % 12);
  return { name, tonic, pitchClasses, notes: pitchClasses.map((pitch) => noteName(pitch, flats)), flats };
}

/** How a mark on a fretboard looks: `now` is the present one, `root` the tonic, `faint` a possibility. */
export type Tone = 'now' | 'root' | 'plain' | 'faint';
export interface Mark {
  /** 1 is the highest string. */
  string: number;
  /** Counted from the capo. */
  fret: number;
  label: string;
  tone: Tone;
}

/** Every place of a scale between two frets. `tuning` and `capo` as in the tab: MIDI, string 1 first. */
export function scaleMarks(
  scale: Scale,
  tuning: readonly number[],
  capo: number,
  from: number,
  to: number,
): Mark[] {
  const marks: Mark[] = [];
  tuning.forEach((open, index) => {
    for (let fret = from; fret <= to; fret++) {
      const pitchClass = (open + capo + fret) % 12;
      if (!scale.pitchClasses.includes(pitchClass)) continue;
      const tone = pitchClass === scale.tonic ? 'root' : 'plain';
      marks.push({ string: index + 1, fret, label: noteName(pitchClass, scale.flats), tone });
    }
  });
  return marks;
}
