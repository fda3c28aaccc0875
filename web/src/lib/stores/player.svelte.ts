/**
 * What is heard and where we are in it. Seconds are those of the original recording; everything that follows the
 * music (cursor, chords, waveform) reads `position` and everything that leads it calls `seek`.
 */
export class Player {
  position = $state(0);
  duration = $state(0);
  playing = $state(false);
  /** 0.25 to 2, at the same pitch. */
  speed = $state(1);
  /** Bars played over and over, as seconds; null: to the end. */
  loop = $state<{ start: number; end: number } | null>(null);
  /** The original recording, or the tab as a synthesiser plays it. */
  source = $state<'original' | 'synth'>('original');

  seek(seconds: number): void {
    this.position = Math.min(Math.max(seconds, 0), this.duration);
  }
}
