/** What is typically wrong with a tab, and in how many clicks and keys it is put right. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import {
  Song,
  comeBack,
  found,
  hasPlace,
  newSong,
  open,
  pointOf,
  sameBeat,
  saved,
  type Note,
  type Point,
} from './editing';
import { expect, test } from './service';

const RESULTS = resolve(import.meta.dirname, '../../benchmarks/results/web-editing.json');

/** The hands of a user: every click and every key pressed counts, a key held with another one counts with it. */
class Hands {
  actions = 0;
  constructor(readonly page: Page) {}

  async click(target: Locator, options?: Parameters<Locator['click']>[0]): Promise<void> {
    this.actions += 1;
    await target.click(options);
  }

  async clickAt({ x, y }: Point, shift = false): Promise<void> {
    this.actions += 1;
    if (shift) await this.page.keyboard.down('Shift');
    await this.page.mouse.click(x, y);
    if (shift) await this.page.keyboard.up('Shift');
  }

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) {
      this.actions += 1;
      await this.page.keyboard.press(key);
    }
  }
}

interface Mistake {
  name: string;
  /** Make it, and tell how it is put right and how one sees that it was. */
  make(song: Song): Promise<{ fix(hands: Hands): Promise<void>; isRight(song: Song): Promise<boolean> }>;
}

const wrongString: Mistake = {
  name: 'wrong string',
  async make(song) {
    const note = found((await song.notes()).find(({ string, fret }) => string === 3 && fret <= 4));
    const wrong = { string: 4, fret: note.fret + 5 };
    await song.edit({ op: 'place', note: note.id, ...wrong });
    return {
      fix: async (hands) => {
        await hands.clickAt(await pointOf(hands.page, song, note.id));
        await hands.press('ArrowUp');
      },
      isRight: async () => hasPlace(await song.note(note.id), note),
    };
  },
};

const wrongOctave: Mistake = {
  name: 'wrong octave',
  async make(song) {
    const note = found((await song.notes()).find(({ string, fret }) => string === 3 && fret <= 4));
    await song.edit({ op: 'place', note: note.id, string: 1, fret: note.fret + 3 });
    return {
      fix: async (hands) => {
        await hands.clickAt(await pointOf(hands.page, song, note.id));
        await hands.press('Shift+ArrowDown');
      },
      isRight: async () => (await song.note(note.id))?.pitch === note.pitch,
    };
  },
};

const ghostNote: Mistake = {
  name: 'ghost note',
  async make(song) {
    const notes = await song.notes();
    const alone = found(notes.find((note) => notes.filter((other) => sameBeat(note, other)).length === 1));
    const { measure, position, length } = alone;
    const string = alone.string === 1 ? 2 : 1;
    const { added } = await song.edit({ op: 'add', track: 1, measure, position, length, string, fret: 12 });
    const ghost = found(added[0]);
    return {
      fix: async (hands) => {
        await hands.clickAt(await pointOf(hands.page, song, ghost));
        await hands.press('Delete');
      },
      isRight: async () => (await song.note(ghost)) === undefined,
    };
  },
};

const missedNote: Mistake = {
  name: 'missed note',
  async make(song) {
    const notes = await song.notes();
    const chord = (note: Note) => notes.filter((other) => sameBeat(note, other));
    const missed = found(notes.find((note) => chord(note).length > 1));
    const beside = found(chord(missed).find(({ id }) => id !== missed.id));
    await song.edit({ op: 'delete', notes: [missed.id] });
    return {
      fix: async (hands) => {
        await hands.clickAt(await pointOf(hands.page, song, beside.id));
        await hands.press('n');
        const place = `[data-place="${missed.string}-${missed.fret}"]`;
        await hands.click(hands.page.getByTestId('note-tools').locator(place));
      },
      isRight: async () =>
        (await song.notes()).some((note) => sameBeat(note, missed) && hasPlace(note, missed)),
    };
  },
};

const wrongLength: Mistake = {
  name: 'wrong length',
  async make(song) {
    const note = found((await song.notes()).find(({ length }) => length[0] === 1 && length[1] === 2));
    await song.edit({ op: 'length', notes: [note.id], length: [1, 4] });
    return {
      fix: async (hands) => {
        await hands.clickAt(await pointOf(hands.page, song, note.id));
        await hands.press('+');
      },
      isRight: async () => (await song.note(note.id))?.length.join('/') === note.length.join('/'),
    };
  },
};

/** Five notes one after another, none at the same time as another one, that can be played high up the neck too. */
function runOfFive(notes: Note[]): Note[] {
  const isAlone = (note: Note) => notes.filter((other) => sameBeat(note, other)).length === 1;
  const isHigh = ({ pitch }: Note) => pitch > 52 && pitch < 70;
  const start = notes.findIndex((_, at) => {
    const run = notes.slice(at, at + 5);
    return run.length === 5 && run.every((note) => isAlone(note) && isHigh(note));
  });
  return start < 0 ? [] : notes.slice(start, start + 5);
}

const wrongPosition: Mistake = {
  name: 'run of five in the wrong position',
  async make(song) {
    const run = runOfFive(await song.notes());
    const [first, last] = [found(run[0]), found(run[4])];
    await song.edit({ op: 'passage', fret: 12, notes: run.map(({ id }) => id), track: 1 });
    return {
      fix: async (hands) => {
        const [from, to] = [
          await pointOf(hands.page, song, first.id),
          await pointOf(hands.page, song, last.id),
        ];
        await hands.clickAt(from);
        await hands.clickAt(to, true);
        await hands.press('5');
      },
      isRight: async () => {
        const now = await song.notes();
        return run.every(({ id }) => {
          const fret = now.find((note) => note.id === id)?.fret ?? 99;
          return fret >= 4 && fret <= 9;
        });
      },
    };
  },
};

const wrongCapo: Mistake = {
  name: 'wrong capo',
  async make(song) {
    await song.edit({ op: 'refret', capo: 2 });
    return {
      fix: (hands) => hands.press('t', '0', 'Enter'),
      isRight: async () => (await song.read()).tab.tracks[0]?.capo === 0,
    };
  },
};

const halfTempo: Mistake = {
  name: 'half tempo',
  async make(song) {
    const { tempo } = (await song.read()).tab;
    await song.edit({ op: 'tempo', change: 'half' });
    return {
      fix: async (hands) => {
        await hands.press('t');
        await hands.click(hands.page.getByRole('button', { name: 'Twice as fast' }));
      },
      isRight: async () => Math.abs((await song.read()).tab.tempo - tempo) < 1,
    };
  },
};

const wrongChord: Mistake = {
  name: 'wrong chord label',
  async make(song) {
    const chord = found((await song.read()).tab.chords[2]);
    const note = found((await song.notes()).find(({ onset }) => onset >= chord.onset && onset < chord.end));
    await song.edit({ op: 'chord', at: chord.onset, label: 'F#m' });
    return {
      fix: async (hands) => {
        await hands.clickAt(await pointOf(hands.page, song, note.id));
        await hands.press('k');
        await hands.click(
          hands.page.getByTestId('note-tools').getByRole('button', { name: chord.label, exact: true }),
        );
      },
      isRight: async () => (await song.read()).tab.chords[2]?.label === chord.label,
    };
  },
};

const slideAsTwo: Mistake = {
  name: 'slide heard as two notes',
  async make(song) {
    const notes = await song.notes();
    const before = (note: Note) =>
      notes.findLast(({ onset, string }) => onset < note.onset && string === note.string);
    const arrival = found(
      notes.find((note) => {
        const from = before(note);
        return (
          from && from.fret > 0 && note.fret > 0 && from.fret !== note.fret && note.techniques.length === 0
        );
      }),
    );
    return {
      fix: async (hands) => {
        await hands.clickAt(await pointOf(hands.page, song, arrival.id));
        await hands.press('/');
      },
      isRight: async () =>
        (await song.note(arrival.id))?.techniques.some(({ kind }) => kind === 'slide') === true,
    };
  },
};

const MISTAKES = [
  wrongString,
  wrongOctave,
  ghostNote,
  missedNote,
  wrongLength,
  wrongPosition,
  wrongCapo,
  halfTempo,
  wrongChord,
  slideAsTwo,
];

test('ten typical mistakes are put right in a few clicks and keys each', async ({
  page,
  service,
  isMobile,
}) => {
  test.skip(isMobile, 'counted with mouse and keyboard');
  test.setTimeout(600_000);
  const song = await newSong(service);
  await open(page, song);
  const table: { mistake: string; actions: number }[] = [];
  for (const { name, make } of MISTAKES) {
    await test.step(name, async () => {
      const { fix, isRight } = await make(song);
      await comeBack(page, song);
      const hands = new Hands(page);
      await fix(hands);
      await expect.poll(() => isRight(song), { message: name }).toBe(true);
      await saved(page);
      await page.keyboard.press('Escape');
      table.push({ mistake: name, actions: hands.actions });
    });
  }
  const average = table.reduce((sum, { actions }) => sum + actions, 0) / table.length;
  console.table(table);
  console.log(`average ${average.toFixed(1)}`);
  expect(average).toBeLessThanOrEqual(3);
  mkdirSync(dirname(RESULTS), { recursive: true });
  const command = 'cd web && npm run build && npx playwright test e2e/mistakes.spec --project desktop';
  writeFileSync(
    RESULTS,
    JSON.stringify({ command, average_actions: average, mistakes: table }, null, 2) + '\n',
  );
});
