/**
 * One transcription and how far it is: from the live connection, and from the API while that is away. Nothing needs
 * a reload: a page that slept, lost the network, or whose service was restarted comes back to the truth by itself.
 */
import {
  api,
  dataOf,
  failureOf,
  type Failure,
  type Schemas,
  type TranscriptionDetail,
} from '$lib/services/api';
import { isPassing } from '$lib/services/patience';
import { live } from '$lib/services/websocket';

const POLL_MS = 4000;
const DONE = new Set(['complete', 'failed', 'cancelled']);

export class Transcription {
  detail = $state<TranscriptionDetail | null>(null);
  /** Why nothing newer is known; null while all is well. */
  failure = $state<Failure | null>(null);
  stage = $state('');
  percent = $state(0);
  /** What the service says about it, e.g. that it tries again. */
  message = $state('');
  /** Whether progress arrives live; otherwise it is asked for every few seconds. */
  isLive = $state(false);
  #isOpen = false;
  #unfollow: (() => void) | undefined;
  #poll: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly id: string) {}

  get status(): TranscriptionDetail['status'] | null {
    return this.detail?.status ?? null;
  }

  get isDone(): boolean {
    return this.status !== null && DONE.has(this.status);
  }

  /** Load, and follow until it is done; returns how to stop. */
  open(): () => void {
    this.#isOpen = true;
    const stop = new AbortController();
    const look = () => {
      if (!this.isDone && !document.hidden) void this.refresh();
    };
    // After a sleep or a lost network the connection may not know yet that it is dead.
    addEventListener('online', look, { signal: stop.signal });
    addEventListener('pageshow', look, { signal: stop.signal });
    document.addEventListener('visibilitychange', look, { signal: stop.signal });
    void this.refresh();
    return () => {
      this.#isOpen = false;
      stop.abort();
      this.#stop();
    };
  }

  async refresh(): Promise<void> {
    try {
      // What is kept for offline use is right for a song that is done, and stale for one that is worked on.
      const cache = this.detail && !this.isDone ? 'no-store' : 'default';
      this.#show(await dataOf(api.GET('/api/v1/transcribe/{transcription_id}', { ...this.#params, cache })));
    } catch (error) {
      this.failure = failureOf(error);
      if (isPassing(this.failure.status)) this.#keepAsking();
      else this.#stop();
    }
  }

  /** Stop the work. Throws a `ServiceError`, but not when it has ended meanwhile. */
  async cancel(): Promise<void> {
    await this.#unlessChanged(dataOf(api.POST('/api/v1/transcribe/{transcription_id}/cancel', this.#params)));
    await this.refresh();
  }

  /** Listen again, with other choices if any are given. Throws a `ServiceError`. */
  async retry(choices: Partial<Schemas['RetryRequest']> = {}): Promise<void> {
    await this.#unlessChanged(
      dataOf(
        api.POST('/api/v1/transcribe/{transcription_id}/retry', {
          ...this.#params,
          body: choices as Schemas['RetryRequest'],
        }),
      ),
    );
    await this.refresh();
  }

  /** Throws a `ServiceError`. */
  async rename(title: string): Promise<void> {
    this.#show(
      await dataOf(api.PATCH('/api/v1/transcribe/{transcription_id}', { ...this.#params, body: { title } })),
    );
  }

  get #params() {
    return { params: { path: { transcription_id: this.id } } };
  }

  /** Its state has changed meanwhile (in another tab, say): what was asked for is no longer to be done. */
  async #unlessChanged(answer: Promise<unknown>): Promise<void> {
    try {
      await answer;
    } catch (error) {
      if (failureOf(error).status !== 409) throw error;
    }
  }

  #show(detail: TranscriptionDetail): void {
    this.failure = null;
    this.detail = detail;
    this.stage = detail.job?.stage ?? '';
    this.percent = detail.job?.percent ?? detail.progress;
    if (this.isDone) this.#stop();
    else this.#follow();
  }

  #follow(): void {
    if (!this.#isOpen) return;
    if (!this.isLive) this.#keepAsking();
    const jobId = this.detail?.job?.id;
    if (this.#unfollow || !jobId) return;
    const refresh = () => void this.refresh();
    this.#unfollow = live.follow(jobId, {
      progress: ({ stage, percent, message }) => {
        this.failure = null;
        this.stage = stage;
        this.percent = percent;
        this.message = message;
      },
      complete: refresh,
      failed: refresh,
      cancelled: refresh,
      refused: () => {
        this.isLive = false;
        refresh();
      },
      connected: (connected) => {
        this.isLive = connected;
        clearTimeout(this.#poll);
        if (!connected) this.#keepAsking();
      },
    });
  }

  #keepAsking(): void {
    clearTimeout(this.#poll);
    if (this.#isOpen) this.#poll = setTimeout(() => void this.refresh(), POLL_MS);
  }

  #stop(): void {
    clearTimeout(this.#poll);
    this.#unfollow?.();
    this.#unfollow = undefined;
    this.isLive = false;
  }
}
