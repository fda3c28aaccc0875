import { beforeEach, describe, expect, it } from 'vitest';
import { rememberChoices, rememberedChoices } from '$lib/stores/choices.svelte';
import { settings } from '$lib/stores/settings.svelte';
import { requestOf, tuningsOf, withInstrument, type Choices } from './choices';

const there = {
  instruments: [
    { name: 'guitar', tuning: 'standard', frets: 24 },
    { name: 'bass', tuning: 'bass-4', frets: 24 },
  ],
  tunings: ['standard', 'dadgad', '7-string', 'bass-4', 'bass-5'].map((name) => ({ name, pitches_midi: [] })),
};
const choices: Choices = { instrument: 'guitar', tuning: 'dadgad', capo: 2, separate: true, tempo: 92 };

beforeEach(() => {
  localStorage.clear();
  settings.preferences = null;
});

describe('how a song is played', () => {
  it('offers each instrument its own tunings', () => {
    expect(tuningsOf('guitar', there)).toEqual(['standard', 'dadgad', '7-string']);
    expect(tuningsOf('bass', there)).toEqual(['bass-4', 'bass-5']);
  });

  it('takes the usual tuning of another instrument, and the preferred one of the guitar', () => {
    expect(withInstrument(choices, 'bass', 'drop-d', there).tuning).toBe('bass-4');
    expect(withInstrument(choices, 'guitar', 'drop-d', there).tuning).toBe('drop-d');
  });

  it('leaves out a tempo that nobody knows', () => {
    expect(requestOf({ ...choices, tempo: null })).not.toHaveProperty('tempo');
    expect(requestOf(choices).tempo).toBe(92);
  });

  it('begins with the tuning the account prefers', () => {
    settings.preferences = { guitar_tuning: 'open-g' } as never;
    expect(rememberedChoices()).toMatchObject({ tuning: 'open-g', capo: 0, separate: false, tempo: null });
  });

  it('is remembered, but for the tempo of one song', () => {
    rememberChoices(choices);
    expect(rememberedChoices()).toEqual({ ...choices, tempo: null });
  });

  it('follows the account when nothing else was chosen', () => {
    settings.preferences = { guitar_tuning: 'open-g' } as never;
    rememberChoices({ ...choices, tuning: 'open-g' });
    settings.preferences = { guitar_tuning: 'drop-d' } as never;
    expect(rememberedChoices().tuning).toBe('drop-d');
  });

  it('survives a damaged memory', () => {
    localStorage.setItem('genesis.choices', '{');
    expect(rememberedChoices().instrument).toBe('guitar');
  });
});
