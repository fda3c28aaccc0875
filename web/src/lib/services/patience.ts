/** Waiting for a network or a service that is away: tries again when the device is back online, or after a while. */

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15_000;

export class Patience {
  #waits = 0;
  #stop: (() => void) | undefined;

  /** Call `again` once, when it is worth another try; each wait is longer than the one before. */
  wait(again: () => void): void {
    this.stop();
    const stop = new AbortController();
    const now = () => {
      this.stop();
      again();
    };
    const timer = setTimeout(now, Math.min(FIRST_WAIT_MS * 2 ** this.#waits++, LONGEST_WAIT_MS));
    addEventListener('online', now, { signal: stop.signal });
    this.#stop = () => {
      clearTimeout(timer);
      stop.abort();
    };
  }

  /** It went well: the next wait is a short one again. */
  reset(): void {
    this.#waits = 0;
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}

/** Whether trying the same again may help: nobody answered, or the service says that it is its own fault. */
export function isPassing(status: number): boolean {
  return status === 0 || status === 429 || status >= 500;
}
