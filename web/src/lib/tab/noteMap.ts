/**
 * Which note of the tab each drawn notehead is. alphaTex has no ids, so a notehead is found again by track, bar,
 * string and position in the bar; a tied notehead is the note it continues.
 */
import type { model } from '@coderline/alphatab';
import type { Tab, TabNote } from '$lib/services/api';
import { fraction } from './timing';

const TICKS_PER_QUARTER = 960;
/** alphaTab rounds tuplets to whole ticks, so a position may be off by a few: far less than the shortest note. */
const TOLERANCE_TICKS = 12;

type Drawn = model.Note;

export class NoteMap {
  readonly #ids = new Map<Drawn, string>();
  readonly #heads = new Map<string, Drawn[]>();
  readonly #notes = new Map<string, TabNote>();

  constructor(tab: Tab, score: model.Score) {
    tab.tracks.forEach((track, trackIndex) => {
      const places = placesOf(tab, trackIndex);
      for (const note of track.notes) this.#notes.set(note.id, note);
      for (const head of headsOf(score, trackIndex))
        this.#pair(head, idOf(head, track.tuning.length, places));
    });
  }

  #pair(head: Drawn, id: string | undefined): void {
    if (id === undefined) return;
    this.#ids.set(head, id);
    const heads = this.#heads.get(id);
    if (heads) heads.push(head);
    else this.#heads.set(id, [head]);
  }

  /** The id in the tab of a drawn notehead. */
  idOf(head: Drawn): string | undefined {
    return this.#ids.get(head);
  }

  /** The note of the tab that a notehead shows. */
  noteOf(head: Drawn): TabNote | undefined {
    const id = this.#ids.get(head);
    return id === undefined ? undefined : this.#notes.get(id);
  }

  /** The noteheads of a note, in order: one, or several joined by ties; none when it cannot be fretted. */
  headsOf(id: string): readonly Drawn[] {
    return this.#heads.get(id) ?? [];
  }

  /** All noteheads with the notes they show. */
  *pairs(): Generator<[Drawn, TabNote]> {
    for (const [head, id] of this.#ids) yield [head, this.#notes.get(id) as TabNote];
  }
}

type Places = Map<string, { ticks: number; id: string }[]>;
const placeKey = (barIndex: number, string: number) => `${barIndex}/${string}`;

function placesOf(tab: Tab, trackIndex: number): Places {
  const barIndexOf = new Map(tab.measures.map(({ number }, index) => [number, index]));
  const places: Places = new Map();
  for (const note of tab.tracks[trackIndex]?.notes ?? []) {
    if (note.string === null) continue;
    const key = placeKey(barIndexOf.get(note.measure) ?? -1, note.string);
    const found = { ticks: fraction(note.position) * TICKS_PER_QUARTER, id: note.id };
    places.set(key, [...(places.get(key) ?? []), found]);
  }
  return places;
}

function* headsOf(score: model.Score, trackIndex: number): Generator<Drawn> {
  for (const staff of score.tracks[trackIndex]?.staves ?? []) {
    for (const bar of staff.bars) {
      for (const voice of bar.voices) for (const beat of voice.beats) yield* beat.notes;
    }
  }
}

function idOf(head: Drawn, strings: number, places: Places): string | undefined {
  const first = firstOfTie(head);
  const { beat } = first;
  const there = places.get(placeKey(beat.voice.bar.index, strings - first.string + 1)) ?? [];
  return there.find(({ ticks }) => Math.abs(ticks - beat.displayStart) <= TOLERANCE_TICKS)?.id;
}

function firstOfTie(head: Drawn): Drawn {
  let first = head;
  while (first.tieOrigin) first = first.tieOrigin;
  return first;
}
