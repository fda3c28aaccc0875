/** The choices for the next songs: as they were last time on this device, at first as the account prefers. */
import type { Schemas } from '$lib/services/api';
import { INSTRUMENTS, TUNINGS, type Choices } from '$lib/services/choices';
import { settings } from './settings.svelte';

const KEY = 'genesis.choices';

/** The tuning the account prefers. */
export function preferredTuning(): string {
  return settings.preferences?.guitar_tuning ?? 'standard';
}

/** A tempo is one song's: it is not remembered. */
export function rememberedChoices(): Choices {
  const usual: Choices = {
    instrument: 'guitar',
    tuning: preferredTuning(),
    capo: 0,
    separate: false,
    tempo: null,
  };
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Choices>;
    const known = found.instrument === undefined || INSTRUMENTS.includes(found.instrument);
    return known ? { ...usual, ...found, tempo: null } : usual;
  } catch {
    return usual;
  }
}

export function rememberChoices(choices: Choices): void {
  // The account's own tuning is not pinned: it follows when the account changes its mind.
  const { tuning, ...others } = choices;
  const own = choices.instrument === 'guitar' && tuning === preferredTuning();
  localStorage.setItem(KEY, JSON.stringify(own ? others : { tuning, ...others }));
}

/** The choices a song was listened to with. */
export function choicesOf(options: Schemas['TranscriptionOptions'] | undefined): Choices {
  const usual = rememberedChoices();
  if (!options) return usual;
  const instrument = INSTRUMENTS.find((each) => each === options.instrument) ?? usual.instrument;
  const tuning =
    options.tuning || (instrument === 'guitar' ? preferredTuning() : (TUNINGS[instrument][0] ?? 'auto'));
  return { instrument, tuning, capo: options.capo, separate: options.separate, tempo: options.tempo ?? null };
}
