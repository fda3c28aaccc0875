/// <reference no-default-lib="true"/>
/// <reference lib="esnext" />
/// <reference lib="webworker" />
/// <reference types="@sveltejs/kit" />
import { build, files, version } from '$service-worker';
import { isFetchedAhead, kindOf, SONGS, tooOld, type Place } from '$lib/services/offline';

const worker = globalThis as unknown as ServiceWorkerGlobalScope;

const SHELL = `shell-${version}`;
const USED = 'used';
const PAGE = '/';
const place: Place = {
  page: worker.location.origin,
  service: import.meta.env.VITE_API_ORIGIN ?? worker.location.origin,
  assets: new Set([...build, ...files]),
};

worker.addEventListener('install', (event) => {
  event.waitUntil(
    caches.open(SHELL).then((cache) => cache.addAll([PAGE, ...[...place.assets].filter(isFetchedAhead)])),
  );
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(forgetOldVersions());
});

worker.addEventListener('message', (event) => {
  // A new version waits until the user says so; someone who signs out leaves nothing behind.
  if (event.data === 'update') void worker.skipWaiting();
  if (event.data === 'forget-songs') event.waitUntil(caches.delete(SONGS));
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  switch (kindOf(request, place)) {
    case 'page':
      return event.respondWith(fetch(request).catch(() => kept(SHELL, PAGE)));
    case 'asset':
      return event.respondWith(caches.match(request).then((found) => found ?? fetch(request)));
    case 'used-asset':
      return event.respondWith(caches.match(request).then((found) => found ?? fetchAndKeep(request, USED)));
    case 'song':
    case 'list':
      return event.respondWith(newest(request));
  }
});

/** From the network, and remembered; from memory when the network is away. */
async function newest(request: Request): Promise<Response> {
  try {
    return await fetchAndKeep(request, SONGS);
  } catch (error) {
    // Who asks for nothing kept follows something that changes: the truth or nothing.
    const isFollowed = request.cache === 'no-store';
    const found = await caches.match(request.url, { cacheName: SONGS, ignoreVary: true });
    if (found && !isFollowed) return found;
    throw error;
  }
}

async function fetchAndKeep(request: Request, name: string): Promise<Response> {
  const response = await fetch(request);
  // A part of a recording (206) or one from elsewhere that cannot be read is not worth keeping.
  if (response.status === 200 && response.type !== 'opaque') await keep(request, response.clone(), name);
  return response;
}

async function keep(request: Request, response: Response, name: string): Promise<void> {
  try {
    const cache = await caches.open(name);
    await cache.delete(request.url, { ignoreVary: true }); // to the end of the list: the most recent
    await cache.put(request.url, response);
    const urls = (await cache.keys()).map(({ url }) => url);
    await Promise.all(tooOld(urls).map((url) => cache.delete(url, { ignoreVary: true })));
  } catch {
    // The device has no room left: the page works, it just will not offline.
  }
}

async function kept(name: string, path: string): Promise<Response> {
  return (await caches.match(path, { cacheName: name })) ?? Response.error();
}

async function forgetOldVersions(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(
    names.filter((name) => ![SHELL, USED, SONGS].includes(name)).map((name) => caches.delete(name)),
  );
  await worker.clients.claim();
}
