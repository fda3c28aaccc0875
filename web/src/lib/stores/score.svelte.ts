/** A finished transcription as the result page shows it: the tab, its analysis, and what is selected in it. */
import { api, dataOf, fetchWithToken, addressOf, failureOf, ServiceError, type Tab } from '$lib/services/api';
import type { Analysis } from '$lib/services/analysis';
import { settings } from './settings.svelte';

export class Score {
  tab = $state.raw<Tab | null>(null);
  analysis = $state.raw<Analysis | null>(null);
  /** What alphaTab draws; made by the service from the same revision as `tab`. */
  alphaTex = $state.raw('');
  revision = $state(0);
  trackIndex = $state(0);
  /** Ids of the selected notes. */
  selection = $state.raw<ReadonlySet<string>>(new Set());

  constructor(readonly transcriptionId: string) {}

  /** Load a revision (the latest by default). Throws a `ServiceError`. */
  async load(): Promise<void> {
    const path = { transcription_id: this.transcriptionId };
    const [result, alphaTex] = await Promise.all([
      dataOf(api.GET('/api/v1/transcribe/{transcription_id}/result', { params: { path } })),
      this.#text('files/alphatex'),
    ]);
    this.tab = result.tab as unknown as Tab;
    this.analysis = result.analysis as unknown as Analysis;
    this.revision = result.revision;
    this.alphaTex = alphaTex;
  }

  /** Show a revision whose tab is known; what alphaTab draws changes together with it. Throws a `ServiceError`. */
  async show(revision: number, tab: Tab): Promise<void> {
    const alphaTex = await this.#text(`files/alphatex?revision=${revision}`);
    this.tab = tab;
    this.alphaTex = alphaTex;
    this.revision = revision;
  }

  /** What follows from the notes and chords, of the shown revision. Throws a `ServiceError`. */
  async analyse(): Promise<void> {
    const path = { transcription_id: this.transcriptionId };
    const result = await dataOf(api.GET('/api/v1/transcribe/{transcription_id}/result', { params: { path } }));
    if (result.revision === this.revision) this.analysis = result.analysis as unknown as Analysis;
  }

  async #text(part: string): Promise<string> {
    const response = await fetchWithToken(addressOf(this.transcriptionId, part)).catch((error: unknown) => {
      throw new ServiceError(failureOf(error));
    });
    if (!response.ok) throw new ServiceError(failureOf(await response.json().catch(() => null), response));
    return response.text();
  }

  /** Notes of the shown track that are sure enough to show. */
  get notes(): Tab['tracks'][number]['notes'] {
    const notes = this.tab?.tracks[this.trackIndex]?.notes ?? [];
    return notes.filter((note) => note.confidence >= settings.device.minConfidence);
  }
}
