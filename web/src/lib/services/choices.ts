/** What may be chosen before a song is listened to. */
import type { Schemas } from './api';

type Options = Schemas['TranscriptionOptions'];
type Configuration = Pick<Schemas['Configuration'], 'instruments' | 'tunings'>;

export interface Choices {
  instrument: string;
  /** A name of the service's tunings, open strings from low to high, or `auto`. */
  tuning: string;
  capo: Options['capo'];
  separate: boolean;
  /** Quarter notes per minute; null: find it. */
  tempo: number | null;
}

export const AUTO = 'auto';
export const GUITAR = 'guitar';
export const MOST_CAPO = 12;
export const TEMPO = { least: 20, most: 400 } as const;

/** As the service takes them: what is not chosen is left out. */
export function requestOf({ tempo, ...choices }: Choices): Omit<Choices, 'tempo'> & { tempo?: number } {
  return tempo === null ? choices : { ...choices, tempo };
}

/** The tunings of an instrument: each but the guitar's begins with the instrument's name. */
export function tuningsOf(instrument: string, { instruments, tunings }: Configuration): string[] {
  const others = instruments.map(({ name }) => name).filter((name) => name !== GUITAR);
  const belongs = (tuning: string) =>
    instrument === GUITAR ? !others.some((other) => tuning.startsWith(other)) : tuning.startsWith(instrument);
  return tunings.map(({ name }) => name).filter(belongs);
}

/** Choices with another instrument: a tuning belongs to one. */
export function withInstrument(
  choices: Choices,
  instrument: string,
  guitarTuning: string,
  { instruments }: Configuration,
): Choices {
  const usual = instruments.find(({ name }) => name === instrument)?.tuning ?? AUTO;
  return { ...choices, instrument, tuning: instrument === GUITAR ? guitarTuning : usual };
}
