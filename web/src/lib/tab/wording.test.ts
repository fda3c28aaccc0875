import * as alphaTab from '@coderline/alphatab';
import { expect, test } from 'vitest';
import type { Tab } from '$lib/services/api';
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

test('chords have the accidentals in the tab that they have beside it', () => {
  const chord = { onset: 0.5, end: 5.4, label: 'Bbm7b5', root: 10, frets: [], roman: 'i' };
  const tab = smallTab({ chords: [chord as unknown as Tab['chords'][number]] });
  const alphaTex = SMALL_ALPHATEX.replace('(0.3).2', '(0.3).2{ch "Bbm7b5"}').replace(
    '\\ts',
    '\\chord ("Bbm7b5" x 9 9 8 x 6)\n\\ts',
  );
  const shown = { staves: 'tab' as const, minConfidence: 0 };
  const drawn = printedLines(alphaTab, { alphaTex, tab, trackIndex: 0 }, shown).join('');
  expect(drawn).toContain('>B♭m7♭5<');
  expect(drawn).not.toContain('Bbm7b5');
});
