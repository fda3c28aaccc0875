/** What the drawing does not show yet: notes that are elsewhere, surer, new or gone by edits that are on their way. */
import type { TabNote } from '$lib/services/api';

export interface Pending {
  /** Drawn, but no longer so. */
  gone: TabNote[];
  /** As they are now. */
  put: TabNote[];
}
export const NOTHING: Pending = { gone: [], put: [] };
/** When more than these change, the whole tab does: it is drawn anew soon. */
const MOST = 100;

export function pendingOf(drawn: readonly TabNote[], wanted: readonly TabNote[]): Pending {
  if (drawn === wanted) return NOTHING;
  const before = new Map(drawn.map((note) => [note.id, note]));
  const now = new Set(wanted.map(({ id }) => id));
  const put = wanted.filter((note) => !isSame(before.get(note.id), note));
  const changed = put.flatMap(({ id }) => before.get(id) ?? []);
  const gone = [...drawn.filter(({ id }) => !now.has(id)), ...changed];
  return put.length + gone.length > MOST ? NOTHING : { gone, put };
}

/** On the page; a length is drawn anew with its bar. */
function isSame(before: TabNote | undefined, note: TabNote): boolean {
  return (
    before !== undefined &&
    before.string === note.string &&
    before.fret === note.fret &&
    before.confidence === note.confidence
  );
}
