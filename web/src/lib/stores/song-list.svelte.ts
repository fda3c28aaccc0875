/** One's songs: searched, sorted, page by page; renamed and deleted in place. */
import {
  addressOf,
  api,
  dataOf,
  failureOf,
  fetchWithToken,
  type Failure,
  type Schemas,
  type TranscriptionView,
} from '$lib/services/api';
import { toasts } from './toasts.svelte';
import { m } from '$messages';

export type Sort = Schemas['Sort'];
const NEWEST: Sort = '-created_at';

const UNDO_MS = 8000;
const UNFINISHED = new Set(['queued', 'running']);

export class SongList {
  songs = $state.raw<TranscriptionView[]>([]);
  words = $state('');
  sort = $state<Sort>(NEWEST);
  /** Whether the first page is there. */
  isLoaded = $state(false);
  isLoading = $state(false);
  failure = $state<Failure | null>(null);
  #next = $state<string | null>(null);
  /** Deleted, but it can still be undone: what deletes them for good. */
  #leaving = new Map<string, () => Promise<void>>();
  /** The newest question: answers to earlier ones are too late. */
  #asked = 0;

  get hasMore(): boolean {
    return this.#next !== null;
  }

  get hasUnfinished(): boolean {
    return this.songs.some(({ status }) => UNFINISHED.has(status));
  }

  /** Load the first page. */
  async load(): Promise<void> {
    await this.#ask(null);
  }

  async more(): Promise<void> {
    if (this.#next !== null && !this.isLoading) await this.#ask(this.#next);
  }

  /** Look how far the songs are that are worked on; the pages shown stay as they are. */
  async refresh(): Promise<void> {
    const { data } = await api
      .GET('/api/v1/transcribe', { params: { query: this.#query(null) } })
      .catch(() => ({
        data: undefined,
      }));
    const newer = new Map(data?.items.map((song) => [song.id, song]));
    this.songs = this.songs.map((song) => newer.get(song.id) ?? song);
  }

  async #ask(cursor: string | null): Promise<void> {
    const question = ++this.#asked;
    this.isLoading = true;
    try {
      const query = this.#query(cursor);
      const { items, next_cursor } = await dataOf(api.GET('/api/v1/transcribe', { params: { query } }));
      if (question !== this.#asked) return;
      const stay = items.filter(({ id }) => !this.#leaving.has(id));
      this.songs = cursor === null ? stay : [...this.songs, ...stay];
      this.#next = next_cursor;
      this.isLoaded = true;
      this.failure = null;
    } catch (error) {
      if (question === this.#asked) this.failure = failureOf(error);
    } finally {
      if (question === this.#asked) this.isLoading = false;
    }
  }

  /** What is usual is left out: the plain list is what is kept for offline use. */
  #query(cursor: string | null) {
    return {
      ...(this.words && { q: this.words }),
      ...(this.sort !== NEWEST && { sort: this.sort }),
      ...(cursor && { cursor }),
    };
  }

  /** Throws a `ServiceError` and changes nothing when it is refused. */
  async rename(id: string, title: string): Promise<void> {
    const params = { path: { transcription_id: id } };
    const renamed = await dataOf(
      api.PATCH('/api/v1/transcribe/{transcription_id}', { params, body: { title } }),
    );
    this.songs = this.songs.map((song) => (song.id === id ? { ...song, title: renamed.title } : song));
  }

  /** Take a song away; for a few seconds it can be brought back. */
  remove(song: TranscriptionView): void {
    const index = this.songs.indexOf(song);
    this.songs = this.songs.filter(({ id }) => id !== song.id);
    const toast = toasts.show(m.library.deleted(song.title), 'plain', {
      label: m.library.undo,
      run: () => {
        settle();
        this.#bringBack(song, index);
      },
    });
    const timer = setTimeout(() => void forGood(), UNDO_MS);
    const settle = () => {
      clearTimeout(timer);
      toasts.dismiss(toast);
      this.#leaving.delete(song.id);
    };
    const forGood = async () => {
      const isGone = await deleted(song.id);
      settle();
      if (isGone) return;
      this.#bringBack(song, index);
      toasts.show(m.library.notDeleted(song.title), 'bad');
    };
    this.#leaving.set(song.id, forGood);
  }

  #bringBack(song: TranscriptionView, index: number): void {
    this.songs = this.songs.toSpliced(index, 0, song);
  }

  /** The page is left: what was deleted is not waited for. */
  leave(): void {
    for (const forGood of this.#leaving.values()) void forGood();
  }
}

/** Delete a song, also while the page goes away; false when that did not work. */
async function deleted(id: string): Promise<boolean> {
  try {
    const { ok, status } = await fetchWithToken(addressOf(id, '').replace(/\/$/, ''), {
      method: 'DELETE',
      keepalive: true,
    });
    return ok || status === 404;
  } catch {
    return false;
  }
}
