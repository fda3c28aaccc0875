import { describe, expect, it } from 'vitest';
import { indexOf, stepsOf } from './stages';

const states = (stage: string, separates = false, reached?: number) =>
  stepsOf(stage, separates, reached).map(({ state }) => state);

describe('the list of stages', () => {
  it('ticks off what is done', () => {
    expect(states('Listening')).toEqual(['done', 'now', 'ahead', 'ahead', 'ahead', 'ahead']);
  });

  it('has nothing done while the song waits', () => {
    expect(states('Waiting')).toEqual(Array(6).fill('ahead'));
  });

  it('shows separating only for a band', () => {
    expect(stepsOf('Loading', false).map(({ stage }) => stage)).not.toContain('Separating');
    expect(stepsOf('Loading', true).map(({ stage }) => stage)).toContain('Separating');
    expect(stepsOf('Separating', false).map(({ stage }) => stage)).toContain('Separating');
  });

  it('stays where it was at a stage it does not know', () => {
    expect(states('Polishing', false, indexOf('Naming chords'))).toEqual(states('Naming chords'));
  });
});
