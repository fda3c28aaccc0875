/** The choices for the next songs: as they were last time on this device, at first as the account prefers. */
import type { Schemas } from '$lib/services/api';
import { AUTO, GUITAR, type Choices } from '$lib/services/choices';
import { settings } from './settings.svelte';

const KEY = 'genesis.choices';

/** The tuning the account prefers. */
export function preferredTuning(): string {
  return settings.preferences?.guitar_tuning ?? 'standard';
}

/** A tempo is one song's: it is not remembered. */
export function rememberedChoices(): Choices {
  const usual: Choices = {
    instrument: GUITAR,
    tuning: preferredTuning(),
    capo: 0,
    separate: false,
    tempo: null,
  };
  try {
    return { ...usual, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Choices>), tempo: null };
  } catch {
    return usual;
  }
}

export function rememberChoices(choices: Choices): void {
  // The account's own tuning is not pinned: it follows when the account changes its mind.
  const { tuning, ...others } = choices;
  const own = choices.instrument === GUITAR && tuning === preferredTuning();
  localStorage.setItem(KEY, JSON.stringify(own ? others : { tuning, ...others }));
}

/** The choices a song was listened to with. */
export function choicesOf(options: Schemas['TranscriptionOptions'] | undefined): Choices {
  if (!options) return rememberedChoices();
  const { instrument, capo, separate, tempo } = options;
  const tuning = options.tuning || (instrument === GUITAR ? preferredTuning() : AUTO);
  return { instrument, tuning, capo, separate, tempo: tempo ?? null };
}
