/** The tab as a synthesiser plays it: alphaTab's own player, loaded when it is first wanted. */
import type { Engine } from '$lib/stores/player.svelte';
import type { Sheet } from './sheet';
import type { Timing } from './timing';

const TICKS_PER_QUARTER = 960;
const SOUNDS = '/alphatab/soundfont/sonivox.sf3';
const PATIENCE_MS = 20_000;

export class Synth implements Engine {
  #speed = 1;
  #loaded: Promise<void> | undefined;
  /** Where the synthesiser said it was, and when. */
  #heard = { quarters: 0, at: 0 };
  #playing = false;

  constructor(
    private readonly sheet: Sheet,
    private readonly timing: () => Timing | null,
  ) {
    this.api.playerPositionChanged.on(({ currentTick }) => this.#hear(currentTick / TICKS_PER_QUARTER));
  }

  private get api(): Sheet['api'] {
    return this.sheet.api;
  }

  #hear(quarters: number): void {
    this.#heard = { quarters, at: performance.now() };
  }

  /** Throws when the sounds cannot be fetched or read, or the browser has no way to play them; try again later. */
  async load(): Promise<void> {
    this.#loaded ??= this.#started();
    try {
      await this.#loaded;
    } catch (error) {
      this.#loaded = undefined;
      throw error;
    }
  }

  async #started(): Promise<void> {
    const sounds = await fetchedSounds();
    const stops: (() => void)[] = [];
    const ready = new Promise<void>((done, failed) => {
      const late = setTimeout(failed, PATIENCE_MS, new Error('The synthesiser does not answer.'));
      stops.push(this.api.playerReady.on(done), this.api.error.on(failed), () => clearTimeout(late));
      this.#enable(sounds);
    });
    await ready.finally(() => stops.forEach((stop) => stop()));
  }

  #enable(sounds: Uint8Array): void {
    const { api } = this;
    api.settings.player.playerMode = this.sheet.alphaTab.PlayerMode.EnabledSynthesizer;
    api.updateSettings();
    if (!api.loadSoundFont(sounds, false)) throw new Error('This browser has no synthesiser.');
    this.sheet.enableMidi();
  }

  async play(): Promise<void> {
    this.#hear(this.#heard.quarters);
    this.#playing = this.api.play();
  }

  pause(): void {
    if (this.#playing) this.#hear(this.timing()?.quartersAt(this.seconds) ?? 0);
    this.#playing = false;
    if (this.#loaded) this.api.pause();
  }

  seek(seconds: number): void {
    const quarters = Math.max(this.timing()?.quartersAt(seconds) ?? 0, 0);
    this.#hear(quarters);
    if (this.#loaded) this.api.tickPosition = Math.round(quarters * TICKS_PER_QUARTER);
  }

  get seconds(): number {
    const heard = this.timing()?.secondsAt(this.#heard.quarters) ?? 0;
    return this.#playing ? heard + ((performance.now() - this.#heard.at) / 1000) * this.#speed : heard;
  }

  get end(): number | undefined {
    return this.timing()?.bars.at(-1)?.endSeconds;
  }

  get speed(): number {
    return this.#speed;
  }

  set speed(speed: number) {
    this.#speed = speed;
    this.api.playbackSpeed = speed;
  }

  get volume(): number {
    return this.api.masterVolume;
  }

  set volume(volume: number) {
    this.api.masterVolume = volume;
  }
}

async function fetchedSounds(): Promise<Uint8Array> {
  const answer = await fetch(SOUNDS);
  if (!answer.ok) throw new Error(`The sounds of the synthesiser are not there (${answer.status}).`);
  return new Uint8Array(await answer.arrayBuffer());
}
