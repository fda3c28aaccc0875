/**
 * The original recording: fetched once with the token (an `<audio>` element cannot send one), kept as a blob so that
 * seeking never waits for the network.
 */
import { addressOf, failureOf, fetchWithToken, ServiceError } from './api';

/** The recording of a transcription. Throws a `ServiceError` when it cannot be had. */
export async function recordingOf(transcriptionId: string): Promise<Blob> {
  let response: Response;
  try {
    response = await fetchWithToken(`${addressOf(transcriptionId, 'audio')}`);
  } catch (error) {
    throw new ServiceError(failureOf(error));
  }
  if (!response.ok) throw new ServiceError(failureOf(await response.json().catch(() => null), response));
  return response.blob();
}
