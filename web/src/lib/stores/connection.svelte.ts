/** Whether there is a network, and whether a newer version of the page waits to be shown. */
import { openable, SONGS } from '$lib/services/offline';

class Connection {
  online = $state(navigator.onLine);
  #waiting = $state.raw<ServiceWorker | null>(null);

  get hasUpdate(): boolean {
    return this.#waiting !== null;
  }

  constructor() {
    addEventListener('online', () => (this.online = true));
    addEventListener('offline', () => (this.online = false));
    void navigator.serviceWorker?.ready.then((registration) => this.#watch(registration));
  }

  #watch(registration: ServiceWorkerRegistration): void {
    this.#waiting = registration.waiting;
    registration.addEventListener('updatefound', () => {
      const next = registration.installing;
      next?.addEventListener('statechange', () => {
        if (next.state === 'installed' && navigator.serviceWorker.controller) this.#waiting = next;
      });
    });
  }

  /** Show the newer version. */
  update(): void {
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
    this.#waiting?.postMessage('update');
  }

  /** The ids of the songs that open without a network. */
  async keptSongs(): Promise<Set<string>> {
    if (!('caches' in globalThis)) return new Set(); // an address without HTTPS
    const requests = await (await caches.open(SONGS)).keys();
    return openable(requests.map(({ url }) => url));
  }

  /** Leave no songs on this device. */
  forgetSongs(): void {
    navigator.serviceWorker?.controller?.postMessage('forget-songs');
  }
}

export const connection = new Connection();
