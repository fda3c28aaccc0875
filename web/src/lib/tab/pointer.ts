/**
 * What the pointer does on the drawn tab: a click selects the note and goes there, a drag with the mouse over bars
 * loops them. Touch only taps; its drags scroll.
 */
import type { model } from '@coderline/alphatab';
import type { Place } from './geometry';

interface TabActions {
  placeAt(x: number, y: number): Place | null;
  secondsOf(place: Place): number;
  /** Select the note of a notehead, besides the others or instead of them; null: nothing. */
  select(head: model.Note | null, extend: boolean): void;
  seek(seconds: number): void;
  loop(fromSeconds: number, toSeconds: number): void;
}

/** A pointer that moves less than this clicks. */
const DRAG_PX = 8;

export class TabPointer {
  #start: { x: number; y: number; place: Place } | null = null;
  #dragging = false;

  constructor(private readonly actions: TabActions) {}

  down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const { x, y } = within(event);
    const place = this.actions.placeAt(x, y);
    this.#dragging = false;
    this.#start = place && { x: event.clientX, y: event.clientY, place };
  };

  move = (event: PointerEvent): void => {
    if (!this.#start || event.pointerType !== 'mouse') return;
    const moved = Math.hypot(event.clientX - this.#start.x, event.clientY - this.#start.y);
    if (moved < DRAG_PX && !this.#dragging) return;
    if (!this.#dragging) capture(event);
    this.#dragging = true;
    const { x, y } = within(event);
    const place = this.actions.placeAt(x, y);
    if (place) this.actions.loop(this.#seconds(this.#start.place), this.#seconds(place));
  };

  up = (event: PointerEvent): void => {
    const start = this.#start;
    this.#start = null;
    if (!start || this.#dragging) return;
    if (Math.hypot(event.clientX - start.x, event.clientY - start.y) > DRAG_PX) return;
    const { head } = start.place;
    this.actions.select(head, event.shiftKey);
    this.actions.seek(this.#seconds(head ? { ...start.place, quarters: headQuarters(head) } : start.place));
  };

  cancel = (): void => {
    this.#start = null;
  };

  #seconds(place: Place): number {
    return this.actions.secondsOf(place);
  }
}

const TICKS_PER_QUARTER = 960;
const headQuarters = (head: model.Note) => head.beat.displayStart / TICKS_PER_QUARTER;

function capture({ currentTarget, pointerId }: PointerEvent): void {
  (currentTarget as Element).setPointerCapture(pointerId);
}

function within({ currentTarget, clientX, clientY }: PointerEvent): { x: number; y: number } {
  const { left, top } = (currentTarget as Element).getBoundingClientRect();
  return { x: clientX - left, y: clientY - top };
}
