/** The musical analysis as the service writes it (`genesis.analysis/1`, src/genesis_music/formats/analysis.py). */
import type { Tab } from './api';

/** What of the tab is told again, as it is: key, harmony, form, style, difficulty. */
type Shared = Pick<
  Tab,
  | 'key'
  | 'key_regions'
  | 'scale'
  | 'chords'
  | 'progression'
  | 'progression_name'
  | 'sections'
  | 'swing'
  | 'style'
  | 'difficulty'
  | 'warnings'
>;

export type Chord = Tab['chords'][number];
export type Measure = Tab['measures'][number];
export type Section = Tab['sections'][number];

export interface Analysis extends Shared {
  schema: 'genesis.analysis/1';
  title: string;
  /** Seconds. */
  duration: number;
  /** Longest first; `share` is a share of the time with chords. */
  chord_statistics: { label: string; count: number; share: number }[];
  /** Quarter notes per minute. */
  tempo: {
    median: number;
    confidence: number;
    slowest_measure: number;
    fastest_measure: number;
    /** One `[seconds, tempo]` per beat. */
    curve: [number, number][];
  };
  /** Every change, with the measure it starts in. */
  time_signatures: { measure: number; time_signature: [number, number] }[];
  tracks: TrackFacts[];
}

/** Range, positions and techniques of one track. */
interface TrackFacts {
  name: string;
  instrument: string;
  notes: number;
  lowest_pitch: number | null;
  highest_pitch: number | null;
  highest_fret: number | null;
  open_string_share: number | null;
  techniques: Record<string, number>;
}
