import type { Schemas } from '$lib/services/api';

/** Who uses the page; null while nobody is signed in. */
class User {
  account = $state<Schemas['Account'] | null>(null);
  options = $state<Schemas['AuthOptions'] | null>(null);
  /** The session ended while the page was used: what it shows of `account` stays, until they sign in again. */
  expired = $state(false);
  /** They signed out themselves: they go where they chose to. */
  left = $state(false);
  /** Ask them to sign in, over the page. */
  asked = $state(false);

  /** True when this service has accounts and nobody is signed in. */
  get mustSignIn(): boolean {
    return this.options?.sign_in_required === true && this.account === null;
  }
}

export const user = new User();
