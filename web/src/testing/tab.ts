/** A small tab for tests: a pickup, two bars in 4/4 at 120 that slow down, a triplet, a tie over the bar line. */
import type { Tab, TabNote } from '$lib/services/api';

type Place = [measure: number, position: [number, number], string: number | null, fret: number | null];

export function note(
  id: string,
  [measure, position, string, fret]: Place,
  change: Partial<TabNote> = {},
): TabNote {
  const sure = { velocity: 0.7, confidence: 1, tied: false, techniques: [] };
  return {
    id,
    onset: 0,
    duration: 0.5,
    pitch: 64,
    string,
    fret,
    measure,
    position,
    length: [1, 1],
    ...sure,
    ...change,
  };
}

/** Seconds of the beats, from the start of what was transcribed; the last is the end of the piece. */
const BEATS = [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.6, 4.2, 4.8, 5.4];

export function smallTab(change: Partial<Tab> = {}): Tab {
  const track = { name: 'Guitar', instrument: 'guitar', tuning: [64, 59, 55, 50, 45, 40], capo: 0 };
  return {
    schema: 'genesis.tab/1',
    source: { title: 'Small', duration: 6, sample_rate: 22050, sha256: '', start: 0 },
    generator: { name: 'genesis-music', version: '0', engine: 'test' },
    tempo: 120,
    tempo_confidence: 1,
    time_signature: [4, 4],
    swing: null,
    key: { tonic: 'C', mode: 'major', confidence: 1 },
    key_regions: [],
    tracks: [
      {
        ...track,
        tuning_name: 'standard',
        notes: [
          note('pickup', [0, [0, 1], 1, 3]),
          note('first', [1, [0, 1], 1, 0]),
          note('low', [1, [0, 1], 6, 3]),
          note('triplet', [1, [4, 3], 2, 1], { confidence: 0.4 }),
          note('tied', [1, [3, 1], 3, 2], { length: [2, 1], tied: true }),
          note('last', [2, [2, 1], 3, 0]),
          note('unplayable', [2, [2, 1], null, null]),
        ],
      },
    ],
    measures: [
      { number: 0, onset: 0.5, time_signature: [4, 4], tempo: 120, start: [0, 1], length: [1, 1] },
      { number: 1, onset: 1, time_signature: [4, 4], tempo: 120, start: [1, 1], length: [4, 1] },
      { number: 2, onset: 3, time_signature: [4, 4], tempo: 100, start: [5, 1], length: [4, 1] },
    ],
    beats: BEATS.map((onset, index) => ({
      onset,
      measure: [0, 1, 1, 1, 1, 2, 2, 2, 2, 2][index] ?? 2,
      beat: [4, 1, 2, 3, 4, 1, 2, 3, 4, 5][index] ?? 1,
      position: [index, 1],
    })),
    chords: [],
    sections: [],
    scale: '',
    progression: [],
    progression_name: null,
    style: { label: '', confidence: 0, reasons: [] },
    difficulty: { level: 1, subscores: {}, hardest_measures: [], reasons: [] },
    warnings: [],
    ...change,
  };
}

/** The same music as the service writes it for alphaTab. */
export const SMALL_ALPHATEX = `\\title "Small"
\\tempo 120.00
\\track "Guitar"
\\staff {score tabs}
\\tuning (E4 B3 G3 D3 A2 E2)
\\capo 0
\\instrument 25
\\ts (4 4) \\ks Cmajor \\ac (3.1).4 |
(0.1 3.6).4 r.8{tu 3 2} (1.2).8{tu 3 2} r.8{tu 3 2} r.4 (2.3).4 |
\\tempo (100.00 hide) (2.3{t}).4 r.4 (0.3).2 |
.
\\sync 0 0 500
\\sync 1 0 1000
\\sync 2 0 3000
\\sync 2 0 5400 1
`;
