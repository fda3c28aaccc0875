/** Whether there is a network, and whether a newer version of the page waits to be shown. */
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

  /** Leave no songs on this device. */
  forgetSongs(): void {
    navigator.serviceWorker?.controller?.postMessage('forget-songs');
  }
}

export const connection = new Connection();
