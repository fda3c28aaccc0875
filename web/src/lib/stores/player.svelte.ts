/**
 * What is heard and where we are in it. Seconds are those of the original recording; everything that follows the
 * music (cursor, chords, waveform) reads `position` and everything that leads it calls `seek`.
 */
import type { Bar, Timing } from '$lib/tab/timing';
import { settings } from './settings.svelte';

export type Source = 'original' | 'synth';
export interface Loop {
  start: number;
  end: number;
}

/** Something that sounds: the recording, or the tab played by a synthesiser. Seconds of the recording. */
export interface Engine {
  /** Get ready to play; may take a while the first time. Throws what the user should hear of. */
  load(): Promise<void>;
  play(): Promise<void>;
  pause(): void;
  seek(seconds: number): void;
  readonly seconds: number;
  /** Where it ends, if not with the recording. */
  readonly end?: number | undefined;
  speed: number;
  /** 0 to 1. */
  volume: number;
}

/** Clicks, with the music or before it. */
export interface Clicker {
  /** Click the beats that are about to sound, from where the music is now. */
  follow(timing: Timing, seconds: number, speed: number): void;
  /** Forget what was about to be clicked: the music jumped or stopped. */
  reset(): void;
  /** Click a bar ahead of the music; resolves when the music should start, false when it was stopped. */
  countIn(timing: Timing, seconds: number, speed: number): Promise<boolean>;
  /** 0 to 1. */
  volume: number;
}

const SLOWEST = 0.25;
const FASTEST = 2;
export const SPEED_STEP = 0.05;
const CLOCK_MS = 25;
/** Going back to the start of a bar, from later than this in it, stays in the bar. */
const BACK_GRACE_SECONDS = 0.6;

export class Player {
  position = $state(0);
  duration = $state(0);
  playing = $state(false);
  counting = $state(false);
  /** 0.25 to 2, at the same pitch. */
  speed = $state(settings.device.speed);
  /** Bars played over and over, as seconds; null: to the end. */
  loop = $state.raw<Loop | null>(null);
  /** The original recording, or the tab as a synthesiser plays it. */
  source = $state<Source>('original');
  /** A source is being made ready. */
  loading = $state(false);
  /** The synthesiser could not be made ready. */
  synthFailed = $state(false);
  timing = $state.raw<Timing | null>(null);
  #clicker: Clicker | null = null;
  #engines = $state.raw<Partial<Record<Source, Engine | undefined>>>({});
  #clock: ReturnType<typeof setInterval> | undefined;
  #frame = 0;

  get engine(): Engine | undefined {
    return this.#engines[this.source];
  }

  has(source: Source): boolean {
    return this.#engines[source] !== undefined;
  }

  get clicker(): Clicker | null {
    return this.#clicker;
  }

  set clicker(clicker: Clicker | null) {
    this.#clicker = clicker;
    if (clicker) clicker.volume = settings.device.volumes.metronome;
  }

  /** Where the music ends: what is heard may be shorter than the recording, or longer. */
  get end(): number {
    return this.engine?.end ?? this.duration;
  }

  /** Offer a source; returns how to take it away. */
  attach(source: Source, engine: Engine): () => void {
    this.#put(source, engine);
    return () => {
      if (this.source === source) this.pause();
      this.#engines = { ...this.#engines, [source]: undefined };
    };
  }

  #put(source: Source, engine: Engine): void {
    engine.speed = this.speed;
    engine.volume = settings.device.volumes[source];
    this.#engines = { ...this.#engines, [source]: engine };
  }

  /** Let something else sound for a source, at the same place; returns what sounded before. */
  async replace(source: Source, engine: Engine): Promise<Engine | undefined> {
    const before = this.#engines[source];
    const goesOn = this.playing && this.source === source;
    if (goesOn) this.pause();
    this.#put(source, engine);
    if (goesOn) await this.#start(false);
    return before;
  }

  /** How loud a source or the metronome is, 0 to 1; remembered. */
  setVolume(of: Source | 'metronome', volume: number): void {
    settings.set({ volumes: { ...settings.device.volumes, [of]: volume } });
    const sounding = of === 'metronome' ? this.clicker : this.#engines[of];
    if (sounding) sounding.volume = volume;
  }

  async play(): Promise<void> {
    await this.#start(settings.device.countIn);
  }

  async #start(countsIn: boolean): Promise<void> {
    if (!this.engine || this.playing || this.counting) return;
    await this.#prepare();
    const { engine } = this;
    if (!engine || this.playing || this.counting) return;
    if (this.position >= this.end - 0.05) this.seek(this.loop?.start ?? 0);
    if (countsIn && !(await this.#counted())) return;
    engine.seek(this.position);
    await engine.play();
    this.playing = true;
    this.#run();
  }

  /** Get what is to sound ready; without the synthesiser that is the recording. */
  async #prepare(): Promise<void> {
    const { engine, source } = this;
    this.loading = true;
    try {
      await engine?.load();
      if (source === 'synth') this.synthFailed = false;
    } catch (error) {
      this.synthFailed = source === 'synth';
      if (!this.synthFailed || !this.has('original')) throw error;
      this.source = 'original';
    } finally {
      this.loading = false;
    }
    if (this.engine) this.engine.speed = this.speed;
  }

  async #counted(): Promise<boolean> {
    if (!this.clicker || !this.timing) return true;
    this.counting = true;
    const goesOn = await this.clicker.countIn(this.timing, this.position, this.speed);
    this.counting = false;
    return goesOn;
  }

  pause(): void {
    this.clicker?.reset();
    this.engine?.pause();
    if (this.playing) this.position = Math.min(this.engine?.seconds ?? this.position, this.end);
    this.playing = false;
    this.counting = false;
    clearInterval(this.#clock);
    cancelAnimationFrame(this.#frame);
  }

  async toggle(): Promise<void> {
    if (this.playing || this.counting) this.pause();
    else await this.play();
  }

  /** Go to a second of the recording. Leaving the loop ends it. */
  seek(seconds: number): void {
    this.position = Math.min(Math.max(seconds, 0), this.end);
    if (this.loop && (this.position < this.loop.start - 0.01 || this.position >= this.loop.end))
      this.loop = null;
    this.engine?.seek(this.position);
    this.clicker?.reset();
  }

  /** Go on with another source at the same place. */
  async switchTo(source: Source): Promise<void> {
    if (source === this.source || !this.has(source)) return;
    const wasPlaying = this.playing;
    this.pause();
    this.source = source;
    if (wasPlaying) await this.#start(false);
    else await this.#prepare();
  }

  setSpeed(speed: number): void {
    this.speed = Math.round(Math.min(Math.max(speed, SLOWEST), FASTEST) * 100) / 100;
    settings.set({ speed: this.speed });
    if (this.engine) this.engine.speed = this.speed;
    this.clicker?.reset();
  }

  /** To the start of a bar, so many bars on (or back). */
  skipBars(by: number): void {
    if (!this.timing) return;
    const { bars } = this.timing;
    const bar = this.timing.barAt(this.position);
    const stays = by < 0 && this.position - bar.seconds > BACK_GRACE_SECONDS * this.speed;
    const index = Math.min(Math.max(bar.index + by + (stays ? 1 : 0), 0), bars.length - 1);
    this.seek(bars[index]?.seconds ?? 0);
  }

  /** Loop the bars that lie between two moments, whole. */
  loopBars(from: number, to: number): void {
    if (!this.timing) return;
    const [first, last] = [this.timing.barAt(Math.min(from, to)), this.timing.barAt(Math.max(from, to))];
    this.loop = { start: first.seconds, end: last.endSeconds };
    if (this.position < first.seconds || this.position >= last.endSeconds) this.seek(first.seconds);
  }

  /** The numbers of the first and the last bar of the loop. */
  get loopedBars(): { from: number; to: number } | null {
    const [first, last] = this.#loopEnds() ?? [];
    return first && last ? { from: first.number, to: last.number } : null;
  }

  #loopEnds(): [first: Bar, last: Bar] | null {
    const { loop, timing } = this;
    return loop && timing && [timing.barAt(loop.start), timing.barAt(loop.end - 1e-3)];
  }

  /** Let the loop end some bars later, or earlier; without one, the bar that sounds is looped first. */
  stretchLoop(by: number): void {
    if (!this.loop) this.toggleLoop();
    const [first, last] = this.#loopEnds() ?? [];
    const end = this.timing?.bars[Math.max((last?.index ?? 0) + by, first?.index ?? 0)];
    if (first && end) this.loopBars(first.seconds, end.seconds);
  }

  /** Loop the bar that sounds, or stop looping. */
  toggleLoop(): void {
    if (this.loop) this.loop = null;
    else this.loopBars(this.position, this.position);
  }

  #run(): void {
    clearInterval(this.#clock);
    this.#clock = setInterval(() => this.#tick(), CLOCK_MS);
    const show = () => {
      this.#follow();
      if (this.playing) this.#frame = requestAnimationFrame(show);
    };
    show();
  }

  /** What must happen in time also when nothing is drawn: loop, end, clicks. */
  #tick(): void {
    this.#follow();
    if (this.position >= this.end) this.pause();
    else if (settings.device.metronome && this.timing) {
      this.clicker?.follow(this.timing, this.position, this.speed);
    }
  }

  /** Show what is heard; what lies behind the loop is neither. */
  #follow(): void {
    if (!this.playing || !this.engine) return;
    this.position = Math.min(this.engine.seconds, this.end);
    if (this.loop && this.position >= this.loop.end) this.seek(this.loop.start);
  }
}
