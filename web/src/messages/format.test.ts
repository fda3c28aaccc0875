import { expect, it } from 'vitest';
import { clock, duration, size } from './format';

it.each([
  [512, '512 B'],
  [1536, '1.5 kB'],
  [500 * 1024 * 1024, '500 MB'],
  [3 * 1024 ** 3, '3 GB'],
])('%d bytes are %s', (bytes, words) => expect(size(bytes)).toBe(words));

it.each([
  [45, '45 seconds'],
  [60, '1 minute'],
  [7200, '2 hours'],
])('a limit of %d seconds is %s', (seconds, words) => expect(duration(seconds)).toBe(words));

it.each([
  [5.9, '0:05'],
  [185, '3:05'],
  [3729, '1:02:09'],
])('a song of %d seconds shows %s', (seconds, words) => expect(clock(seconds)).toBe(words));
