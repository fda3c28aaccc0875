/** Words that alphaTab draws, as guitarists write them. */
const WORDS: [theirs: string, ours: string][] = [['>LetRing<', '>let ring<']];

/** A drawing (SVG) with them. */
export function reworded(drawing: string): string {
  return WORDS.reduce((svg, [theirs, ours]) => svg.replaceAll(theirs, ours), drawing);
}
