/** Saving corrections: each becomes a revision of the transcription. All of these throw a `ServiceError`. */
import type { Edit } from '$lib/editing/edits';
import { api, dataOf, type Schemas, type Tab } from './api';

export type Revision = Schemas['RevisionView'];
export type Revised = Omit<Schemas['Revised'], 'tab' | 'alphatex'> & { tab: Tab; alphaTex: string };
export type PlaceChoice = Schemas['AlternativeView'];

/** Make a revision of the latest one, `base`. With the same `key`, sending it again changes nothing more. */
export async function revise(id: string, base: number, edits: Edit[], key: string): Promise<Revised> {
  const revised = await dataOf(
    api.POST('/api/v1/transcribe/{transcription_id}/revisions', {
      params: {
        path: { transcription_id: id },
        header: { 'Idempotency-Key': key },
        query: { alphatex: true },
      },
      body: { base, edits },
    }),
  );
  return { ...revised, tab: revised.tab as unknown as Tab, alphaTex: revised.alphatex ?? '' };
}

/** The number of the latest revision. */
export async function latestRevision(id: string): Promise<number> {
  const params = { path: { transcription_id: id }, query: { limit: 1 } };
  return (await dataOf(api.GET('/api/v1/transcribe/{transcription_id}/revisions', { params }))).latest;
}

/** Every place where a note can be played, best first. */
export async function placesFor(id: string, note: string, revision: number): Promise<PlaceChoice[]> {
  const params = { path: { transcription_id: id, note_id: note }, query: { revision } };
  const address = '/api/v1/transcribe/{transcription_id}/notes/{note_id}/alternatives';
  return (await dataOf(api.GET(address, { params }))).places;
}
