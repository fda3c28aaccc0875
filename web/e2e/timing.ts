/** When things sound, as the tab says it: the tests' own reckoning, besides the page's. */

interface Measure {
  number: number;
  onset: number;
}
interface Beat {
  onset: number;
  position: [number, number];
}
/** The times of a tab, in seconds from where it starts in the recording. */
export interface Timed {
  measures: Measure[];
  beats: Beat[];
}

/** When the tab says that a place in a bar sounds: straight between the beats around it. */
export function secondsOf(tab: Timed, bar: number, quarters: number): number {
  const start = tab.beats.find(({ onset }) => onset >= measureOf(tab, bar).onset - 1e-6);
  const at = quarters + (start ? start.position[0] / start.position[1] : 0);
  const places = tab.beats.map(({ onset, position }) => ({ onset, at: position[0] / position[1] }));
  const next = Math.min(
    Math.max(
      places.findIndex((place) => place.at > at),
      1,
    ) || 1,
    places.length - 1,
  );
  const to = at >= (places.at(-1)?.at ?? 0) ? places.length - 1 : next;
  const [before, after] = [places[to - 1], places[to]];
  if (!before || !after) throw new Error('The tab has no beats.');
  return before.onset + ((at - before.at) * (after.onset - before.onset)) / (after.at - before.at);
}

export function measureOf({ measures }: Pick<Timed, 'measures'>, bar: number): Measure {
  const found = measures.find(({ number }) => number === bar);
  if (!found) throw new Error(`There is no bar ${bar}.`);
  return found;
}
