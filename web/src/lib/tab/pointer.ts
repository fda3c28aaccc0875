/**
 * What the pointer does on the drawn tab: a click selects the note and goes there, a drag over bars loops them. The
 * drags of a finger scroll, unless it rested first: then it loops too.
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
/** A finger that rests so long means to loop. */
const REST_MS = 450;

export class TabPointer {
  #start: { x: number; y: number; place: Place } | null = null;
  #dragging = false;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly actions: TabActions) {}

  down = (event: PointerEvent): void => {
    this.cancel();
    if (event.button !== 0 || !event.isPrimary) return;
    const { x, y } = within(event);
    const place = this.actions.placeAt(x, y);
    this.#dragging = false;
    this.#start = place && { x: event.clientX, y: event.clientY, place };
    if (place && event.pointerType !== 'mouse') this.#rest = setTimeout(() => this.#drag(place), REST_MS);
  };

  move = (event: PointerEvent): void => {
    if (!this.#start) return;
    const moved = Math.hypot(event.clientX - this.#start.x, event.clientY - this.#start.y);
    if (!this.#dragging) {
      if (moved < DRAG_PX) return;
      clearTimeout(this.#rest);
      if (event.pointerType !== 'mouse') return;
      capture(event);
    }
    const { x, y } = within(event);
    const place = this.actions.placeAt(x, y);
    if (place) this.#drag(place);
  };

  #drag(to: Place): void {
    if (!this.#start) return;
    this.#dragging = true;
    this.actions.loop(this.#seconds(this.#start.place), this.#seconds(to));
  }

  /** While a finger loops, the page does not scroll. For `touchmove`, not passive. */
  hold = (event: TouchEvent): void => {
    if (this.#dragging) event.preventDefault();
  };

  up = (event: PointerEvent): void => {
    const start = this.#start;
    const wasDragging = this.#dragging;
    this.cancel();
    if (!start || wasDragging) return;
    if (Math.hypot(event.clientX - start.x, event.clientY - start.y) > DRAG_PX) return;
    const { head } = start.place;
    this.actions.select(head, event.shiftKey);
    this.actions.seek(this.#seconds(head ? { ...start.place, quarters: headQuarters(head) } : start.place));
  };

  cancel = (): void => {
    clearTimeout(this.#rest);
    this.#start = null;
    this.#dragging = false;
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
