/** Names of notes, keys and chords as musicians read them. */

const SHARPS = ['C', 'C♯', 'D', 'D♯', 'E', 'F', 'F♯', 'G', 'G♯', 'A', 'A♯', 'B'];
const FLATS = ['C', 'D♭', 'D', 'E♭', 'E', 'F', 'G♭', 'G', 'A♭', 'A', 'B♭', 'B'];
/** Tonics whose major scale is written with flats. */
const FLAT_MAJORS = new Set(['F', 'B♭', 'E♭', 'A♭', 'D♭', 'G♭']);
const MINOR_THIRD = 3;

/** `F#m7b5` → `F♯m7♭5`, `Bb` → `B♭`. */
export function pretty(label: string): string {
  return label
    .replaceAll('#', '♯')
    .replace(/([A-G])b/g, '$1♭')
    .replace(/b(?=\d)/g, '♭');
}

/** 0 (C) to 11; null for what is no note. */
export function pitchClassOf(name: string): number | null {
  const written = pretty(name);
  const found = Math.max(SHARPS.indexOf(written), FLATS.indexOf(written));
  return found < 0 ? null : found;
}

/** The name of a pitch class or MIDI pitch. */
export function noteName(pitch: number, flats = false): string {
  return (flats ? FLATS : SHARPS)[((pitch % 12) + 12) % 12] ?? '';
}

/** Whether a scale on a tonic is written with flats. */
export function usesFlats(tonic: string, minor: boolean): boolean {
  const written = pretty(tonic);
  if (written.includes('♭')) return true;
  if (written.includes('♯')) return false;
  const pitch = pitchClassOf(written);
  if (pitch === null) return false;
  return FLAT_MAJORS.has(minor ? noteName(pitch + MINOR_THIRD, true) : written);
}
