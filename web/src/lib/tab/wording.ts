/** What alphaTab writes, as guitarists write it. */
import type { Tab } from '$lib/services/api';

const WORDS: [theirs: string, ours: string][] = [['>LetRing<', '>let ring<']];
/** It counts bars from one, whatever they are called, and puts two spaces behind them. */
const BAR_NUMBER = />(\d+) {2}</g;

/** A drawing (SVG) with our words, and with the tab's own numbers of bars: a pickup is not the first one. */
export function reworded(drawing: string, { measures }: Pick<Tab, 'measures'>): string {
  const worded = WORDS.reduce((svg, [theirs, ours]) => svg.replaceAll(theirs, ours), drawing);
  return worded.replace(
    BAR_NUMBER,
    (_, count: string) => `>${measures[Number(count) - 1]?.number ?? count}<`,
  );
}
