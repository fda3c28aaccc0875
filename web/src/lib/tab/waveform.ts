/** The waveform with bar lines and loop handles, drawn by wavesurfer.js. It only shows: the player leads. */
import WaveSurfer from 'wavesurfer.js';
import RegionsPlugin, { type Region } from 'wavesurfer.js/dist/plugins/regions.esm.js';
import type { Loop } from '$lib/stores/player.svelte';
import type { Bar } from './timing';

export interface Colours {
  wave: string;
  played: string;
  accent: string;
}

interface WaveformEvents {
  seek(seconds: number): void;
  /** The loop was dragged out, moved or resized. */
  loop(from: number, to: number): void;
}

const HEIGHT_PX = 56;
/** A bar line, unless lines would stand closer than this. */
const CLOSEST_LINES_PX = 6;

export class Waveform {
  readonly #surfer: WaveSurfer;
  readonly #regions = RegionsPlugin.create();
  readonly #lines = document.createElement('div');
  #region: Region | null = null;
  #ready = false;
  #pixelsPerSecond = 0;

  constructor(
    container: HTMLElement,
    private colours: Colours,
    private readonly events: WaveformEvents,
  ) {
    this.#surfer = WaveSurfer.create({
      ...asOptions(colours),
      container,
      height: HEIGHT_PX,
      cursorWidth: 2,
      barWidth: 2,
      barGap: 1,
      barRadius: 1,
      normalize: true,
      hideScrollbar: true,
      plugins: [this.#regions],
    });
    this.#surfer.on('interaction', (seconds) => events.seek(seconds));
    this.#regions.on('region-updated', (region) => this.#moved(region));
    this.#regions.on('region-created', (region) => this.#created(region));
    this.#regions.enableDragSelection({ color: 'transparent' });
    this.#lines.style.cssText = 'position:absolute;inset:0;pointer-events:none;z-index:1';
    this.#surfer.getWrapper().append(this.#lines);
  }

  async show(peaks: Float32Array, duration: number): Promise<void> {
    await this.#surfer.load('', [peaks], duration);
    this.#ready = true;
  }

  colour(colours: Colours): void {
    if (isSame(this.colours, colours)) return; // or all would be drawn twice at first
    this.colours = colours;
    this.#surfer.setOptions(asOptions(colours));
  }

  /** Lines where bars start. */
  showBars(bars: readonly Bar[], duration: number, colour: string): void {
    const width = this.#surfer.getWrapper().clientWidth || 1;
    const every = Math.max(Math.ceil((CLOSEST_LINES_PX * bars.length) / width), 1);
    this.#lines.replaceChildren(
      ...bars
        .filter(({ index }) => index % every === 0)
        .map(({ seconds }) => line(seconds / duration, colour)),
    );
  }

  at(seconds: number): void {
    if (this.#ready) this.#surfer.setTime(seconds);
  }

  showLoop(loop: Loop | null, colour: string): void {
    if (!loop) {
      this.#region?.remove();
      this.#region = null;
    } else if (this.#region) {
      this.#region.setOptions({ ...loop, color: colour });
    } else if (this.#ready) {
      this.#region = this.#regions.addRegion({ ...loop, color: colour, drag: true, resize: true });
    }
  }

  /** Pixels per second; 0 shows the whole recording. */
  zoom(pixelsPerSecond: number): void {
    if (!this.#ready || pixelsPerSecond === this.#pixelsPerSecond) return;
    this.#pixelsPerSecond = pixelsPerSecond;
    this.#surfer.zoom(pixelsPerSecond);
  }

  #moved({ start, end }: Region): void {
    this.events.loop(start, end - 1e-3);
  }

  /** Dragged out by hand: the loop that comes of it is drawn instead. */
  #created(region: Region): void {
    if (region.color !== 'transparent') return;
    const { start, end } = region;
    region.remove();
    this.events.loop(start, end - 1e-3);
  }

  destroy(): void {
    this.#surfer.destroy();
  }
}

function asOptions({ wave, played, accent }: Colours) {
  return { waveColor: wave, progressColor: played, cursorColor: accent };
}

function isSame(one: Colours, other: Colours): boolean {
  return one.wave === other.wave && one.played === other.played && one.accent === other.accent;
}

function line(share: number, colour: string): HTMLElement {
  const element = document.createElement('div');
  element.style.cssText = `position:absolute;inset-block:0;left:${100 * share}%;width:1px;background:${colour}`;
  return element;
}
