/** Saving corrections: each becomes a revision of the transcription. All of these throw a `ServiceError`. */
import type { Edit } from '$lib/editing/edits';
import { addressOf, failureOf, fetchWithToken, ServiceError, type Tab } from './api';

export interface Revision {
  number: number;
  summary: string;
  created_at: string;
}
export interface Revised {
  revision: Revision;
  /** Ids of the notes that were added, in order. */
  added: string[];
  tab: Tab;
}
export interface PlaceChoice {
  string: number;
  fret: number;
  reason: string;
  cost: number;
  current: boolean;
}

/** Make a revision of the latest one, `base`. With the same `key`, sending it again changes nothing more. */
export async function revise(id: string, base: number, edits: Edit[], key: string): Promise<Revised> {
  return answerOf(id, 'revisions', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
    body: JSON.stringify({ base, edits }),
  });
}

/** The number of the latest revision. */
export async function latestRevision(id: string): Promise<number> {
  const page = await answerOf<{ latest: number }>(id, 'revisions?limit=1');
  return page.latest;
}

/** Every place where a note can be played, best first. */
export async function placesFor(id: string, note: string, revision: number): Promise<PlaceChoice[]> {
  const part = `notes/${encodeURIComponent(note)}/alternatives?revision=${revision}`;
  return (await answerOf<{ places: PlaceChoice[] }>(id, part)).places;
}

async function answerOf<T>(id: string, part: string, init?: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetchWithToken(addressOf(id, part), init);
  } catch (error) {
    throw new ServiceError(failureOf(error));
  }
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok || body === null) throw new ServiceError(failureOf(body, response));
  return body as T;
}
