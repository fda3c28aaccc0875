/** A finished transcription as the result page shows it: the tab, its analysis, and what is selected in it. */
import {
  addressOf,
  api,
  dataOf,
  failureOf,
  fetchWithToken,
  isShareToken,
  ServiceError,
  type Schemas,
  type Tab,
} from '$lib/services/api';
import type { Analysis } from '$lib/services/analysis';
import { settings } from './settings.svelte';

export class Score {
  tab = $state.raw<Tab | null>(null);
  analysis = $state.raw<Analysis | null>(null);
  /** What alphaTab draws; made by the service from the same revision as `tab`. */
  alphaTex = $state.raw('');
  revision = $state(0);
  trackIndex = $state(0);
  /** The shown track with edits that are on their way: what the drawing does not show yet. */
  edited = $state.raw<Tab['tracks'][number] | null>(null);
  /** Ids of the selected notes. */
  selection = $state.raw<ReadonlySet<string>>(new Set());

  /** An id, or the token of a link: then it can be read only. */
  constructor(readonly transcriptionId: string) {}

  get isShared(): boolean {
    return isShareToken(this.transcriptionId);
  }

  /** Load a revision (the latest by default). Throws a `ServiceError`. */
  async load(): Promise<void> {
    const [result, alphaTex] = await Promise.all([this.#result(), this.#text('files/alphatex')]);
    this.tab = result.tab as unknown as Tab;
    this.analysis = result.analysis as unknown as Analysis;
    this.revision = result.revision;
    this.alphaTex = alphaTex;
  }

  /** Show a revision that is known; what alphaTab draws changes together with the tab. */
  show(revision: number, tab: Tab, alphaTex: string): void {
    this.tab = tab;
    this.alphaTex = alphaTex;
    this.revision = revision;
  }

  /** What follows from the notes and chords, of the shown revision. Throws a `ServiceError`. */
  async analyse(): Promise<void> {
    const result = await this.#result();
    if (result.revision === this.revision) this.analysis = result.analysis as unknown as Analysis;
  }

  #result(): Promise<Schemas['Result']> {
    const id = this.transcriptionId;
    if (this.isShared) {
      return dataOf(api.GET('/api/v1/shared/{token}/result', { params: { path: { token: id } } }));
    }
    const path = { transcription_id: id };
    return dataOf(api.GET('/api/v1/transcribe/{transcription_id}/result', { params: { path } }));
  }

  async #text(part: string): Promise<string> {
    const response = await fetchWithToken(addressOf(this.transcriptionId, part)).catch((error: unknown) => {
      throw new ServiceError(failureOf(error));
    });
    if (!response.ok) throw new ServiceError(failureOf(await response.json().catch(() => null), response));
    return response.text();
  }

  /** Where in the recording the tab begins: its times count from there. Seconds. */
  get start(): number {
    return this.tab?.source.start ?? 0;
  }

  /** Notes of the shown track that are sure enough to show. */
  get notes(): Tab['tracks'][number]['notes'] {
    const notes = this.tab?.tracks[this.trackIndex]?.notes ?? [];
    return notes.filter((note) => note.confidence >= settings.device.minConfidence);
  }
}
