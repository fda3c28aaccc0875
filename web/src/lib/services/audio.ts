/**
 * The original recording: fetched once with the token (an `<audio>` element cannot send one), kept as a blob so that
 * seeking never waits for the network. And what is heard besides it: clicks.
 */
import type { Clicker, Engine } from '$lib/stores/player.svelte';
import type { Timing } from '$lib/tab/timing';
import { addressOf, failureOf, fetchWithToken, ServiceError } from './api';

/** The recording of a transcription. Throws a `ServiceError` when it cannot be had. */
export async function recordingOf(transcriptionId: string): Promise<Blob> {
  let response: Response;
  try {
    response = await fetchWithToken(`${addressOf(transcriptionId, 'audio')}`);
  } catch (error) {
    throw new ServiceError(failureOf(error));
  }
  if (!response.ok) throw new ServiceError(failureOf(await response.json().catch(() => null), response));
  return response.blob();
}

/** Ready as soon as its length is known. Throws a `MediaError` when the browser cannot play it. */
export async function whenReady(element: HTMLMediaElement): Promise<void> {
  if (element.readyState >= HTMLMediaElement.HAVE_METADATA) return;
  await new Promise<void>((done, failed) => {
    element.addEventListener('loadedmetadata', () => done(), { once: true });
    element.addEventListener('error', () => failed(element.error), { once: true });
  });
}

/** A recording that is played at any speed, at the same pitch. */
export class Recording implements Engine {
  readonly #element = new Audio();
  readonly #address: string;

  constructor(recording: Blob) {
    this.#address = URL.createObjectURL(recording);
    this.#element.preload = 'auto';
    this.#element.preservesPitch = true;
    this.#element.src = this.#address;
  }

  async load(): Promise<void> {
    await whenReady(this.#element);
  }

  async play(): Promise<void> {
    await this.#element.play();
  }

  pause(): void {
    this.#element.pause();
  }

  seek(seconds: number): void {
    this.#element.currentTime = seconds;
  }

  get seconds(): number {
    return this.#element.currentTime;
  }

  get duration(): number {
    return this.#element.duration;
  }

  get speed(): number {
    return this.#element.playbackRate;
  }

  set speed(speed: number) {
    this.#element.defaultPlaybackRate = speed;
    this.#element.playbackRate = speed;
  }

  get volume(): number {
    return this.#element.volume;
  }

  set volume(volume: number) {
    this.#element.volume = volume;
  }

  close(): void {
    this.#element.pause();
    this.#element.removeAttribute('src');
    URL.revokeObjectURL(this.#address);
  }
}

/** How long a sound is on its way to the speaker, in seconds; some browsers cannot tell. */
export function latencyOf(context: AudioContext): number {
  return context.outputLatency || 0;
}

/** Clicks are set this far ahead of the music, so that a busy page does not make them late. */
const AHEAD_SECONDS = 0.2;
const CLICK_SECONDS = 0.04;
const DOWNBEAT_HZ = 1760;
const BEAT_HZ = 1175;

export class Metronome implements Clicker {
  #context: AudioContext | undefined;
  #master: GainNode | undefined;
  #volume = 1;
  /** Clicks before this moment of the music are set. */
  #setUntil = -Infinity;
  #pending: OscillatorNode[] = [];
  #endCountIn: ((goesOn: boolean) => void) | undefined;

  set volume(volume: number) {
    this.#volume = volume;
    if (this.#master) this.#master.gain.value = volume;
  }

  follow(timing: Timing, seconds: number, speed: number): void {
    const context = this.#running();
    const from = Math.max(this.#setUntil, seconds);
    const to = seconds + AHEAD_SECONDS * speed;
    for (const click of timing.clicksBetween(from, to)) {
      const wait = Math.max((click.seconds - seconds) / speed - latencyOf(context), 0);
      this.#click(context.currentTime + wait, click.isDownbeat);
    }
    this.#setUntil = Math.max(to, from);
  }

  reset(): void {
    this.#setUntil = -Infinity;
    for (const oscillator of this.#pending) oscillator.stop();
    this.#pending = [];
    this.#endCountIn?.(false);
  }

  countIn(timing: Timing, seconds: number, speed: number): Promise<boolean> {
    const context = this.#running();
    const { beats, secondsPerBeat } = timing.countInAt(seconds);
    for (let beat = 0; beat < beats; beat++) {
      this.#click(context.currentTime + (beat * secondsPerBeat) / speed, beat === 0);
    }
    return new Promise((done) => {
      const end = (goesOn: boolean) => {
        clearTimeout(timer);
        this.#endCountIn = undefined;
        done(goesOn);
      };
      const length = (beats * secondsPerBeat) / speed + latencyOf(context);
      const timer = setTimeout(() => end(true), 1000 * length);
      this.#endCountIn = end;
    });
  }

  #running(): AudioContext {
    this.#context ??= new AudioContext({ latencyHint: 'interactive' });
    void this.#context.resume();
    return this.#context;
  }

  #output(context: AudioContext): GainNode {
    if (!this.#master) {
      this.#master = new GainNode(context, { gain: this.#volume });
      this.#master.connect(context.destination);
    }
    return this.#master;
  }

  #click(at: number, isDownbeat: boolean): void {
    const context = this.#running();
    const oscillator = new OscillatorNode(context, { frequency: isDownbeat ? DOWNBEAT_HZ : BEAT_HZ });
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0.5, at);
    gain.gain.exponentialRampToValueAtTime(0.001, at + CLICK_SECONDS);
    oscillator.connect(gain).connect(this.#output(context));
    oscillator.start(at);
    oscillator.stop(at + CLICK_SECONDS);
    this.#pending.push(oscillator);
    oscillator.addEventListener('ended', () => {
      this.#pending = this.#pending.filter((other) => other !== oscillator);
    });
  }

  close(): void {
    this.reset();
    void this.#context?.close();
  }
}
