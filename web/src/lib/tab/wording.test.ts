import * as alphaTab from '@coderline/alphatab';
import { expect, test } from 'vitest';
import { SMALL_ALPHATEX, smallTab } from '../../testing/tab';
import { printedLines } from './print';

test('techniques are written as guitarists write them', () => {
  const alphaTex = SMALL_ALPHATEX.replace('(0.3).2', '(0.3{lr}).2');
  const shown = { staves: 'tab' as const, minConfidence: 0 };
  const drawn = printedLines(alphaTab, { alphaTex, tab: smallTab(), trackIndex: 0 }, shown).join('');
  expect(drawn).toContain('let ring');
  expect(drawn).not.toContain('LetRing');
});

test('bars are called in the tab what they are called everywhere: a pickup does not count', () => {
  const tab = smallTab();
  const measures = tab.measures.map((measure, index) => ({ ...measure, number: 40 + index }));
  const shown = { staves: 'tab' as const, minConfidence: 0 };
  const drawn = printedLines(
    alphaTab,
    { alphaTex: SMALL_ALPHATEX, tab: { ...tab, measures }, trackIndex: 0 },
    shown,
  ).join('');
  for (const { number } of measures) expect(drawn).toContain(`>${number}<`);
});
