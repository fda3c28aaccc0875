/** The instruments of a recording that was taken apart, each a sound of its own. All of these throw a `ServiceError`. */
import { addressOf, failureOf, fetchWithToken, serviceOrigin, ServiceError, type Schemas } from './api';

export type Stem = Schemas['StemView'];

/** As one names them in a band; the rest of it comes last. */
const ORDER = ['guitar', 'bass', 'piano', 'vocals', 'drums'];

/** The stems of a transcription, its guitar first; none where the recording was not taken apart. */
export async function stemsOf(transcriptionId: string): Promise<Stem[]> {
  const response = await answerOf(addressOf(transcriptionId, 'stems'));
  const rank = ({ name }: Stem) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return ((await response.json()) as Stem[]).sort((a, b) => rank(a) - rank(b));
}

/** The sounds of stems by name, fetched together; `tell` hears how many bytes have come. */
export async function soundsOf(
  stems: readonly Stem[],
  tell: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Map<string, Blob>> {
  let bytes = 0;
  const more = (count: number) => tell((bytes += count));
  const sounds = stems.map(async (stem): Promise<[string, Blob]> => {
    const response = await answerOf(`${serviceOrigin}${stem.url}`, signal);
    return [stem.name, await bodyOf(response, stem.media_type, more)];
  });
  return new Map(await Promise.all(sounds));
}

async function answerOf(address: string, signal?: AbortSignal): Promise<Response> {
  const response = await fetchWithToken(address, { signal: signal ?? null }).catch((error: unknown) => {
    throw new ServiceError(failureOf(error));
  });
  if (!response.ok) throw new ServiceError(failureOf(await response.json().catch(() => null), response));
  return response;
}

async function bodyOf(response: Response, type: string, tell: (bytes: number) => void): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const reader = response.body?.getReader();
  try {
    for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
      parts.push(part.value);
      tell(part.value.byteLength);
    }
  } catch (error) {
    throw new ServiceError(failureOf(error));
  }
  return new Blob(parts, { type });
}
