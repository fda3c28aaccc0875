/** The opening of a long song, which can be drawn long before the whole of it. */

/**
 * alphaTex of the first bars of every track; null when there are not more than that. The service writes a bar on a
 * line, which ends with its bar line; what follows the tracks (when bars sound) is not needed to draw.
 */
export function firstBars(alphaTex: string, count: number): string | null {
  const opening: string[] = [];
  let bars = 0;
  let isShorter = false;
  for (const line of alphaTex.split('\n')) {
    if (line === '.') break;
    if (line.startsWith('\\track ')) bars = 0;
    if (line.endsWith('|') && ++bars > count) isShorter = true;
    else opening.push(line);
  }
  return isShorter ? `${opening.join('\n')}\n` : null;
}
