/**
 * Corrections that are not saved yet, kept on the device: they outlive a reload, a sign-in and a crash. Each open page
 * of a song has a place of its own; what a page that is gone has left is taken over by the next one.
 */
import { uniqueId } from './ids';

const PREFIX = 'genesis.unsaved';

export class Unsaved<T> {
  #key: string;
  #song: string;
  #release: (() => void) | undefined;

  constructor(transcriptionId: string) {
    this.#song = `${PREFIX}.${transcriptionId}.`;
    this.#key = this.#song + uniqueId();
  }

  /** Hold this page's place, and take over what an earlier page left, if any. */
  async open(): Promise<T | null> {
    void navigator.locks?.request(this.#key, () => new Promise<void>((done) => (this.#release = done)));
    for (const key of Object.keys(localStorage).filter((name) => name.startsWith(this.#song))) {
      const left = await whenFree(key, () => {
        const text = localStorage.getItem(key);
        localStorage.removeItem(key);
        return text;
      });
      if (left) return JSON.parse(left) as T;
    }
    return null;
  }

  keep(value: T): void {
    try {
      localStorage.setItem(this.#key, JSON.stringify(value));
    } catch {
      // The storage is full or forbidden: the open page still has them, and goes on trying to save.
    }
  }

  forget(): void {
    localStorage.removeItem(this.#key);
  }

  close(): void {
    this.#release?.();
  }
}

/** Do it unless another open page holds the place; pages on an address without HTTPS have no locks. */
async function whenFree<R>(key: string, take: () => R): Promise<R | null> {
  if (!navigator.locks) return take();
  return navigator.locks.request(key, { ifAvailable: true }, (lock) => (lock ? take() : null));
}
