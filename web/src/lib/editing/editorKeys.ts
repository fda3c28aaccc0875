/** The keys of editing. Those of a note do nothing while none is selected, so that the player has them. */
import { m } from '$messages';
import type { Shortcut } from '$lib/services/shortcuts';
import type { Editor } from '$lib/stores/editor.svelte';
import type { NoteActions } from '$lib/stores/noteActions.svelte';

interface Doors {
  openSong(): void;
  openChord(): void;
}
const DIGITS = [...'0123456789'];
const OWN_SIGNS = /[\d/+=.,~-]/;

export function editorKeys(editor: Editor, actions: NoteActions, doors: Doors): Shortcut[] {
  const { keys } = m.editor;

  const always = (names: string[], label: string, run: (event: KeyboardEvent) => void): Shortcut => ({
    keys: names,
    label,
    run,
  });
  const ofNote = (names: string[], label: string, run: (event: KeyboardEvent) => void): Shortcut => ({
    keys: names,
    label,
    run: (event) => {
      if (actions.notes.length === 0) return false;
      run(event);
      return true;
    },
  });
  return [
    always(['z'], keys.undo, ({ shiftKey }) => (shiftKey ? editor.redo() : editor.undo())),
    always(['e'], keys.edit, () => (actions.note ? actions.clear() : actions.selectAtCursor())),
    always(['d'], keys.doubtful, ({ shiftKey }) => actions.nextDoubtful(shiftKey ? -1 : 1)),
    always(['t'], keys.song, doors.openSong),
    always(['n'], keys.add, ({ shiftKey }) => actions.add(shiftKey ? 'after' : 'beside')),
    ofNote(['ArrowLeft', 'ArrowRight'], keys.step, ({ key, shiftKey }) =>
      actions.step(key === 'ArrowLeft' ? -1 : 1, shiftKey),
    ),
    ofNote(['ArrowUp', 'ArrowDown'], keys.string, ({ key, shiftKey }) => {
      const up = key === 'ArrowUp';
      if (shiftKey) actions.octave(up ? 1 : -1);
      else actions.otherString(up ? -1 : 1);
    }),
    ofNote(DIGITS, keys.fret, ({ key }) => actions.type(key)),
    ofNote(['s'], keys.toString, () => actions.nameString()),
    ofNote(['+', '='], keys.longer, () => actions.longer()),
    ofNote(['-', '−'], keys.shorter, () => actions.shorter()),
    ofNote(['.'], keys.dot, () => actions.dot()),
    ofNote([','], keys.triplet, () => actions.triplet()),
    ofNote(['h'], keys.slur, () => actions.slur()),
    ofNote(['p'], keys.palmMute, ({ shiftKey }) =>
      shiftKey ? actions.technique('palm-mute') : actions.slur(),
    ),
    ofNote(['/'], keys.slide, () => actions.technique('slide')),
    ofNote(['b'], keys.bend, () => actions.technique('bend')),
    ofNote(['v', '~'], keys.vibrato, () => actions.technique('vibrato')),
    ofNote(['x'], keys.dead, () => actions.technique('dead-note')),
    ofNote(['r'], keys.letRing, () => actions.technique('let-ring')),
    ofNote(['o'], keys.harmonic, () => actions.technique('harmonic')),
    ofNote(['Delete', 'Backspace'], keys.remove, () => actions.remove()),
    ofNote(['a', 'Enter'], keys.accept, () => actions.accept()),
    ofNote(['k'], keys.chord, doors.openChord),
    ofNote(['Escape'], keys.done, () => actions.clear()),
  ];
}

/** Keys together with others, which are no plain shortcuts: true when it was one. */
export function pressedWithOthers(event: KeyboardEvent, editor: Editor, actions: NoteActions): boolean {
  const { code, key, shiftKey } = event;
  if (event.ctrlKey || event.metaKey) {
    if (key.toLowerCase() !== 'z' && key.toLowerCase() !== 'y') return false;
    if (shiftKey || key.toLowerCase() === 'y') editor.redo();
    else editor.undo();
    return true;
  }
  // What Shift and a digit write is different on every keyboard; the key is the same.
  const string = /^Digit([1-8])$/.exec(code)?.[1];
  if (!shiftKey || event.altKey || !string || OWN_SIGNS.test(key) || actions.notes.length === 0) return false;
  actions.moveToString(Number(string));
  return true;
}
