/** How loud everything is: the recording, its instruments where it was taken apart, the synthesiser, the metronome. */
import { m } from '$messages';
import { failureOf, ServiceError } from '$lib/services/api';
import type { Stem } from '$lib/services/stems';
import type { Engine, Player } from './player.svelte';

export interface Level {
  /** 0 to 1. */
  volume: number;
  muted: boolean;
  solo: boolean;
}
export const FULL: Level = { volume: 1, muted: false, solo: false };

/** The instruments, each as loud as one likes. */
export interface Ensemble extends Engine {
  mix(gains: Readonly<Record<string, number>>): void;
  close(): void;
}

/** Where the instruments come from; the parts that need a browser and a service. */
export interface Stage {
  list(): Promise<Stem[]>;
  fetch(
    stems: readonly Stem[],
    tell: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<Map<string, Blob>>;
  gather(sounds: Map<string, Blob>): Ensemble;
}

/** How loud each instrument sounds: those alone, if any is to be heard alone. */
export function gainsOf(levels: Readonly<Record<string, Level>>): Record<string, number> {
  const isAnyAlone = Object.values(levels).some(({ solo }) => solo);
  const gain = ({ volume, muted, solo }: Level) => (muted || (isAnyAlone && !solo) ? 0 : volume);
  return Object.fromEntries(Object.entries(levels).map(([name, level]) => [name, gain(level)]));
}

export class Mixer {
  /** Null until they are asked for. */
  stems = $state.raw<readonly Stem[] | null>(null);
  levels = $state.raw<Readonly<Record<string, Level>>>({});
  /** What has come of the instruments, 0 to 1; null while they are not fetched. */
  loaded = $state<number | null>(null);
  /** Why they cannot be had. */
  failure = $state('');
  #ensemble = $state.raw<Ensemble | null>(null);
  #whole: Engine | undefined;
  #fetching: AbortController | null = null;

  constructor(
    private readonly player: Player,
    private readonly stage: Stage,
  ) {}

  /** The instruments are heard instead of the whole recording. */
  get isApart(): boolean {
    return this.#ensemble !== null;
  }

  /** Bytes of all instruments together. */
  get size(): number {
    return (this.stems ?? []).reduce((sum, { size_bytes }) => sum + size_bytes, 0);
  }

  /** Learn what instruments there are. */
  async list(): Promise<void> {
    if (this.stems) return;
    this.failure = '';
    try {
      this.stems = await this.stage.list();
      this.levels = Object.fromEntries(this.stems.map(({ name }) => [name, FULL]));
    } catch (error) {
      this.failure = failureOf(error).message;
    }
  }

  /** Make an instrument louder, softer, silent, or heard alone; they are fetched for the first change. */
  async change(name: string, change: Partial<Level>): Promise<void> {
    this.levels = { ...this.levels, [name]: { ...FULL, ...this.levels[name], ...change } };
    if (this.#ensemble) this.#ensemble.mix(gainsOf(this.levels));
    else await this.#takeApart();
  }

  async #takeApart(): Promise<void> {
    const { stems } = this;
    if (this.#fetching || !stems) return;
    this.failure = '';
    this.loaded = 0;
    this.#fetching = new AbortController();
    const { signal } = this.#fetching;
    try {
      const tell = (bytes: number) => (this.loaded = bytes / this.size);
      const ensemble = this.stage.gather(await this.stage.fetch(stems, tell, signal));
      await ensemble.load();
      if (signal.aborted) ensemble.close();
      else await this.#take(ensemble);
    } catch (error) {
      if (!signal.aborted) this.#giveUp(error);
    } finally {
      this.loaded = null;
      this.#fetching = null;
    }
  }

  /** The instruments sound instead of the recording, at the same place. */
  async #take(ensemble: Ensemble): Promise<void> {
    ensemble.mix(gainsOf(this.levels));
    this.#ensemble = ensemble;
    this.#whole = await this.player.replace('original', ensemble);
  }

  #giveUp(error: unknown): void {
    this.failure = error instanceof ServiceError ? error.message : m.play.volume.cannotPlay;
    this.#allFull();
  }

  #allFull(): void {
    this.levels = Object.fromEntries(Object.keys(this.levels).map((name) => [name, FULL]));
  }

  /** Everything as loud as in the recording: it is played itself again. */
  async reset(): Promise<void> {
    this.#fetching?.abort();
    this.#allFull();
    const ensemble = this.#ensemble;
    this.#ensemble = null;
    if (!ensemble) return;
    if (this.#whole) await this.player.replace('original', this.#whole);
    ensemble.close();
  }

  close(): void {
    this.#fetching?.abort();
    this.#ensemble?.close();
    this.#ensemble = null;
  }
}
