/** Where the fingers of a chord go, for drawing its diagram. */

interface ChordShape {
  /** The fret of the diagram's first row: 1 beside the nut. */
  firstFret: number;
  rows: number;
  /** One per string, string 1 first: not played, open, or the fret pressed. */
  strings: ('muted' | 'open' | number)[];
  /** One finger across several strings, from string to string. */
  barre: { fret: number; from: number; to: number } | null;
}

const ROWS = 4;
const FINGERS = 4;

/** Turn frets (string 1 first, null: not played) into a shape; null when nothing is played. */
export function chordShape(frets: readonly (number | null)[]): ChordShape | null {
  const pressed = frets.filter((fret): fret is number => fret !== null && fret > 0);
  if (frets.every((fret) => fret === null)) return null;
  const lowest = pressed.length ? Math.min(...pressed) : 1;
  const highest = pressed.length ? Math.max(...pressed) : 1;
  const firstFret = highest <= ROWS ? 1 : lowest;
  return {
    firstFret,
    rows: Math.max(ROWS, highest - firstFret + 1),
    strings: frets.map((fret) => (fret === null ? 'muted' : fret === 0 ? 'open' : fret)),
    barre: barreOf(frets, lowest, pressed.length),
  };
}

/** The first finger lies flat when more strings are pressed than there are fingers and none between rings open. */
function barreOf(frets: readonly (number | null)[], lowest: number, pressed: number): ChordShape['barre'] {
  const from = frets.indexOf(lowest) + 1;
  const to = frets.lastIndexOf(lowest) + 1;
  if (pressed <= FINGERS || from === to || frets.slice(from - 1, to).includes(0)) return null;
  return { fret: lowest, from, to };
}

/** A shape in words, from the low string up: `x 3 2 0 1 0`. */
export function shapeInWords(frets: readonly (number | null)[]): string {
  return [...frets]
    .reverse()
    .map((fret) => fret ?? 'x')
    .join(' ');
}
