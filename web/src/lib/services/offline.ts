/**
 * What the page keeps for a guitarist without a network: the page itself, and the songs opened most recently.
 * Pure decisions; `service-worker.ts` carries them out.
 */

/** Songs whose tab and recording stay on the device. */
export const KEPT_SONGS = 12;
/** The cache they are in. */
export const SONGS = 'songs';

type Kind =
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

/** What the service answers itself. */
const SERVICE = /^\/(?:api|health|socket\.io)\//;
const API = '/api/v1/transcribe';
const SONG =
  /^\/api\/v1\/transcribe\/([0-9a-f-]{36})(?:\/(?:result|audio|revisions|files\/(?:alphatex|txt)))?$/;
const LARGE = /\.(?:sf2|sf3|ogg|woff2?|otf|eot|ttf)$/;

/** Whether a file of the build is fetched ahead, or only once it is used. */
export function isFetchedAhead(path: string): boolean {
  return !LARGE.test(path);
}

/** Where the page and the service are, usually at one origin; `assets` are the paths of this build's files. */
export interface Place {
  page: string;
  service: string;
  assets: ReadonlySet<string>;
}

/** How a request is answered. */
export function kindOf(request: { method: string; url: string; mode: string }, place: Place): Kind {
  const url = new URL(request.url);
  if (request.method !== 'GET') return 'other';
  if (url.origin === place.service && SERVICE.test(url.pathname)) return kindOfAnswer(url);
  if (url.origin !== place.page) return 'other';
  if (place.assets.has(url.pathname)) return isFetchedAhead(url.pathname) ? 'asset' : 'used-asset';
  return request.mode === 'navigate' ? 'page' : 'other';
}

function kindOfAnswer({ pathname, search }: URL): Kind {
  if (pathname === API) return search ? 'other' : 'list';
  return SONG.test(pathname) ? 'song' : 'other';
}

/** The song a request is about. */
export function songOf(url: string): string | undefined {
  return SONG.exec(new URL(url).pathname)?.[1];
}

/** The songs that can be opened with what is kept: all that a result page asks for, but for the recording. */
export function openable(keptUrls: readonly string[]): Set<string> {
  const paths = new Set(keptUrls.map((url) => new URL(url).pathname));
  const isWhole = (song: string) =>
    ['', '/result', '/files/alphatex'].every((part) => paths.has(`${API}/${song}${part}`));
  return new Set([...paths].map((path) => SONG.exec(path)?.[1] ?? '').filter(isWhole));
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
