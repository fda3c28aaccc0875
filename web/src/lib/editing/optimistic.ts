/**
 * A track as it will be when edits that are on their way are saved: enough to go on editing without waiting. What
 * only the service can know (fingerings found anew, the tempo) follows with its answer.
 */
import type { TabNote } from '$lib/services/api';
import type { MusicEdit, TechniqueKind, Track } from './edits';
import { pitchAt } from './neck';

/** Stands for a note that a change adds until the service has told its id. */
export function placeholderId(change: string): string {
  return `new:${change}`;
}

export function withEdits(track: Track, number: number, edits: { change: string; edit: MusicEdit }[]): Track {
  if (edits.length === 0) return track;
  let notes = track.notes;
  for (const { change, edit } of edits) notes = applied(notes, track, number, change, edit);
  return { ...track, notes };
}

function applied(notes: TabNote[], track: Track, number: number, change: string, edit: MusicEdit): TabNote[] {
  switch (edit.op) {
    case 'place':
      return changed(notes, [edit.note], () => placed(track, edit));
    case 'length':
      return changed(notes, edit.notes, () => ({ length: [...edit.length] }));
    case 'accept':
      return changed(notes, edit.notes, () => ({ confidence: 1 }));
    case 'technique':
      return changed(notes, edit.notes, (note) => ({
        techniques: marked(note, edit.technique, edit.on),
      }));
    case 'delete':
      return notes.filter((note) => !edit.notes.includes(note.id));
    case 'add':
      return edit.track === number ? added(notes, track, change, edit) : notes;
    default:
      return notes;
  }
}

function changed(notes: TabNote[], ids: string[], into: (note: TabNote) => Partial<TabNote>): TabNote[] {
  const wanted = new Set(ids);
  return notes.map((note) => (wanted.has(note.id) ? { ...note, ...into(note) } : note));
}

function placed(track: Track, place: { string: number; fret: number }): Partial<TabNote> {
  return { string: place.string, fret: place.fret, pitch: pitchAt(track, place), octave_shift: 0 };
}

function marked(note: TabNote, kind: TechniqueKind, on: boolean): TabNote['techniques'] {
  const others = note.techniques.filter((technique) => technique.kind !== kind);
  return on ? [{ kind, confidence: 1 }, ...others] : others;
}

/** The new note stands right behind those of its beat. */
function added(
  notes: TabNote[],
  track: Track,
  change: string,
  edit: Extract<MusicEdit, { op: 'add' }>,
): TabNote[] {
  const sameBeat = (note: TabNote) => note.measure === edit.measure && same(note.position, edit.position);
  const beside = notes.findLast(sameBeat) ?? notes.findLast((note) => note.measure <= edit.measure);
  const note: TabNote = {
    id: placeholderId(change),
    onset: beside?.onset ?? 0,
    duration: beside?.duration ?? 0,
    pitch: pitchAt(track, edit),
    string: edit.string,
    fret: edit.fret,
    velocity: 1,
    confidence: 1,
    measure: edit.measure,
    position: [...edit.position],
    length: [...edit.length],
    tied: false,
    techniques: [],
  };
  const at = beside ? notes.indexOf(beside) + 1 : 0;
  return [...notes.slice(0, at), note, ...notes.slice(at)];
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return (a[0] ?? 0) * (b[1] ?? 1) === (b[0] ?? 0) * (a[1] ?? 1);
}
