/** How long it still takes, from how far it came in the time so far. Calm: round numbers that do not jump about. */

interface Sample {
  at: number;
  percent: number;
}

const LEAST_MS = 2500;
const LEAST_PERCENT = 5;
/** How much of the estimate is the newest one. */
const NEWEST = 0.3;

export class TimeLeft {
  #first: Sample | undefined;
  #last: Sample | undefined;
  #endsAt: number | undefined;

  /** Note how far it is; a step back (another attempt) begins anew. Moments are milliseconds. */
  note(percent: number, at: number): void {
    if (!this.#first || !this.#last || percent < this.#last.percent) {
      this.#first = this.#last = { at, percent };
      this.#endsAt = undefined;
      return;
    }
    if (percent === this.#last.percent) return;
    this.#last = { at, percent };
    const elapsed = at - this.#first.at;
    const done = percent - this.#first.percent;
    if (elapsed < LEAST_MS || done < LEAST_PERCENT) return;
    const endsAt = at + (elapsed / done) * (100 - percent);
    this.#endsAt = this.#endsAt === undefined ? endsAt : this.#endsAt * (1 - NEWEST) + endsAt * NEWEST;
  }

  /** Seconds still to go; null while nobody can tell. */
  seconds(at: number): number | null {
    return this.#endsAt === undefined ? null : Math.max(0, (this.#endsAt - at) / 1000);
  }
}
