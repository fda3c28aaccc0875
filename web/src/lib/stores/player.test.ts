import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Timing } from '$lib/tab/timing';
import { smallTab } from '../../testing/tab';
import { Player, type Engine } from './player.svelte';
import { settings } from './settings.svelte';

class Silent implements Engine {
  seconds = 0;
  speed = 1;
  volume = 1;
  sounding = false;
  load = vi.fn(async () => undefined);
  play = vi.fn(async () => void (this.sounding = true));
  pause = vi.fn(() => void (this.sounding = false));
  seek(seconds: number): void {
    this.seconds = seconds;
  }
}

let player: Player;
let recording: Silent;
let synth: Silent;

beforeEach(() => {
  vi.useFakeTimers();
  settings.set({ metronome: false, countIn: false, speed: 1 });
  player = new Player();
  player.timing = new Timing(smallTab());
  player.duration = 6;
  [recording, synth] = [new Silent(), new Silent()];
  player.attach('original', recording);
  player.attach('synth', synth);
});
afterEach(() => {
  player.pause();
  vi.useRealTimers();
});

describe('playing', () => {
  it('starts where you are and says where the music is', async () => {
    player.seek(2);
    await player.play();
    expect(recording.sounding).toBe(true);
    recording.seconds = 2.5;
    vi.advanceTimersByTime(50);
    expect(player.position).toBe(2.5);
  });

  it('stops at the end and starts from the beginning after it', async () => {
    await player.play();
    recording.seconds = 6;
    vi.advanceTimersByTime(50);
    expect(player.playing).toBe(false);
    await player.play();
    expect(recording.seconds).toBe(0);
  });

  it('loops whole bars over and over', async () => {
    player.loopBars(1.2, 2);
    expect(player.loop).toEqual({ start: 1, end: 3 });
    await player.play();
    recording.seconds = 3.01;
    vi.advanceTimersByTime(50);
    expect(recording.seconds).toBe(1);
  });

  it('stops looping when you go elsewhere', () => {
    player.loopBars(1, 1);
    player.seek(2);
    expect(player.loop).not.toBeNull();
    player.seek(4);
    expect(player.loop).toBeNull();
  });

  it('goes on with the synthesiser at the same place', async () => {
    await player.play();
    recording.seconds = 3.3;
    vi.advanceTimersByTime(50);
    await player.switchTo('synth');
    expect([recording.sounding, synth.sounding, synth.seconds]).toEqual([false, true, 3.3]);
  });

  it('keeps the speed within a quarter and double, for every source', async () => {
    player.setSpeed(0.1);
    expect(recording.speed).toBe(0.25);
    player.setSpeed(9);
    await player.switchTo('synth');
    await player.play();
    expect(synth.speed).toBe(2);
  });

  it('skips to bars; back goes to the start of the bar first', () => {
    player.seek(2.9);
    player.skipBars(-1);
    expect(player.position).toBe(1);
    player.skipBars(-1);
    expect(player.position).toBe(0.5);
    player.skipBars(1);
    player.skipBars(1);
    player.skipBars(1);
    expect(player.position).toBe(3);
  });

  it('counts in when you want it, and not when you stop meanwhile', async () => {
    settings.set({ countIn: true });
    let end: (goesOn: boolean) => void = () => undefined;
    const counted = new Promise<boolean>((done) => (end = done));
    player.clicker = { follow: vi.fn(), reset: vi.fn(() => end(false)), countIn: () => counted, volume: 1 };
    const playing = player.play();
    await vi.waitFor(() => expect(player.counting).toBe(true));
    expect(recording.sounding).toBe(false);
    player.pause();
    await playing;
    expect([player.playing, recording.sounding]).toEqual([false, false]);
  });

  it('clicks with the music when the metronome is on', async () => {
    const follow = vi.fn();
    player.clicker = { follow, reset: vi.fn(), countIn: async () => true, volume: 1 };
    await player.play();
    vi.advanceTimersByTime(100);
    expect(follow).not.toHaveBeenCalled();
    settings.set({ metronome: true });
    vi.advanceTimersByTime(100);
    expect(follow).toHaveBeenCalledWith(player.timing, 0, 1);
  });

  it('hears the recording instead when the synthesiser cannot be loaded, and says so', async () => {
    synth.load.mockRejectedValueOnce(new Error('No sounds.'));
    await player.play();
    recording.seconds = 2;
    vi.advanceTimersByTime(50);
    await player.switchTo('synth');
    expect([player.source, player.synthFailed]).toEqual(['original', true]);
    expect([recording.sounding, recording.seconds]).toEqual([true, 2]);
    await player.switchTo('synth');
    expect([player.source, player.synthFailed, synth.sounding]).toEqual(['synth', false, true]);
  });

  it('says so too when it was only chosen', async () => {
    synth.load.mockRejectedValueOnce(new Error('No sounds.'));
    await player.switchTo('synth');
    expect([player.source, player.synthFailed, player.playing]).toEqual(['original', true, false]);
  });

  it('ends where what is heard ends', async () => {
    Object.assign(synth, { end: 5.4 });
    await player.switchTo('synth');
    await player.play();
    synth.seconds = 5.5;
    vi.advanceTimersByTime(50);
    expect([player.playing, player.position]).toEqual([false, 5.4]);
  });

  it('is as loud as you like, each for itself, and remembers it', () => {
    player.setVolume('synth', 0.5);
    player.setVolume('original', 0.25);
    expect([recording.volume, synth.volume]).toEqual([0.25, 0.5]);
    const another = new Player();
    const later = new Silent();
    another.attach('synth', later);
    expect(later.volume).toBe(0.5);
    settings.set({ volumes: { original: 1, synth: 1, metronome: 1 } });
  });

  it('loops a bar more or less, and says which', () => {
    player.seek(1.2);
    player.stretchLoop(1);
    expect(player.loop).toEqual({ start: 1, end: expect.closeTo(5.4, 9) });
    expect(player.loopedBars).toEqual({ from: 1, to: 2 });
    player.stretchLoop(1);
    expect(player.loopedBars).toEqual({ from: 1, to: 2 });
    player.stretchLoop(-5);
    expect(player.loopedBars).toEqual({ from: 1, to: 1 });
    player.toggleLoop();
    expect(player.loopedBars).toBeNull();
  });
});
