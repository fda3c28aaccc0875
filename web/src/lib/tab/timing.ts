/**
 * Where the music is at each moment: between seconds of the recording and written quarter notes from the start of
 * the piece, through the beats of the tab. The same curve as the service's tempo map, with swung off-beats where the
 * tab is written straight but played with swing. All seconds are those of the recording (`source.start` included).
 */
import type { Tab } from '$lib/services/api';

export interface Bar {
  /** From 0, as bars are counted in the score. */
  index: number;
  /** As written at the bar: from 1; a pickup is 0. */
  number: number;
  seconds: number;
  endSeconds: number;
  /** Quarter notes from the start of the piece. */
  start: number;
  length: number;
  /** Shorter than its time signature says. */
  isPickup: boolean;
}

export interface Click {
  seconds: number;
  isDownbeat: boolean;
}

export class Timing {
  readonly bars: readonly Bar[];
  /** Every felt beat. */
  readonly clicks: readonly Click[];
  readonly #seconds: number[];
  readonly #quarters: number[];
  readonly #swing: number | null;

  constructor(tab: Tab) {
    const offset = tab.source.start ?? 0;
    const beats = tab.beats.map(({ onset, position }) => ({
      at: onset + offset,
      quarters: fraction(position),
    }));
    this.#seconds = beats.map(({ at }) => at);
    this.#quarters = beats.map(({ quarters }) => quarters);
    this.#swing = tab.swing;
    this.bars = this.#barsOf(tab);
    const end = this.bars.at(-1)?.endSeconds ?? Infinity;
    this.clicks = tab.beats
      .map(({ onset, beat }) => ({ seconds: onset + offset, isDownbeat: beat === 1 }))
      .filter(({ seconds }) => seconds < end - 1e-6);
  }

  #barsOf(tab: Tab): Bar[] {
    return tab.measures.map((measure, index) => {
      const start = fraction(measure.start);
      const length = fraction(measure.length);
      const [seconds, endSeconds] = [this.secondsAt(start), this.secondsAt(start + length)];
      const [beats, value] = measure.time_signature as [number, number];
      const isPickup = length < (beats * 4) / value;
      return { index, number: measure.number, seconds, endSeconds, start, length, isPickup };
    });
  }

  /** Written quarters at a second of the recording; goes on straight before the first and after the last beat. */
  quartersAt(seconds: number): number {
    const quarters = interpolate(seconds, this.#seconds, this.#quarters);
    return this.#bent(quarters, (share, swing) =>
      share < swing ? (share / swing) * 0.5 : 0.5 + ((share - swing) / (1 - swing)) * 0.5,
    );
  }

  /** The inverse of `quartersAt`. */
  secondsAt(quarters: number): number {
    const straight = this.#bent(quarters, (share, swing) =>
      share < 0.5 ? share * 2 * swing : swing + (share - 0.5) * 2 * (1 - swing),
    );
    return interpolate(straight, this.#quarters, this.#seconds);
  }

  /** Move the middle of each beat to where the swing puts it, or back. */
  #bent(quarters: number, bend: (share: number, swing: number) => number): number {
    if (this.#swing === null) return quarters;
    const beat = Math.floor(quarters);
    return beat + bend(quarters - beat, this.#swing);
  }

  /** The bar that sounds at a second of the recording; the first or last one outside the piece. */
  barAt(seconds: number): Bar {
    return this.bars[lastAtMost(seconds + 1e-6, this.bars, (bar) => bar.seconds)] as Bar;
  }

  /** The beats in [from, to) seconds. */
  clicksBetween(from: number, to: number): Click[] {
    return this.clicks.filter(({ seconds }) => seconds >= from && seconds < to);
  }

  /** A whole bar of beats at the tempo of the bar that sounds: for counting in. */
  countInAt(seconds: number): { beats: number; secondsPerBeat: number } {
    const bar = this.barAt(seconds);
    const full = bar.isPickup ? (this.bars[bar.index + 1] ?? bar) : bar;
    const beats = Math.max(this.clicksBetween(full.seconds - 1e-6, full.endSeconds - 1e-6).length, 1);
    return { beats, secondsPerBeat: (full.endSeconds - full.seconds) / beats };
  }
}

/** A fraction [numerator, denominator] of the tab as a number. */
export function fraction([numerator = 0, denominator = 1]: readonly number[]): number {
  return numerator / denominator;
}

/** Piecewise linear, extrapolated at both ends; `xs` rises strictly and has at least two values. */
function interpolate(x: number, xs: readonly number[], ys: readonly number[]): number {
  const index = Math.min(
    lastAtMost(x, xs, (value) => value),
    xs.length - 2,
  );
  const [x0, x1, y0, y1] = [xs[index], xs[index + 1], ys[index], ys[index + 1]] as [
    number,
    number,
    number,
    number,
  ];
  return y0 + ((x - x0) * (y1 - y0)) / (x1 - x0);
}

/** Index of the last item whose key is at most `x`; 0 when there is none. */
function lastAtMost<T>(x: number, items: readonly T[], keyOf: (item: T) => number): number {
  let [low, high] = [0, items.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (keyOf(items[middle] as T) <= x) low = middle;
    else high = middle - 1;
  }
  return low;
}
