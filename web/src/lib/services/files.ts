/** Files to keep: fetched with the token, then handed to the browser. */
import { addressOf, failureOf, fetchWithToken, serviceOrigin, ServiceError } from './api';

/** What a saved file holds: which revision, without notes less sure than this. */
interface Wanted {
  revision?: number;
  minConfidence?: number;
}

/** Save a file of a transcription. Throws a `ServiceError`. */
export async function saveFile(
  transcriptionId: string,
  format: string,
  stem: string,
  wanted: Wanted,
): Promise<void> {
  // The token is for the service alone: files come through it, not from a link to the storage.
  const query = new URLSearchParams({ redirect: 'false' });
  if (wanted.revision !== undefined) query.set('revision', String(wanted.revision));
  if (wanted.minConfidence) query.set('min_confidence', String(wanted.minConfidence));
  await saveFrom(addressOf(transcriptionId, `files/${format}?${query}`), `${stem}.${format}`);
}

/** Save what an address of the service answers. Throws a `ServiceError`. */
export async function saveFrom(address: string, name: string): Promise<void> {
  let response: Response;
  try {
    response = await fetchWithToken(address.startsWith('/') ? `${serviceOrigin}${address}` : address);
  } catch (error) {
    throw new ServiceError(failureOf(error));
  }
  if (!response.ok) throw new ServiceError(failureOf(await response.json().catch(() => null), response));
  save(await response.blob(), nameIn(response.headers.get('Content-Disposition')) ?? name);
}

/** The name in a `Content-Disposition` header (RFC 6266). */
export function nameIn(header: string | null): string | null {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(header ?? '')?.[1];
  if (encoded) return decodeURIComponent(encoded);
  return /filename="([^"]*)"/i.exec(header ?? '')?.[1] ?? null;
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
