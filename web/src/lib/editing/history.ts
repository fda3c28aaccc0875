/**
 * What was corrected, in order, and what of it is not saved yet. Undo goes back to the revision before a change and
 * redo to the one after it; what was not sent yet is just taken back. Plain data, so that it can be kept on the device.
 */
import { uniqueId } from '$lib/services/ids';
import type { Edit, MusicEdit } from './edits';
import { placeholderId } from './optimistic';

/** One thing the user did. `before` and `after` are revisions, known once it was sent and saved. */
export interface Change {
  id: string;
  edits: MusicEdit[];
  before?: number;
  after?: number;
}
/** Something to tell the service. Once it was `tried`, nobody knows whether it arrived, so it must be sent again. */
export interface Step {
  key: string;
  kind: 'do' | 'undo' | 'redo';
  change: string;
  tried: boolean;
}
export interface Kept {
  base: number;
  changes: Change[];
  done: string[];
  undone: string[];
  steps: Step[];
}

export function nothing(base: number): Kept {
  return { base, changes: [], done: [], undone: [], steps: [] };
}

export function changeOf(kept: Kept, id: string): Change {
  const found = kept.changes.find((change) => change.id === id);
  if (!found) throw new Error(`There is no change ${id}.`);
  return found;
}

export function withChange(kept: Kept, edits: MusicEdit[]): Kept {
  const change: Change = { id: uniqueId(), edits };
  const isNeeded = ({ id }: Change) =>
    kept.done.includes(id) || kept.steps.some((step) => step.change === id);
  return {
    ...kept,
    changes: [...kept.changes.filter(isNeeded), change],
    done: [...kept.done, change.id],
    undone: [],
    steps: [...kept.steps, stepFor('do', change.id)],
  };
}

export function withUndo(kept: Kept): Kept {
  const id = kept.done.at(-1);
  if (id === undefined) return kept;
  const moved = { ...kept, done: kept.done.slice(0, -1), undone: [...kept.undone, id] };
  return withStep(moved, 'undo', id);
}

export function withRedo(kept: Kept): Kept {
  const id = kept.undone.at(-1);
  if (id === undefined) return kept;
  const moved = { ...kept, undone: kept.undone.slice(0, -1), done: [...kept.done, id] };
  return withStep(moved, 'redo', id);
}

/** A step that takes back the last one, which was not sent yet, makes both unnecessary. */
function withStep(kept: Kept, kind: 'undo' | 'redo', change: string): Kept {
  const last = kept.steps.at(-1);
  if (last && last.change === change && !last.tried) return { ...kept, steps: kept.steps.slice(0, -1) };
  return { ...kept, steps: [...kept.steps, stepFor(kind, change)] };
}

function stepFor(kind: Step['kind'], change: string): Step {
  return { key: uniqueId(), kind, change, tried: false };
}

/** The first step as it is being sent. */
export function withTry(kept: Kept): Kept {
  const [first, ...rest] = kept.steps;
  if (!first) return kept;
  const change = changeOf(kept, first.change);
  const steps = [{ ...first, tried: true }, ...rest];
  if (isByEdits(first, change)) return { ...changed(kept, { ...change, before: kept.base }), steps };
  return { ...kept, steps };
}

function isByEdits(step: Step, change: Change): boolean {
  return step.kind === 'do' || (step.kind === 'redo' && change.after === undefined);
}

function changed(kept: Kept, change: Change): Kept {
  return { ...kept, changes: kept.changes.map((one) => (one.id === change.id ? change : one)) };
}

/** What the service is asked to do in a step. */
export function editsOf(step: Step, change: Change): Edit[] {
  if (isByEdits(step, change)) return change.edits;
  const revision = step.kind === 'undo' ? change.before : change.after;
  if (revision === undefined) throw new Error('A change that was never saved cannot be restored.');
  return [{ op: 'restore', revision }];
}

/** The first step is saved as a revision. */
export function withAnswer(kept: Kept, revision: number, added: string[]): Kept {
  const [first, ...steps] = kept.steps;
  if (!first) return kept;
  let answered: Kept = { ...kept, base: revision, steps };
  const change = changeOf(kept, first.change);
  if (isByEdits(first, change)) answered = changed(answered, { ...change, after: revision });
  const [id] = added;
  return id === undefined ? answered : renamed(answered, placeholderId(change.id), id);
}

/** Later changes name an added note by its real id from now on. */
function renamed(kept: Kept, placeholder: string, id: string): Kept {
  const name = (note: string) => (note === placeholder ? id : note);
  const edits = (change: Change) =>
    change.edits.map((edit) => {
      if ('note' in edit) return { ...edit, note: name(edit.note) };
      if ('notes' in edit && edit.notes) return { ...edit, notes: edit.notes.map(name) };
      return edit;
    });
  return { ...kept, changes: kept.changes.map((change) => ({ ...change, edits: edits(change) })) };
}

/** The service has refused the first step: as if it had not been asked for. */
export function withoutFirst(kept: Kept): Kept {
  const [first, ...steps] = kept.steps;
  if (!first) return kept;
  const without = (ids: string[]) => ids.filter((id) => id !== first.change);
  const left = { ...kept, steps, done: without(kept.done), undone: without(kept.undone) };
  if (first.kind === 'do') return { ...left, steps: steps.filter(({ change }) => change !== first.change) };
  return first.kind === 'undo'
    ? { ...left, done: [...left.done, first.change] }
    : { ...left, undone: [...left.undone, first.change] };
}

/** Start from another revision: what is not saved yet can be brought back with redo, what was saved is history. */
export function setAside(kept: Kept, base: number): Kept {
  const changes = unsavedChanges(kept);
  const ids = changes.map(({ id }) => id).reverse();
  return { ...nothing(base), changes, undone: ids };
}

/** Do what is not saved yet once more, on top of another revision. Undoing what lies before would undo theirs too. */
export function onTopOf(kept: Kept, base: number): Kept {
  let moved: Kept = nothing(base);
  for (const { edits } of unsavedChanges(kept)) moved = withChange(moved, edits);
  return moved;
}

/** What an earlier page left unsaved, and after it what was changed since. */
export function followedBy(left: Kept, later: Kept): Kept {
  return unsavedChanges(later).reduce((kept, { edits }) => withChange(kept, edits), left);
}

function unsavedChanges(kept: Kept): Change[] {
  const ids = kept.steps.filter(({ kind }) => kind !== 'undo').map(({ change }) => change);
  return kept.done
    .filter((id) => ids.includes(id))
    .map((id) => changeOf(kept, id))
    .map(({ id, edits }) => ({ id, edits }));
}
