import * as alphaTab from '@coderline/alphatab';
import { describe, expect, it } from 'vitest';
import { SMALL_ALPHATEX } from '../../testing/tab';
import { firstBars } from './excerpt';
import { readScore } from './sheet';

const barsOf = (alphaTex: string) => readScore(alphaTab, alphaTex, new alphaTab.Settings()).masterBars.length;

describe('the opening of a song', () => {
  it('has the first bars of a long one', () => {
    expect(barsOf(firstBars(SMALL_ALPHATEX, 2) ?? '')).toBe(2);
  });

  it('has the first bars of every track', () => {
    const [head, bars] = SMALL_ALPHATEX.split(/(?=\\track)/).map((part) => part.split('\n.\n')[0] ?? '');
    const opening = firstBars(`${head}${bars}\n${bars}\n.\n`, 2) ?? '';
    const { tracks } = readScore(alphaTab, opening, new alphaTab.Settings());
    expect(tracks.map(({ staves }) => staves[0]?.bars.length)).toEqual([2, 2]);
  });

  it('is nothing else when the song is short', () => {
    expect(firstBars(SMALL_ALPHATEX, 3)).toBeNull();
  });
});
