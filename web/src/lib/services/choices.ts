/** What may be chosen before a song is listened to. */
import type { Schemas } from './api';

type Options = Schemas['TranscriptionOptions'];

export interface Choices {
  instrument: Instrument;
  /** A name of the service's tunings, open strings from low to high, or `auto`. */
  tuning: string;
  capo: Options['capo'];
  separate: boolean;
  /** Quarter notes per minute; null: find it. */
  tempo: number | null;
}

export const INSTRUMENTS = ['guitar', 'bass', 'ukulele'] as const;
export type Instrument = (typeof INSTRUMENTS)[number];

/** The service's tunings by instrument, the usual one first (src/genesis_music/tablature/tunings.py). */
export const TUNINGS: Record<Instrument, readonly string[]> = {
  guitar: [
    'standard',
    'drop-d',
    'half-step-down',
    'full-step-down',
    'dadgad',
    'double-drop-d',
    'open-d',
    'open-e',
    'open-g',
    'open-a',
    'open-c',
    'drop-c#',
    'drop-c',
    'drop-b',
    'baritone',
    '7-string',
    '7-string-drop-a',
    '8-string',
  ],
  bass: ['bass-4', 'bass-drop-d', 'bass-5', 'bass-6'],
  ukulele: ['ukulele', 'ukulele-low-g', 'ukulele-baritone'],
};

export const MOST_CAPO = 12;
export const TEMPO = { least: 20, most: 400 } as const;

/** As the service takes them: what is not chosen is left out. */
export function requestOf({ tempo, ...choices }: Choices): Omit<Choices, 'tempo'> & { tempo?: number } {
  return tempo === null ? choices : { ...choices, tempo };
}

/** Choices with another instrument: a tuning belongs to one. */
export function withInstrument(choices: Choices, instrument: Instrument, guitarTuning: string): Choices {
  const tuning = instrument === 'guitar' ? guitarTuning : (TUNINGS[instrument][0] ?? 'auto');
  return { ...choices, instrument, tuning };
}
