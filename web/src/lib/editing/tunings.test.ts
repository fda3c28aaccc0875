import { expect, test } from 'vitest';
import { smallTab } from '../../testing/tab';
import type { Track } from './edits';
import { tuningLabel, tuningName, tuningsFor } from './tunings';

const [guitar] = smallTab().tracks as [Track];

test('a tuning is called as guitarists call it', () => {
  expect([tuningName(guitar), tuningLabel(guitar)]).toEqual(['Standard', 'Standard (E A D G B E)']);
  const dropped = { ...guitar, tuning_name: 'drop-c#' };
  expect(tuningName(dropped)).toBe('Drop C♯');
});

test('a tuning without a name is told by its open strings', () => {
  const own = { ...guitar, tuning_name: '', tuning: [64, 58, 55, 50, 45, 38] };
  expect([tuningName(own), tuningLabel(own)]).toEqual(['D A D G A♯ E', 'D A D G A♯ E']);
});

test('what is offered has as many strings', () => {
  expect(tuningsFor(guitar).map(({ name }) => name)).toContain('drop-d');
  const bass = { ...guitar, instrument: 'bass', tuning: [43, 38, 33, 28], tuning_name: 'bass-4' };
  expect(tuningsFor(bass).map(({ name }) => name)).toEqual(['bass-4', 'bass-drop-d']);
});
