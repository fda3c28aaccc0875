/**
 * What the page keeps for a guitarist without a network: the page itself, and the songs opened most recently.
 * Pure decisions; `service-worker.ts` carries them out.
 */

/** Songs whose tab and recording stay on the device. */
export const KEPT_SONGS = 12;

export type Kind =
  /** An address of the page: answered with the shell when the network is away. */
  | 'page'
  /** A file of this version of the page: never changes under its name. */
  | 'asset'
  /** A large file that only some need (sounds, fonts of the score): kept once it was used. */
  | 'used-asset'
  /** A song's data: the newest when there is a network, else what was kept. */
  | 'song'
  /** The list of songs: as a song's data, but belonging to none. */
  | 'list'
  /** Anything else: never touched. */
  | 'other';

const API = '/api/v1/transcribe';
const SONG =
  /^\/api\/v1\/transcribe\/([0-9a-f-]{36})(?:\/(?:result|audio|revisions|files\/(?:alphatex|txt)))?$/;
const LARGE = /\.(?:sf2|sf3|ogg|woff2?|otf|eot|ttf)$/;

/** Whether a file of the build is fetched ahead, or only once it is used. */
export function isFetchedAhead(path: string): boolean {
  return !LARGE.test(path);
}

/** How a request is answered. `assets` are the paths of this build's files. */
export function kindOf(
  request: { method: string; url: string; mode: string },
  origin: string,
  assets: Set<string>,
): Kind {
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== origin) return 'other';
  if (assets.has(url.pathname)) return isFetchedAhead(url.pathname) ? 'asset' : 'used-asset';
  if (url.pathname === API) return url.search ? 'other' : 'list';
  if (SONG.test(url.pathname)) return 'song';
  if (url.pathname.startsWith('/api/') || url.pathname.startsWith('/socket.io/')) return 'other';
  return request.mode === 'navigate' ? 'page' : 'other';
}

/** The song a request is about. */
export function songOf(url: string): string | undefined {
  return SONG.exec(new URL(url).pathname)?.[1];
}

/** Of the kept requests, oldest first, those that have to go so that only the last `KEPT_SONGS` songs stay. */
export function tooOld(keptUrls: readonly string[]): string[] {
  const songs = [...new Set(keptUrls.map(songOf).reverse())].filter((song) => song !== undefined);
  const kept = new Set(songs.slice(0, KEPT_SONGS));
  return keptUrls.filter((url) => {
    const song = songOf(url);
    return song !== undefined && !kept.has(song);
  });
}
