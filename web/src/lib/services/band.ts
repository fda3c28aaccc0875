/**
 * The instruments of a recording played together, each as loud as one likes. Each is an element of its own, so that
 * they can be slowed down at the same pitch; the first one leads and the others are kept in time with it.
 */
import type { Engine } from '$lib/stores/player.svelte';
import { latencyOf, whenReady } from './audio';

const CHECK_MS = 100;
/** Nobody hears two instruments this much apart. */
const TOGETHER_SECONDS = 0.004;
/** Too far apart to be caught up with by playing faster or slower. */
const JUMP_SECONDS = 0.25;
/** What is behind or ahead is made up for in about this time, at most by a fifth faster or slower. */
const CATCH_UP_SECONDS = 0.4;
const MOST_BENT = 0.2;
const FADE_SECONDS = 0.015;

/** The speed at which a sound comes together with the one that leads; null: it has to jump. */
export function speedToMeet(aheadSeconds: number, speed: number): number | null {
  const apart = Math.abs(aheadSeconds);
  if (apart > JUMP_SECONDS) return null;
  if (apart < TOGETHER_SECONDS) return speed;
  const bent = Math.min(Math.max(-aheadSeconds / CATCH_UP_SECONDS, -MOST_BENT), MOST_BENT);
  return speed * (1 + bent);
}

interface Voice {
  element: HTMLAudioElement;
  address: string;
  gain: GainNode;
}

export class Band implements Engine {
  readonly #context = new AudioContext({ latencyHint: 'balanced' });
  readonly #master = new GainNode(this.#context);
  readonly #voices: Map<string, Voice>;
  readonly #lead: HTMLAudioElement;
  #speed = 1;
  #check: ReturnType<typeof setInterval> | undefined;

  /** `start`: where in the recording the sounds begin, in seconds. */
  constructor(
    sounds: ReadonlyMap<string, Blob>,
    private readonly start: number,
  ) {
    this.#master.connect(this.#context.destination);
    this.#voices = new Map([...sounds].map(([name, sound]) => [name, this.#voice(sound)]));
    const [lead] = this.#elements;
    if (!lead) throw new Error('A band needs instruments.');
    this.#lead = lead;
  }

  #voice(sound: Blob): Voice {
    const element = new Audio();
    const address = URL.createObjectURL(sound);
    element.preload = 'auto';
    element.preservesPitch = true;
    element.src = address;
    const gain = new GainNode(this.#context);
    this.#context.createMediaElementSource(element).connect(gain).connect(this.#master);
    return { element, address, gain };
  }

  get #elements(): HTMLAudioElement[] {
    return [...this.#voices.values()].map(({ element }) => element);
  }

  async load(): Promise<void> {
    await Promise.all(this.#elements.map(whenReady));
  }

  async play(): Promise<void> {
    await this.#context.resume();
    await Promise.all(this.#elements.map((element) => element.play()));
    this.#check = setInterval(() => this.#gather(), CHECK_MS);
    this.#gather();
  }

  /** Bring those together that are ahead or behind. */
  #gather(): void {
    const { currentTime } = this.#lead;
    for (const element of this.#elements) {
      if (element === this.#lead) continue;
      const speed = speedToMeet(element.currentTime - currentTime, this.#speed);
      if (speed === null) element.currentTime = this.#lead.currentTime;
      element.playbackRate = speed ?? this.#speed;
    }
  }

  pause(): void {
    clearInterval(this.#check);
    for (const element of this.#elements) element.pause();
  }

  seek(seconds: number): void {
    for (const element of this.#elements) element.currentTime = Math.max(seconds - this.start, 0);
  }

  /** Of what is heard now: sound takes a moment to the speaker. */
  get seconds(): number {
    const latency = this.#lead.paused ? 0 : latencyOf(this.#context) * this.#speed;
    return this.start + Math.max(this.#lead.currentTime - latency, 0);
  }

  get end(): number {
    return this.start + this.#lead.duration;
  }

  get speed(): number {
    return this.#speed;
  }

  set speed(speed: number) {
    this.#speed = speed;
    for (const element of this.#elements) {
      element.defaultPlaybackRate = speed;
      element.playbackRate = speed;
    }
  }

  get volume(): number {
    return this.#master.gain.value;
  }

  set volume(volume: number) {
    this.#fade(this.#master, volume);
  }

  /** How loud each instrument is, 0 to 1. */
  mix(gains: Readonly<Record<string, number>>): void {
    for (const [name, { gain }] of this.#voices) this.#fade(gain, gains[name] ?? 1);
  }

  #fade({ gain }: GainNode, to: number): void {
    gain.setTargetAtTime(to, this.#context.currentTime, FADE_SECONDS);
  }

  close(): void {
    this.pause();
    for (const { element, address } of this.#voices.values()) {
      element.removeAttribute('src');
      URL.revokeObjectURL(address);
    }
    void this.#context.close();
  }
}
