import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Edit, MusicEdit } from '$lib/editing/edits';
import type { Tab, TabNote } from '$lib/services/api';
import { Editor } from './editor.svelte';
import { Score } from './score.svelte';
import { until } from '../../testing/until';

// Node's requests, unlike a browser's, need an origin.
vi.hoisted(() => vi.stubEnv('VITE_API_ORIGIN', 'http://localhost'));

const SONG = 'song-1';
const MOVE: MusicEdit = { op: 'place', note: 't1n1', string: 2, fret: 6 };
const DELETE: MusicEdit = { op: 'delete', notes: ['t1n2'] };

function note(id: string, string: number, fret: number): TabNote {
  const tuning = [64, 59, 55, 50, 45, 40];
  return {
    id,
    onset: 0,
    duration: 0.5,
    pitch: (tuning[string - 1] ?? 0) + fret,
    string,
    fret,
    velocity: 0.7,
    confidence: 0.9,
    measure: 1,
    position: [0, 1],
    length: [1, 1],
    tied: false,
    techniques: [],
  };
}

function tabOf(title: string): Tab {
  const notes = [note('t1n1', 1, 1), note('t1n2', 1, 3)];
  const track = { name: '', instrument: 'guitar', tuning: [64, 59, 55, 50, 45, 40], capo: 0, notes };
  return { source: { title }, tracks: [track], chords: [], measures: [] } as unknown as Tab;
}

/** A service that keeps revisions, as far as the page can tell. */
class ScriptedService {
  revisions: { edits: Edit[]; key: string }[] = [{ edits: [], key: '' }];
  /** What happens to the next requests that save: an answer instead, or null for an answer that gets lost. */
  mishaps: (Response | 'offline' | 'lost')[] = [];
  asked: { base: number; edits: Edit[] }[] = [];

  fetch = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (pathname.endsWith('/files/alphatex')) return new Response(`drawn ${this.latest}`);
    if (pathname.endsWith('/result'))
      return Response.json({ tab: tabOf(''), analysis: {}, revision: this.latest });
    if (request.method === 'GET') return Response.json({ latest: this.latest, items: [] });
    return this.#save(await request.json(), request.headers.get('Idempotency-Key') ?? '');
  };

  get latest(): number {
    return this.revisions.length - 1;
  }

  #save(body: { base: number; edits: Edit[] }, key: string): Response {
    this.asked.push(body);
    const mishap = this.mishaps.shift();
    if (mishap === 'offline') throw new TypeError('Failed to fetch');
    if (mishap instanceof Response) return mishap;
    const known = this.revisions.findIndex((revision) => revision.key === key);
    if (known < 0 && body.base !== this.latest) return this.#conflict();
    if (known < 0) this.revisions.push({ edits: body.edits, key });
    if (mishap === 'lost') throw new TypeError('Failed to fetch');
    const number = known < 0 ? this.latest : known;
    const added = body.edits.filter(({ op }) => op === 'add').map(() => `t1e${number}`);
    return Response.json(
      {
        revision: { number, summary: '', created_at: '' },
        added,
        tab: tabOf(`revision ${number}`),
        alphatex: `drawn ${number}`,
      },
      { status: 201 },
    );
  }

  #conflict(): Response {
    const latest = { number: this.latest, summary: 'Deleted 1 note', created_at: '' };
    return problem(409, 'revision-conflict', { latest });
  }
}

function problem(status: number, code: string, more: object = {}): Response {
  const body = { detail: `refused: ${code}`, status, code, request_id: 'r', errors: [], ...more };
  return Response.json(body, { status });
}

let service: ScriptedService;
let closing: (() => void)[];

async function openEditor(): Promise<Editor> {
  const score = new Score(SONG);
  await score.load();
  const editor = new Editor(score);
  closing.push(editor.open());
  return editor;
}

async function saved(editor: Editor): Promise<void> {
  await until(() => expect(editor.saving).toBe('saved'));
  await until(() => expect(editor.score.revision).toBe(service.latest));
}

beforeEach(() => {
  service = new ScriptedService();
  closing = [];
  localStorage.clear();
  vi.stubGlobal('fetch', (request: Request) => service.fetch(request));
});

afterEach(() => {
  for (const close of closing) close();
  vi.unstubAllGlobals();
});

test('a change is saved as a revision of what is shown, and then shown', async () => {
  const editor = await openEditor();
  editor.change(MOVE);
  expect(editor.saving).toBe('saving');
  await saved(editor);
  expect(service.asked).toEqual([{ base: 0, edits: [MOVE] }]);
  expect(editor.score.alphaTex).toBe('drawn 1');
  expect(editor.score.tab?.source.title).toBe('revision 1');
});

test('what is on its way shows already in the track that is edited', async () => {
  const editor = await openEditor();
  editor.change(MOVE);
  expect(editor.track?.notes[0]).toMatchObject({ string: 2, fret: 6, pitch: 65 });
});

test('quick changes are saved one after another, each on top of the one before', async () => {
  const editor = await openEditor();
  editor.change(MOVE);
  editor.change(DELETE);
  editor.change({ op: 'title', title: 'Porch' });
  await saved(editor);
  expect(service.asked.map(({ base }) => base)).toEqual([0, 1, 2]);
});

test('undo and redo go through all changes by restoring revisions', async () => {
  const editor = await openEditor();
  editor.change(MOVE);
  editor.change(DELETE);
  await saved(editor);
  editor.undo();
  editor.undo();
  expect(editor.canUndo).toBe(false);
  await saved(editor);
  editor.redo();
  await saved(editor);
  expect(service.asked.slice(2).map(({ edits }) => edits)).toEqual([
    [{ op: 'restore', revision: 1 }],
    [{ op: 'restore', revision: 0 }],
    [{ op: 'restore', revision: 1 }],
  ]);
  expect(editor.canRedo).toBe(true);
});

test('a change after an undo takes the place of what was undone', async () => {
  const editor = await openEditor();
  editor.change(MOVE);
  await saved(editor);
  editor.undo();
  editor.change(DELETE);
  await saved(editor);
  expect(editor.canRedo).toBe(false);
  editor.undo();
  await saved(editor);
  expect(service.asked.at(-1)?.edits).toEqual([{ op: 'restore', revision: 2 }]);
});

test('without a connection changes wait, and are saved when it is back', async () => {
  const editor = await openEditor();
  service.mishaps = ['offline'];
  editor.change(MOVE);
  editor.change(DELETE);
  await until(() => expect(editor.saving).toBe('away'));
  expect(editor.waiting).toBe(2);
  dispatchEvent(new Event('online'));
  await saved(editor);
  expect(service.revisions.map(({ edits }) => edits)).toEqual([[], [MOVE], [DELETE]]);
});

test('undoing a change that was not sent yet just takes it back', async () => {
  const editor = await openEditor();
  service.mishaps = ['offline'];
  editor.change(MOVE);
  editor.change(DELETE);
  await until(() => expect(editor.saving).toBe('away'));
  editor.undo();
  expect(editor.waiting).toBe(1);
  editor.retry();
  await saved(editor);
  expect(service.revisions.map(({ edits }) => edits)).toEqual([[], [MOVE]]);
});

test('a change whose answer was lost is not made twice', async () => {
  const editor = await openEditor();
  service.mishaps = ['lost'];
  editor.change(MOVE);
  await until(() => expect(editor.saving).toBe('away'));
  editor.change(DELETE);
  editor.retry();
  await saved(editor);
  expect(service.revisions.map(({ edits }) => edits)).toEqual([[], [MOVE], [DELETE]]);
});

test('signed out in the middle of an edit, the change waits for the sign-in', async () => {
  const editor = await openEditor();
  service.mishaps = [problem(401, 'not-signed-in')];
  editor.change(MOVE);
  await until(() => expect(editor.saving).toBe('signed-out'));
  editor.retry();
  await saved(editor);
  expect(service.latest).toBe(1);
});

test('what was not saved is saved by the next page of the song', async () => {
  const first = await openEditor();
  service.mishaps = ['offline'];
  first.change(MOVE);
  await until(() => expect(first.saving).toBe('away'));
  closing.pop()?.();
  const second = await openEditor();
  await until(() => expect(service.latest).toBe(1));
  await saved(second);
  expect(localStorage).toHaveLength(0);
});

test('a refused change says why, and the others are saved', async () => {
  const editor = await openEditor();
  service.mishaps = [problem(422, 'edit-refused')];
  editor.change(MOVE);
  editor.change(DELETE);
  await saved(editor);
  expect(editor.refusal).toBe('refused: edit-refused');
  expect(service.revisions.map(({ edits }) => edits)).toEqual([[], [DELETE]]);
  editor.undo();
  expect(editor.canUndo).toBe(false);
});

async function conflicting(): Promise<Editor> {
  const editor = await openEditor();
  service.revisions.push({ edits: [DELETE], key: 'theirs' });
  editor.change(MOVE);
  await until(() => expect(editor.saving).toBe('conflict'));
  return editor;
}

test('changed elsewhere: says what they did and keeps mine', async () => {
  const editor = await conflicting();
  expect(editor.theirs).toMatchObject({ number: 1, summary: 'Deleted 1 note' });
  expect(editor.waiting).toBe(1);
});

test('changed elsewhere: mine can be put on top', async () => {
  const editor = await conflicting();
  await editor.putMineOnTop();
  await saved(editor);
  expect(service.asked.at(-1)).toEqual({ base: 1, edits: [MOVE] });
});

test('changed elsewhere: theirs can be shown, and mine brought back with redo', async () => {
  const editor = await conflicting();
  await editor.showTheirs();
  await saved(editor);
  expect(editor.score.revision).toBe(1);
  editor.redo();
  await saved(editor);
  expect(service.asked.at(-1)).toEqual({ base: 1, edits: [MOVE] });
});

test('undo and redo are seen before the service has answered', async () => {
  const editor = await openEditor();
  const before = editor.track;
  editor.change(MOVE);
  await saved(editor);
  const after = editor.track;
  expect(after).not.toBe(before);
  editor.undo();
  expect(editor.track).toBe(before);
  await saved(editor);
  editor.redo();
  expect(editor.track).toBe(after);
  await saved(editor);
});

test('an added note can be edited before the service has named it', async () => {
  const editor = await openEditor();
  const add: MusicEdit = {
    op: 'add',
    track: 1,
    measure: 1,
    position: [1, 1],
    length: [1, 1],
    string: 3,
    fret: 2,
  };
  const id = `new:${editor.change(add)}`;
  editor.score.selection = new Set([id]);
  expect(editor.selected).toMatchObject([{ string: 3, fret: 2 }]);
  editor.change({ op: 'place', note: id, string: 3, fret: 4 });
  await saved(editor);
  expect(service.asked[1]?.edits).toEqual([{ op: 'place', note: 't1e1', string: 3, fret: 4 }]);
  expect([...editor.score.selection]).toEqual(['t1e1']);
});

test('a page without changes of its own follows the others', async () => {
  const [first, second] = [await openEditor(), await openEditor()];
  first.change(MOVE);
  await saved(first);
  await until(() => expect(second.score.revision).toBe(1));
  expect(second.followed).toBe(true);
});
