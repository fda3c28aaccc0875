/**
 * One transcription and how far it is: from the live connection, and from the API while that is away.
 */
import { api, dataOf, failureOf, type Failure, type TranscriptionDetail } from '$lib/services/api';
import { live } from '$lib/services/websocket';

const POLL_MS = 4000;
const DONE = new Set(['complete', 'failed', 'cancelled']);

export class Transcription {
  detail = $state<TranscriptionDetail | null>(null);
  failure = $state<Failure | null>(null);
  stage = $state('');
  percent = $state(0);
  /** Whether progress arrives live; otherwise it is asked for every few seconds. */
  isLive = $state(false);
  #stopFollowing: (() => void) | undefined;
  #poll: ReturnType<typeof setInterval> | undefined;

  constructor(readonly id: string) {}

  get status(): TranscriptionDetail['status'] | null {
    return this.detail?.status ?? null;
  }

  get isDone(): boolean {
    return this.status !== null && DONE.has(this.status);
  }

  /** Load, and follow until it is done; returns how to stop. */
  open(): () => void {
    void this.refresh();
    return () => this.#stop();
  }

  async refresh(): Promise<void> {
    try {
      const path = { transcription_id: this.id };
      this.#show(await dataOf(api.GET('/api/v1/transcribe/{transcription_id}', { params: { path } })));
      this.failure = null;
    } catch (error) {
      this.failure = failureOf(error);
      if (this.failure.status === 0) this.#keepAsking();
    }
  }

  #show(detail: TranscriptionDetail): void {
    this.detail = detail;
    this.stage = detail.job?.stage ?? '';
    this.percent = detail.job?.percent ?? detail.progress;
    if (this.isDone) this.#stop();
    else this.#follow();
  }

  #follow(): void {
    const jobId = this.detail?.job?.id;
    if (this.#stopFollowing || !jobId) return;
    const refresh = () => void this.refresh();
    this.#stopFollowing = live.follow(jobId, {
      progress: ({ stage, percent }) => {
        this.stage = stage;
        this.percent = percent;
      },
      complete: refresh,
      failed: refresh,
      cancelled: refresh,
      connected: (connected) => {
        this.isLive = connected;
        if (connected) clearInterval(this.#poll);
        else this.#keepAsking();
      },
    });
  }

  #keepAsking(): void {
    clearInterval(this.#poll);
    this.#poll = setInterval(() => void this.refresh(), POLL_MS);
  }

  #stop(): void {
    clearInterval(this.#poll);
    this.#stopFollowing?.();
    this.#stopFollowing = undefined;
  }
}
