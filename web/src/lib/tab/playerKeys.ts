/** Playing by keys, and what is said when it fails. */
import { m } from '$messages';
import { SPEED_STEP, type Player, type Source } from '$lib/stores/player.svelte';
import { settings } from '$lib/stores/settings.svelte';
import { toasts } from '$lib/stores/toasts.svelte';
import type { Shortcut } from '$lib/services/shortcuts';

/** Play or pause; says so when that cannot be done. */
export function playSafely(player: Player): void {
  safely(player, player.toggle());
}

/** Let another source sound; says so when that cannot be done. */
export function switchSafely(player: Player, source: Source): void {
  safely(player, player.switchTo(source));
}

/** What is said of the synthesiser stands in the player. */
function safely(player: Player, done: Promise<void>): void {
  done.catch(() => {
    if (!player.synthFailed) toasts.show(m.play.transport.noRecording, 'bad');
  });
}

export function playerKeys(player: Player): Shortcut[] {
  const words = m.play.keys;
  return [
    { keys: [' '], label: words.play, run: () => playSafely(player) },
    {
      keys: ['ArrowLeft', 'ArrowRight'],
      label: words.bar,
      run: ({ key, shiftKey }) => {
        const by = key === 'ArrowLeft' ? -1 : 1;
        if (shiftKey) player.stretchLoop(by);
        else player.skipBars(by);
      },
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
