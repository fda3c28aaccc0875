/** What can be done with the selected notes, and how the selection moves. Each is one change with one undo. */
import type { Tab, TabNote } from '$lib/services/api';
import { afterNote, atMoment, besideNote } from '$lib/editing/adding';
import type { MusicEdit, TechniqueKind, Track } from '$lib/editing/edits';
import * as lengths from '$lib/editing/lengths';
import { highestFret, neighbour, octave, onString, type Place } from '$lib/editing/neck';
import { placeholderId } from '$lib/editing/optimistic';
import { between, isDoubtful, nextDoubtful, noteAt, stepped } from '$lib/editing/selecting';
import type { Editor } from './editor.svelte';
import type { Player } from './player.svelte';
import { settings } from './settings.svelte';

/** So long a second digit may follow the first. */
const SECOND_DIGIT_MS = 700;
/** Typed before the number of a string. */
const STRING = 's';
/** A full bend. */
const FULL_BEND = 2;

export class NoteActions {
  /** What was typed and is not complete: the first digit of a fret, or that a string follows. */
  typed = $state('');
  /** For fingers: the next note touched is the last one of several. */
  selectsSeveral = $state(false);
  #typing: ReturnType<typeof setTimeout> | undefined;
  /** Where a selection of several started, and the note it was moved to last. */
  #anchor = '';
  #reached = '';
  /** The selection as it was last seen. */
  #known: ReadonlySet<string> = new Set();

  constructor(
    readonly editor: Editor,
    readonly player: Player,
  ) {}

  get notes(): TabNote[] {
    return this.editor.selected;
  }

  get note(): TabNote | undefined {
    return this.notes[0];
  }

  get track(): Track | null {
    return this.editor.track;
  }

  /** Notes that are shown, in order. */
  get #shown(): TabNote[] {
    return this.track?.notes.filter(({ confidence }) => confidence >= settings.device.minConfidence) ?? [];
  }

  /** The chord that the first selected note is played in. */
  get chord(): Tab['chords'][number] | undefined {
    const { note } = this;
    const chords = this.editor.score.tab?.chords ?? [];
    return chords.find(({ onset, end }) => note && onset <= note.onset && note.onset < end);
  }

  get doubtful(): number {
    return this.#shown.filter(isDoubtful).length;
  }

  // ------------------------------------------------------------ the selection

  select(note: TabNote | undefined): void {
    if (!note) return;
    this.#finishTyping();
    this.#anchor = note.id;
    this.#reached = note.id;
    this.#choose([note]);
    this.#follow(note);
  }

  clear(): void {
    this.#finishTyping();
    this.selectsSeveral = false;
    this.#choose([]);
  }

  /** Notes were chosen on the tab: with one more, or when several are wanted, all from the first one to it. */
  selectionChanged(now: ReadonlySet<string>): void {
    if (now === this.#known) return;
    const { size } = this.#known;
    const isExtended = size > 0 && (now.size > size || this.selectsSeveral);
    const clicked = [...now].at(-1) ?? '';
    this.#known = now;
    this.#finishTyping();
    const range = isExtended ? between(this.#shown, this.#anchor, clicked) : [];
    if (range.length > 1) this.#choose(range);
    else this.#anchor = clicked;
    this.#reached = clicked;
    if (now.size === 0) this.selectsSeveral = false;
  }

  /** To the next note, or back; `extend` keeps those passed selected. */
  step(by: 1 | -1, extend: boolean): void {
    const next = stepped(this.#shown, this.#reached, by);
    if (!extend || !next) return this.select(next);
    this.#finishTyping();
    this.#choose(between(this.#shown, this.#anchor, next.id));
    this.#reached = next.id;
    this.#follow(next);
  }

  selectAtCursor(): void {
    this.select(noteAt(this.#shown, this.player.position - this.#start));
  }

  nextDoubtful(by: 1 | -1): void {
    this.select(nextDoubtful(this.#shown, this.notes.at(by > 0 ? -1 : 0)?.id, by));
  }

  #choose(notes: readonly { id: string }[]): void {
    this.#known = new Set(notes.map(({ id }) => id));
    this.editor.score.selection = this.#known;
  }

  get #start(): number {
    return this.editor.score.start;
  }

  /** What is played starts where one edits; music that plays is left alone. */
  #follow(note: TabNote): void {
    if (!this.player.playing) this.player.seek(note.onset + this.#start);
  }

  // ------------------------------------------------------------ where notes are played

  place({ string, fret }: Place): void {
    const { note } = this;
    if (!note || (note.string === string && note.fret === fret)) return;
    this.#change([{ op: 'place', note: note.id, string, fret }]);
  }

  /** The same pitch one string higher (-1) or lower (1). */
  otherString(by: 1 | -1): void {
    this.#placeAll((track, note) => neighbour(track, note, by));
  }

  moveToString(string: number): void {
    if (string < 1 || string > (this.track?.tuning.length ?? 0)) return;
    this.#placeAll((track, note) => onString(track, note, string) ?? { string, fret: note.fret ?? 0 });
  }

  octave(by: 1 | -1): void {
    this.#placeAll((track, note) => octave(track, note, by));
  }

  #placeAll(placeOf: (track: Track, note: TabNote) => Place | undefined): void {
    const { track } = this;
    if (!track) return;
    const edits = this.notes.flatMap((note): MusicEdit[] => {
      const place = placeOf(track, note);
      if (!place || (place.string === note.string && place.fret === note.fret)) return [];
      return [{ op: 'place', note: note.id, ...place }];
    });
    this.#change(edits);
  }

  /** The next digit names a string. */
  nameString(): void {
    this.#finishTyping();
    this.typed = STRING;
  }

  /** A digit: the fret of one note, the position of several. A second one may follow 1 and 2. */
  type(digit: string): void {
    const before = this.typed;
    clearTimeout(this.#typing);
    this.typed = '';
    if (before === STRING) return this.moveToString(Number(digit));
    const whole = before + digit;
    const highest = this.track ? highestFret(this.track) : 0;
    if (Number(whole) > highest) return;
    if (whole.length === 1 && Number(whole) > 0 && Number(whole) * 10 <= highest) {
      this.typed = whole;
      this.#typing = setTimeout(() => this.#finishTyping(), SECOND_DIGIT_MS);
    } else this.#fret(Number(whole));
  }

  #finishTyping(): void {
    clearTimeout(this.#typing);
    const { typed } = this;
    this.typed = '';
    if (typed && typed !== STRING) this.#fret(Number(typed));
  }

  #fret(fret: number): void {
    const { note } = this;
    if (this.notes.length > 1) this.moveTo(fret);
    else if (note) this.place({ string: note.string ?? 1, fret });
  }

  /** Play the selected notes around a fret. */
  moveTo(fret: number): void {
    this.#change([{ op: 'passage', fret, notes: this.#ids, track: this.#trackNumber }]);
  }

  /** Play whole bars around a fret. */
  moveBars(from: number, to: number, fret: number): void {
    this.editor.change({ op: 'passage', fret, notes: [], measures: [from, to], track: this.#trackNumber });
  }

  // ------------------------------------------------------------ how they are written and played

  longer(): void {
    this.#lengths(lengths.longer);
  }

  shorter(): void {
    this.#lengths(lengths.shorter);
  }

  dot(): void {
    this.#lengths(lengths.dotted);
  }

  triplet(): void {
    this.#lengths(lengths.triplet);
  }

  #lengths(changed: (length: readonly number[]) => lengths.Quarters): void {
    const groups = new Map<string, { notes: string[]; length: lengths.Quarters }>();
    for (const { id, length } of this.notes) {
      const wanted = changed(length);
      if (lengths.valueOf(wanted) === lengths.valueOf(length)) continue;
      const group = groups.get(wanted.join('/')) ?? { notes: [], length: wanted };
      groups.set(wanted.join('/'), { ...group, notes: [...group.notes, id] });
    }
    this.#change([...groups.values()].map((group) => ({ op: 'length', ...group })));
  }

  has(kind: TechniqueKind): boolean {
    return (
      this.notes.length > 0 &&
      this.notes.every(({ techniques }) => techniques.some((one) => one.kind === kind))
    );
  }

  technique(kind: TechniqueKind): void {
    const on = !this.has(kind);
    const height = kind === 'bend' && on ? { semitones: FULL_BEND } : {};
    this.#change([{ op: 'technique', notes: this.#ids, technique: kind, on, ...height }]);
  }

  /** Hammer-on or pull-off: what goes up is hammered, what goes down pulled. */
  slur(): void {
    const kinds = (['hammer-on', 'pull-off'] as const).filter((kind) => this.has(kind));
    const kind = kinds[0] ?? (this.#goesDown() ? 'pull-off' : 'hammer-on');
    this.technique(kind);
  }

  #goesDown(): boolean {
    const { note } = this;
    const before = this.track?.notes.findLast(
      ({ id, string, onset }) => note && id !== note.id && string === note.string && onset < note.onset,
    );
    return (before?.fret ?? 0) > (note?.fret ?? 0);
  }

  // ------------------------------------------------------------ whether they are there

  /** Take the notes away; the next one is selected, so that one can go on. */
  remove(): void {
    const ids = new Set(this.#ids);
    const last = this.#shown.findLastIndex(({ id }) => ids.has(id));
    const next = this.#shown.slice(last + 1).find(({ id }) => !ids.has(id));
    this.#change([{ op: 'delete', notes: [...ids] }]);
    if (next) this.select(next);
    else this.clear();
  }

  /** Add a note beside the selected one, after it, or where the music is. It is selected, to be put right. */
  add(where: 'beside' | 'after'): void {
    const { note, track } = this;
    const { tab } = this.editor.score;
    if (!track || !tab) return;
    const number = this.#trackNumber;
    const edit = !note
      ? atMoment(tab, this.player.position - this.#start, number)
      : where === 'beside'
        ? besideNote(note, track, number)
        : afterNote(note, tab, number);
    if (!edit) return;
    this.#finishTyping();
    this.#choose([{ id: placeholderId(this.editor.change(edit)) }]);
  }

  /** The notes are right; on to the next doubtful one. */
  accept(): void {
    const doubtful = this.notes.filter(isDoubtful).map(({ id }) => id);
    if (doubtful.length === 0) return;
    const next = nextDoubtful(this.#shown, this.notes.at(-1)?.id, 1);
    this.#change([{ op: 'accept', notes: doubtful }]);
    this.select(next && !doubtful.includes(next.id) ? next : undefined);
  }

  // ------------------------------------------------------------ helpers

  get #ids(): string[] {
    return this.notes.map(({ id }) => id);
  }

  get #trackNumber(): number {
    return this.editor.score.trackIndex + 1;
  }

  #change(edits: MusicEdit[]): void {
    this.#finishTyping();
    if (edits.length > 0 && this.notes.length > 0) this.editor.change(...edits);
  }
}
