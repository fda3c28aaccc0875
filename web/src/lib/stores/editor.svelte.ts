/**
 * Correcting a song: every change is saved at once as a revision, in order. What cannot be saved now (no connection,
 * signed out, changed elsewhere) is kept and shown until it is.
 */
import { auth } from '$lib/services/auth';
import { failureOf, type Failure, type Tab, type TabNote } from '$lib/services/api';
import { latestRevision, revise, type Revised, type Revision } from '$lib/services/revisions';
import { Unsaved } from '$lib/services/unsaved';
import type { MusicEdit, Track } from '$lib/editing/edits';
import * as history from '$lib/editing/history';
import { placeholderId, withEdits } from '$lib/editing/optimistic';
import type { Score } from './score.svelte';

/** `away`: nobody answers; `gone`: the song is deleted or not yours; `conflict`: it was changed elsewhere. */
type SaveState = 'saved' | 'saving' | 'away' | 'signed-out' | 'conflict' | 'gone';

const RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;
/** The analysis follows when the hands rest. */
const ANALYSE_MS = 1000;
/** Statuses of what is over by itself: no answer, too slow, answered twice at once, too many at once. */
const PASSING = new Set([0, 408, 409, 429]);
const REVISION_CONFLICT = 'revision-conflict';
/** So many steps back or on are seen before the service has answered. */
const TABS_KEPT = 12;

/** A revision with all that is needed to show it. */
interface Saved {
  revision: number;
  tab: Tab;
  alphaTex: string;
}

export class Editor {
  /** Why the last change was not possible. */
  refusal = $state('');
  /** What others made of the song meanwhile. */
  theirs = $state.raw<Revision | null>(null);
  /** The song shows what another page made of it, which happened while nothing was unsaved here. */
  followed = $state(false);
  #kept = $state.raw(history.nothing(0));
  /** Saved, but not drawn yet. */
  #ahead = $state.raw<Saved | null>(null);
  /** Recent revisions, to go back to at once. */
  #tabs = new Map<number, Tab>();
  #trouble = $state<Exclude<SaveState, 'saved' | 'saving'> | null>(null);
  #sending = false;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #analyse: ReturnType<typeof setTimeout> | undefined;
  #unsaved: Unsaved<history.Kept>;
  #channel: BroadcastChannel | null = null;

  constructor(readonly score: Score) {
    this.#unsaved = new Unsaved(score.transcriptionId);
  }

  get saving(): SaveState {
    return this.#trouble ?? (this.#kept.steps.length > 0 ? 'saving' : 'saved');
  }

  /** How many changes are not saved yet. */
  get waiting(): number {
    return this.#kept.steps.length;
  }

  get canUndo(): boolean {
    return this.#kept.done.length > 0;
  }

  get canRedo(): boolean {
    return this.#kept.undone.length > 0;
  }

  /** The shown track with what is on its way. */
  get track(): Track | null {
    const { trackIndex } = this.score;
    let track = (this.#ahead?.tab ?? this.score.tab)?.tracks[trackIndex];
    for (const step of this.#kept.steps) {
      for (const edit of history.editsOf(step, history.changeOf(this.#kept, step.change))) {
        if (edit.op === 'restore') track = this.#tabs.get(edit.revision)?.tracks[trackIndex] ?? track;
        else if (track) track = withEdits(track, trackIndex + 1, [{ change: step.change, edit }]);
      }
    }
    return track ?? null;
  }

  /** The selected notes, in order. */
  get selected(): TabNote[] {
    return this.track?.notes.filter((note) => this.score.selection.has(note.id)) ?? [];
  }

  /** Follow other pages of the song and take up what was left unsaved; returns how to stop. */
  open(): () => void {
    const id = this.score.transcriptionId;
    void this.#takeUp();
    this.#channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel(`genesis-song-${id}`) : null;
    if (this.#channel) this.#channel.onmessage = ({ data }) => void this.#follow(data as number);
    const retry = () => this.retry();
    const look = () => void this.#look();
    addEventListener('online', retry);
    document.addEventListener('visibilitychange', look);
    const stopListening = auth.onToken(retry);
    return () => {
      removeEventListener('online', retry);
      document.removeEventListener('visibilitychange', look);
      stopListening();
      clearTimeout(this.#timer);
      clearTimeout(this.#analyse);
      this.#channel?.close();
      this.#unsaved.close();
    };
  }

  async #takeUp(): Promise<void> {
    const left = await this.#unsaved.open();
    if (!left) return;
    this.#keep(history.followedBy(left, this.#kept));
    await this.#send();
    await this.#look();
  }

  /** Change something; several edits at once are one change, with one undo. Its id names an added note. */
  change(...edits: MusicEdit[]): string {
    this.refusal = '';
    if (this.score.tab) this.#remember(this.score.revision, this.score.tab);
    this.#keep(history.withChange(this.#based(), edits));
    void this.#send();
    return this.#kept.done.at(-1) ?? '';
  }

  undo(): void {
    this.refusal = '';
    this.#keep(history.withUndo(this.#kept));
    void this.#send();
  }

  redo(): void {
    this.refusal = '';
    this.#keep(history.withRedo(this.#based()));
    void this.#send();
  }

  /** Try to save now what could not be saved. */
  retry(): void {
    if (this.#trouble === 'conflict') return;
    this.#trouble = null;
    void this.#send();
  }

  /** Show what others made; own changes that were not saved can be brought back with redo. */
  async showTheirs(): Promise<void> {
    await this.#settle(history.setAside);
  }

  /** Do own changes again on top of what others made. */
  async putMineOnTop(): Promise<void> {
    await this.#settle(history.onTopOf);
  }

  async #settle(settled: (kept: history.Kept, base: number) => history.Kept): Promise<void> {
    try {
      await this.score.load();
    } catch (error) {
      this.refusal = failureOf(error).message;
      return;
    }
    this.#keep(settled(this.#kept, this.score.revision));
    this.#ahead = null;
    this.#trouble = null;
    this.theirs = null;
    await this.#send();
  }

  /** Nothing is on its way: what is shown is what will be changed. */
  #based(): history.Kept {
    if (this.#kept.steps.length > 0) return this.#kept;
    return { ...this.#kept, base: this.#ahead?.revision ?? this.score.revision };
  }

  #keep(kept: history.Kept): void {
    this.#kept = kept;
    if (kept.steps.length > 0) this.#unsaved.keep(kept);
    else this.#unsaved.forget();
  }

  async #send(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      while (this.#trouble === null && (await this.#sendNext()));
    } finally {
      this.#sending = false;
    }
  }

  /** Save the next change, or draw what was saved; false when there is nothing left to do. */
  async #sendNext(): Promise<boolean> {
    // With more on its way, what is drawn would be out of date at once.
    if (this.#kept.steps.length > 0) await this.#sendFirst();
    else if (this.#ahead) this.#draw(this.#ahead);
    else return false;
    return true;
  }

  async #sendFirst(): Promise<void> {
    this.#keep(history.withTry(this.#kept));
    const [step] = this.#kept.steps;
    if (!step) return;
    const edits = history.editsOf(step, history.changeOf(this.#kept, step.change));
    try {
      this.#took(await revise(this.score.transcriptionId, this.#kept.base, edits, step.key), step);
    } catch (error) {
      const failure = failureOf(error);
      if (this.#mustWait(failure)) return;
      this.refusal = failure.message;
      this.#keep(history.withoutFirst(this.#kept));
    }
  }

  #took(revised: Revised, step: history.Step): void {
    const { number } = revised.revision;
    this.#failures = 0;
    this.#ahead = { revision: number, tab: revised.tab, alphaTex: revised.alphaTex };
    this.#remember(number, revised.tab);
    this.#keep(history.withAnswer(this.#kept, number, revised.added));
    this.#channel?.postMessage(number);
    const [id] = revised.added;
    if (id !== undefined) this.#selectInstead(placeholderId(step.change), id);
  }

  #remember(revision: number, tab: Tab): void {
    this.#tabs.set(revision, tab);
    const [oldest] = this.#tabs.keys();
    if (this.#tabs.size > TABS_KEPT && oldest !== undefined) this.#tabs.delete(oldest);
  }

  #draw({ revision, tab, alphaTex }: Saved): void {
    this.score.show(revision, tab, alphaTex);
    this.#ahead = null;
    clearTimeout(this.#analyse);
    this.#analyse = setTimeout(() => void this.score.analyse().catch(() => this.#wait()), ANALYSE_MS);
  }

  #selectInstead(placeholder: string, id: string): void {
    const { selection } = this.score;
    if (selection.has(placeholder)) {
      this.score.selection = new Set([...selection].map((one) => (one === placeholder ? id : one)));
    }
  }

  /** Whether it is no fault of what was asked for, so that it waits until the trouble is over. */
  #mustWait({ status, code, problem }: Failure): boolean {
    if (code === REVISION_CONFLICT) {
      this.theirs = (problem as unknown as { latest: Revision }).latest;
      this.#trouble = 'conflict';
    } else if (status === 401) this.#trouble = 'signed-out';
    else if (status === 403 || status === 404) this.#trouble = 'gone';
    else if (PASSING.has(status) || status >= 500) this.#wait();
    else return false;
    return true;
  }

  /** Nobody answers: try again by and by. */
  #wait(): void {
    this.#trouble = 'away';
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.retry(), Math.min(RETRY_MS * 2 ** this.#failures, LONGEST_RETRY_MS));
    this.#failures += 1;
  }

  /** Back on the page: was the song changed on another device? */
  async #look(): Promise<void> {
    if (document.visibilityState !== 'visible' || this.saving !== 'saved') return;
    const latest = await latestRevision(this.score.transcriptionId).catch(() => null);
    if (latest !== null) await this.#follow(latest);
  }

  /** Another page has made a revision. With changes of one's own on their way, saving them tells of the conflict. */
  async #follow(revision: number): Promise<void> {
    if (this.saving !== 'saved' || revision <= this.score.revision) return;
    try {
      await this.score.load();
    } catch {
      return; // The next look, or the next change, will tell.
    }
    this.#keep(history.nothing(this.score.revision));
    this.followed = true;
  }
}
