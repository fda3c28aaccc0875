import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ServiceError } from '$lib/services/api';
import type { Stem } from '$lib/services/stems';
import { gainsOf, Mixer, type Ensemble } from './mixer.svelte';
import { Player, type Engine } from './player.svelte';
import { settings } from './settings.svelte';

const stem = (name: string): Stem => ({
  name,
  url: `/stems/${name}`,
  media_type: 'audio/wav',
  size_bytes: 50,
});

class Silent implements Engine {
  seconds = 0;
  speed = 1;
  volume = 1;
  sounding = false;
  async load(): Promise<void> {}
  async play(): Promise<void> {
    this.sounding = true;
  }
  pause(): void {
    this.sounding = false;
  }
  seek(seconds: number): void {
    this.seconds = seconds;
  }
}
class SilentEnsemble extends Silent implements Ensemble {
  gains: Readonly<Record<string, number>> = {};
  closed = false;
  mix(gains: Readonly<Record<string, number>>): void {
    this.gains = gains;
  }
  close(): void {
    this.closed = true;
  }
}

let player: Player;
let recording: Silent;
let ensemble: SilentEnsemble;
let mixer: Mixer;
const list = vi.fn(async () => [stem('guitar'), stem('drums')]);
const fetchSounds = vi.fn(async (_: unknown, tell: (bytes: number) => void) => {
  tell(25);
  return new Map<string, Blob>();
});

beforeEach(() => {
  vi.clearAllMocks();
  settings.set({ countIn: false, volumes: { original: 0.8, synth: 1, metronome: 1 } });
  player = new Player();
  player.duration = 10;
  recording = new Silent();
  player.attach('original', recording);
  ensemble = new SilentEnsemble();
  mixer = new Mixer(player, { list, fetch: fetchSounds, gather: () => ensemble });
});

describe('how loud each instrument is', () => {
  it('is as one set it, unless it is muted', () => {
    const levels = {
      guitar: { volume: 0.5, muted: false, solo: false },
      drums: { volume: 1, muted: true, solo: false },
    };
    expect(gainsOf(levels)).toEqual({ guitar: 0.5, drums: 0 });
  });

  it('is nothing beside those that are heard alone', () => {
    const levels = {
      guitar: { volume: 0.5, muted: false, solo: true },
      drums: { volume: 1, muted: false, solo: false },
      bass: { volume: 1, muted: true, solo: true },
    };
    expect(gainsOf(levels)).toEqual({ guitar: 0.5, drums: 0, bass: 0 });
  });
});

describe('the instruments of a song', () => {
  it('are asked for when one looks, and fetched only when one is changed', async () => {
    expect(list).not.toHaveBeenCalled();
    await mixer.list();
    expect(mixer.stems?.map(({ name }) => name)).toEqual(['guitar', 'drums']);
    expect(mixer.size).toBe(100);
    expect(fetchSounds).not.toHaveBeenCalled();
    await mixer.change('drums', { muted: true });
    await mixer.change('guitar', { volume: 0.5 });
    expect(fetchSounds).toHaveBeenCalledOnce();
    expect(ensemble.gains).toEqual({ guitar: 0.5, drums: 0 });
  });

  it('go on where the recording was, as fast and as loud', async () => {
    player.setSpeed(0.5);
    await player.play();
    recording.seconds = 4;
    await mixer.list();
    await mixer.change('guitar', { solo: true });
    expect([recording.sounding, ensemble.sounding, ensemble.seconds]).toEqual([false, true, 4]);
    expect([ensemble.speed, ensemble.volume]).toEqual([0.5, 0.8]);
    player.pause();
  });

  it('give the recording back', async () => {
    await mixer.list();
    await mixer.change('guitar', { solo: true });
    player.seek(3);
    await mixer.reset();
    expect(mixer.isApart).toBe(false);
    expect(ensemble.closed).toBe(true);
    expect(player.engine).toBe(recording);
    expect(gainsOf(mixer.levels)).toEqual({ guitar: 1, drums: 1 });
    await player.play();
    expect([recording.sounding, recording.seconds]).toEqual([true, 3]);
    player.pause();
  });

  it('leave the recording playing when they cannot be had, and say why', async () => {
    fetchSounds.mockRejectedValueOnce(
      new ServiceError({ message: 'They are gone.', status: 409, code: 'conflict' }),
    );
    await mixer.list();
    await mixer.change('drums', { muted: true });
    expect(mixer.failure).toBe('They are gone.');
    expect(mixer.loaded).toBeNull();
    expect(gainsOf(mixer.levels)).toEqual({ guitar: 1, drums: 1 });
    expect(player.engine).toBe(recording);
  });

  it('are not taken when one thinks better of it while they come', async () => {
    await mixer.list();
    const taking = mixer.change('drums', { muted: true });
    await mixer.reset();
    await taking;
    expect(player.engine).toBe(recording);
    expect(ensemble.closed).toBe(true);
  });
});
