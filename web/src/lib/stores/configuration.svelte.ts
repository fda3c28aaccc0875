/** How this installation is set up: what it takes, and what can be chosen. */
import { api, dataOf, type Schemas } from '$lib/services/api';

type Configuration = Schemas['Configuration'];

class Installation {
  /** Null until the service has told, and while it cannot be reached. */
  configuration = $state.raw<Configuration | null>(null);
  #loading: Promise<void> | undefined;

  /** Ask for it, once; while the service is away, what depends on it says nothing and the service decides. */
  load(): Promise<void> {
    this.#loading ??= dataOf(api.GET('/api/v1/config')).then(
      (configuration) => void (this.configuration = configuration),
      () => (this.#loading = undefined),
    );
    return this.#loading;
  }

  get limits(): Configuration['limits'] | null {
    return this.configuration?.limits ?? null;
  }
}

export const installation = new Installation();
