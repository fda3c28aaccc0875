/** Tunings by the names the service knows (src/genesis_music/tablature/tunings.py), with as many strings as a track. */
import { noteName } from '$lib/music/pitch';
import { m } from '$messages';
import type { Track } from './edits';

const BY_STRINGS: Record<number, string[]> = {
  4: ['ukulele', 'ukulele-low-g', 'ukulele-baritone', 'bass-4', 'bass-drop-d'],
  5: ['bass-5'],
  6: [
    'standard',
    'drop-d',
    'double-drop-d',
    'dadgad',
    'open-d',
    'open-e',
    'open-g',
    'open-a',
    'open-c',
    'half-step-down',
    'full-step-down',
    'drop-c#',
    'drop-c',
    'drop-b',
    'baritone',
    'bass-6',
  ],
  7: ['7-string', '7-string-drop-a'],
  8: ['8-string'],
};

/** What a track can be tuned to; its own tuning is there too, also when it has no common name. */
export function tuningsFor(track: Track): { name: string; label: string }[] {
  const isBass = track.instrument.includes('bass');
  const names = (BY_STRINGS[track.tuning.length] ?? []).filter((name) => name.startsWith('bass') === isBass);
  const all = names.includes(track.tuning_name) ? names : [track.tuning_name, ...names];
  return all.map((name) => ({ name, label: m.editor.tunings[name] ?? m.editor.dialog.own }));
}

/** What a track is tuned to, with its open strings from low to high. */
export function tuningLabel(track: Track): string {
  return m.editor.tunings[track.tuning_name] ?? openStrings(track);
}

/** The same, short: the open strings only where the tuning has no name. */
export function tuningName(track: Track): string {
  return tuningLabel(track).replace(/ \(.*\)$/, '');
}

function openStrings({ tuning }: Track): string {
  return [...tuning]
    .reverse()
    .map((pitch) => noteName(pitch))
    .join(' ');
}
