/** Playing by keys, and what is said when it fails. */
import { m } from '$messages';
import { SPEED_STEP, type Player } from '$lib/stores/player.svelte';
import { settings } from '$lib/stores/settings.svelte';
import { toasts } from '$lib/stores/toasts.svelte';
import type { Shortcut } from '$lib/services/shortcuts';

/** Play or pause; says so when that cannot be done. */
export function playSafely(player: Player): void {
  player.toggle().catch(() => {
    const words = m.play.transport;
    toasts.show(player.source === 'synth' ? words.synthFailed : words.noRecording, 'bad');
  });
}

export function playerKeys(player: Player): Shortcut[] {
  const words = m.play.keys;
  return [
    { keys: [' '], label: words.play, run: () => playSafely(player) },
    {
      keys: ['ArrowLeft', 'ArrowRight'],
      label: words.bar,
      run: ({ key }) => player.skipBars(key === 'ArrowLeft' ? -1 : 1),
    },
    { keys: ['l'], label: words.loop, run: () => player.toggleLoop() },
    { keys: ['['], label: words.slower, run: () => player.setSpeed(player.speed - SPEED_STEP) },
    { keys: [']'], label: words.faster, run: () => player.setSpeed(player.speed + SPEED_STEP) },
    {
      keys: ['m'],
      label: words.metronome,
      run: () => settings.set({ metronome: !settings.device.metronome }),
    },
    { keys: ['c'], label: words.countIn, run: () => settings.set({ countIn: !settings.device.countIn }) },
  ];
}
