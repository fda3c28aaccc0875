/** Where things are on the drawn tab, in pixels from its upper left corner: from what alphaTab says it drew. */
import type { model, rendering } from '@coderline/alphatab';

const TICKS_PER_QUARTER = 960;
/** How far from a notehead's middle a click or tap still means it. */
const REACH_PX = 14;

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Place {
  barIndex: number;
  /** Quarter notes from the start of the bar. */
  quarters: number;
  head: model.Note | null;
}

export class Geometry {
  readonly #marks = new Map<number, Mark[]>();
  #stringSpacing: number | undefined;

  constructor(
    readonly lookup: rendering.BoundsLookup,
    private readonly barLength: (barIndex: number) => number,
  ) {}

  /** The line of the cursor at a written place: as high as its system. */
  cursorAt(barIndex: number, quarters: number): Box | null {
    const bar = this.lookup.findMasterBarByIndex(barIndex);
    if (!bar) return null;
    const { y, height } = systemBox(bar);
    const marks = this.#marksOf(bar);
    const next = Math.max(
      marks.findIndex((mark) => mark.quarters > quarters),
      1,
    );
    const [from, to] = [marks[next - 1], marks[next]] as [Mark, Mark];
    const share = Math.min(Math.max((quarters - from.quarters) / (to.quarters - from.quarters), 0), 1);
    return { x: from.x + share * (to.x - from.x), y, width: 0, height };
  }

  /** The whole of a bar. */
  barBox(barIndex: number): Box | null {
    const bar = this.lookup.findMasterBarByIndex(barIndex);
    if (!bar) return null;
    return { ...systemBox(bar), x: bar.visualBounds.x, width: bar.visualBounds.w };
  }

  /** One box per line of music that the bars cover. */
  rangeBoxes(firstBar: number, lastBar: number): Box[] {
    const boxes: Box[] = [];
    for (let index = firstBar; index <= lastBar; index++) {
      const box = this.barBox(index);
      const line = boxes.at(-1);
      if (box && line?.y === box.y) line.width = box.x + box.width - line.x;
      else if (box) boxes.push(box);
    }
    return boxes;
  }

  /** Where a notehead is drawn: once in each staff. */
  headBoxes(head: model.Note): Box[] {
    const beats = this.lookup.findBeats(head.beat) ?? [];
    const drawn = beats.flatMap(({ notes }) => notes ?? []).filter(({ note }) => note === head);
    return drawn.map(({ noteHeadBounds: { x, y, w, h } }) => ({ x, y, width: w, height: h }));
  }

  /** The middle of a string (1 is the highest) at a written place; null where no tab is drawn. */
  stringAt(barIndex: number, quarters: number, string: number): { x: number; y: number } | null {
    const at = this.cursorAt(barIndex, quarters);
    const bar = this.lookup.findMasterBarByIndex(barIndex);
    const line = bar && this.#lineIn(bar);
    return at && line ? { x: at.x, y: line.y + (string - line.string) * line.spacing } : null;
  }

  /** Any number in the tab of the bar's line of music tells where all strings are there. */
  #lineIn(bar: rendering.MasterBarBounds): { y: number; string: number; spacing: number } | null {
    const [head] = tabHeads(bar.staffSystemBounds?.bars ?? []);
    const spacing = this.#spacing();
    return head && spacing ? { ...head, spacing } : null;
  }

  #spacing(): number {
    if (this.#stringSpacing === undefined) {
      const heads = tabHeads(this.lookup.staffSystems[0]?.bars ?? []);
      const [first] = heads;
      const other = heads.find(({ string }) => string !== first?.string);
      this.#stringSpacing = first && other ? (other.y - first.y) / (other.string - first.string) : 0;
    }
    return this.#stringSpacing;
  }

  /** What is drawn at a point; null outside the music. */
  placeAt(x: number, y: number): Place | null {
    const bar = this.#barAt(x, y);
    if (!bar) return null;
    const marks = this.#marksOf(bar);
    const next = marks.findIndex((mark) => mark.x > x);
    const [from, to] = [marks[Math.max(next - 1, 0)], marks[Math.max(next, 1)]] as [Mark, Mark];
    const share = next < 0 ? 1 : Math.min(Math.max((x - from.x) / (to.x - from.x), 0), 1);
    const quarters = from.quarters + share * (to.quarters - from.quarters);
    return { barIndex: bar.index, quarters, head: nearestHead(bar, x, y) };
  }

  #barAt(x: number, y: number): rendering.MasterBarBounds | null {
    const system = this.lookup.staffSystems.find(
      ({ realBounds }) => y >= realBounds.y && y <= realBounds.y + realBounds.h,
    );
    return (
      system?.bars.find(({ realBounds }) => x >= realBounds.x && x < realBounds.x + realBounds.w) ?? null
    );
  }

  /** Beats of a bar from left to right, and its end. */
  #marksOf(bar: rendering.MasterBarBounds): Mark[] {
    let marks = this.#marks.get(bar.index);
    if (!marks) {
      marks = marksOf(bar, this.barLength(bar.index));
      this.#marks.set(bar.index, marks);
    }
    return marks;
  }
}

interface Mark {
  quarters: number;
  x: number;
}

function marksOf(bar: rendering.MasterBarBounds, barLength: number): Mark[] {
  const beats = bar.bars[0]?.beats ?? [];
  const marks = beats
    .map(({ beat, onNotesX }) => ({ quarters: beat.displayStart / TICKS_PER_QUARTER, x: onNotesX }))
    .sort((a, b) => a.quarters - b.quarters);
  const end = { quarters: barLength, x: bar.visualBounds.x + bar.visualBounds.w };
  if (marks[0]?.quarters !== 0) marks.unshift({ quarters: 0, x: bar.visualBounds.x });
  return [...marks.filter(({ quarters }) => quarters < barLength), end];
}

/** The numbers on the strings of some bars: their middles. The tab is the last of a bar's staves. */
function tabHeads(bars: rendering.MasterBarBounds[]): { y: number; string: number }[] {
  const beats = bars.flatMap(({ bars: staves }) => staves.at(-1)?.beats ?? []);
  return beats
    .flatMap(({ notes }) => notes ?? [])
    .filter(({ note }) => note.beat.voice.bar.staff.showTablature)
    .map(({ note, noteHeadBounds: { y, h } }) => ({
      y: y + h / 2,
      string: note.beat.voice.bar.staff.tuning.length - note.string + 1,
    }));
}

function systemBox(bar: rendering.MasterBarBounds): Box {
  const { x, y, w, h } = bar.visualBounds;
  return { x, y, width: w, height: h };
}

function nearestHead(bar: rendering.MasterBarBounds, x: number, y: number): model.Note | null {
  let best: { head: model.Note | null; distance: number } = { head: null, distance: REACH_PX };
  for (const { notes } of bar.bars.flatMap(({ beats }) => beats)) {
    for (const { note, noteHeadBounds: box } of notes ?? []) {
      const distance = Math.hypot(x - (box.x + box.w / 2), y - (box.y + box.h / 2));
      if (distance < best.distance) best = { head: note, distance };
    }
  }
  return best.head;
}
