import { beforeEach, expect, test, vi } from 'vitest';
import type { MusicEdit } from '$lib/editing/edits';
import type { Tab, TabNote } from '$lib/services/api';
import { Editor } from './editor.svelte';
import { NoteActions } from './noteActions.svelte';
import { Player } from './player.svelte';
import { Score } from './score.svelte';

const TUNING = [64, 59, 55, 50, 45, 40];

function note(id: string, beat: number, string: number, fret: number, confidence = 1): TabNote {
  return {
    id,
    onset: beat / 2,
    duration: 0.5,
    pitch: (TUNING[string - 1] ?? 0) + fret,
    string,
    fret,
    velocity: 0.7,
    confidence,
    measure: 1,
    position: [beat, 1],
    length: [1, 1],
    tied: false,
    techniques: [],
  };
}

const NOTES = [note('a', 0, 2, 5), note('b', 1, 3, 2, 0.5), note('c', 1, 1, 3), note('d', 2, 3, 4, 0.4)];
let actions: NoteActions;
let asked: MusicEdit[];

function select(...ids: string[]): void {
  const { score } = actions.editor;
  score.selection = new Set(ids);
  actions.selectionChanged(score.selection);
}

const selected = () => actions.notes.map(({ id }) => id);

beforeEach(() => {
  vi.useFakeTimers();
  const score = new Score('song');
  const track = {
    name: '',
    instrument: 'guitar',
    tuning: TUNING,
    tuning_name: 'standard',
    capo: 0,
    notes: NOTES,
  };
  const bar = { number: 1, length: [4, 1], start: [0, 1], onset: 0, tempo: 120, time_signature: [4, 4] };
  score.tab = {
    source: { title: '' },
    tracks: [track],
    measures: [bar],
    beats: [],
    chords: [],
  } as unknown as Tab;
  const editor = new Editor(score);
  asked = [];
  vi.spyOn(editor, 'change').mockImplementation((...edits) => {
    asked.push(...edits);
    return 'change-1';
  });
  actions = new NoteActions(editor, new Player());
  return () => vi.useRealTimers();
});

test('the next string keeps the pitch', () => {
  select('a');
  actions.otherString(-1);
  expect(asked).toEqual([{ op: 'place', note: 'a', string: 1, fret: 0 }]);
});

test('a digit is the fret at once when no second one can follow', () => {
  select('a');
  actions.type('7');
  expect(asked).toEqual([{ op: 'place', note: 'a', string: 2, fret: 7 }]);
});

test('two digits in time are one fret', () => {
  select('a');
  actions.type('1');
  expect(asked).toEqual([]);
  actions.type('2');
  expect(asked).toEqual([{ op: 'place', note: 'a', string: 2, fret: 12 }]);
});

test('a digit alone is the fret when nothing follows, or when something else is done', () => {
  select('a');
  actions.type('1');
  vi.advanceTimersByTime(701);
  expect(asked).toEqual([{ op: 'place', note: 'a', string: 2, fret: 1 }]);
  actions.type('2');
  actions.longer();
  expect(asked.slice(1).map(({ op }) => op)).toEqual(['place', 'length']);
});

test('with several notes a digit is their position', () => {
  select('a');
  select('a', 'c');
  actions.type('5');
  expect(asked).toEqual([{ op: 'passage', fret: 5, notes: ['a', 'b', 'c'], track: 1 }]);
});

test('a second note chosen selects all between', () => {
  select('b');
  select('b', 'd');
  expect(selected()).toEqual(['b', 'c', 'd']);
});

test('fingers select several by touching the first and the last', () => {
  select('a');
  actions.selectsSeveral = true;
  select('c');
  expect(selected()).toEqual(['a', 'b', 'c']);
});

test('Shift and the arrows select more, and less again', () => {
  select('a');
  actions.step(1, true);
  actions.step(1, true);
  expect(selected()).toEqual(['a', 'b', 'c']);
  actions.step(-1, true);
  expect(selected()).toEqual(['a', 'b']);
});

test('after deleting, the next note is selected', () => {
  select('b');
  actions.remove();
  expect(asked).toEqual([{ op: 'delete', notes: ['b'] }]);
  expect(selected()).toEqual(['c']);
});

test('a doubtful note that is right leads to the next doubtful one', () => {
  expect(actions.doubtful).toBe(2);
  actions.nextDoubtful(1);
  expect(selected()).toEqual(['b']);
  actions.accept();
  expect(asked).toEqual([{ op: 'accept', notes: ['b'] }]);
  expect(selected()).toEqual(['d']);
});

test('a note is added on a free string of the beat, or after the note', () => {
  select('c');
  actions.add('beside');
  actions.editor.score.selection = new Set(['c']);
  actions.add('after');
  const same = { op: 'add', track: 1, measure: 1, length: [1, 1], fret: 3 };
  expect(asked).toEqual([
    { ...same, position: [1, 1], string: 2 },
    { ...same, position: [2, 1], string: 1 },
  ]);
});

test('what goes up on a string is hammered, what goes down pulled', () => {
  select('d');
  actions.slur();
  expect(asked).toEqual([{ op: 'technique', notes: ['d'], technique: 'hammer-on', on: true }]);
});

test('notes of different lengths each become longer', () => {
  select('a');
  select('a', 'c');
  actions.dot();
  expect(asked).toEqual([{ op: 'length', notes: ['a', 'b', 'c'], length: [3, 2] }]);
});
