/** Notes in words: what is read at the top of the tools, and by screen readers. */
import type { TabNote } from '$lib/services/api';
import { m } from '$messages';
import { dotted, isDotted, isTriplet, triplet, valueOf } from './lengths';
import { pitchName, writtenPitch } from './neck';

function lengthName(length: readonly number[]): string {
  const words = m.editor.note;
  const plain = isDotted(length) ? dotted(length) : isTriplet(length) ? triplet(length) : length;
  const value = words.values[valueOf(plain)];
  if (!value) return words.tied;
  if (isDotted(length)) return words.dottedValue(value);
  return isTriplet(length) ? words.tripletValue(value) : value;
}

function noteName(note: TabNote): string {
  const words = m.editor.note;
  const name = pitchName(writtenPitch(note));
  if (note.string === null || note.fret === null) return words.nowhere(name);
  return words.where(name, note.string, note.fret);
}

/** One note with its place, or how many. */
export function selectionName(notes: readonly TabNote[]): string {
  const words = m.editor.note;
  const [first, last] = [notes[0], notes.at(-1)];
  if (!first || !last) return '';
  if (notes.length > 1) return `${words.many(notes.length)} · ${words.bars(first.measure, last.measure)}`;
  return `${noteName(first)} · ${lengthName(first.length)} · ${words.bar(first.measure)}`;
}
