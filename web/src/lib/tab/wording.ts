/** What alphaTab writes, as guitarists write it. */
import { pretty } from '$lib/music/pitch';
import type { Tab } from '$lib/services/api';

const WORDS: [theirs: string, ours: string][] = [['>LetRing<', '>let ring<']];
/** It counts bars from one, whatever they are called, and puts two spaces behind them. */
const BAR_NUMBER = />(\d+) {2}</g;

/** A drawing (SVG) with our words, chords with real accidentals, and the tab's own numbers: a pickup is not bar 1. */
export function reworded(drawing: string, { measures, chords }: Pick<Tab, 'measures' | 'chords'>): string {
  const names = chords.map(({ label }): [string, string] => [`>${label}<`, `>${pretty(label)}<`]);
  const words = new Map([...WORDS, ...names]);
  const worded = [...words].reduce((svg, [theirs, ours]) => svg.replaceAll(theirs, ours), drawing);
  return worded.replace(
    BAR_NUMBER,
    (_, count: string) => `>${measures[Number(count) - 1]?.number ?? count}<`,
  );
}
