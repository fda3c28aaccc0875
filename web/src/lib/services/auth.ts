/**
 * Who uses the page. The embedded service has one local user and no sign-in; elsewhere the access token is kept in
 * memory and renewed from a cookie that scripts cannot read (docs/guides/accounts.md).
 */
import { api, dataOf, failureOf, useTokens, type Schemas } from './api';
import { isPassing, Patience } from './patience';
import { installation } from '$lib/stores/configuration.svelte';
import { connection } from '$lib/stores/connection.svelte';
import { settings } from '$lib/stores/settings.svelte';
import { user } from '$lib/stores/user.svelte';

type Tokens = Schemas['Tokens'];
type Credentials = { email: string; password: string };

/** The refresh token's cookie comes and goes, also when the service is at another origin than the page. */
const withCookie = { credentials: 'include' } as const;
/** Not `fetchWithToken`: what is refused here must not try to renew the token. */
const entrance = { ...withCookie, fetch: (request: Request) => fetch(request) };

/** Refresh tokens are good once: tabs take turns, and tell each other what they got. */
const LOCK = 'genesis-refresh';
const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('genesis-auth') : null;
const RENEW_BEFORE_MS = 60_000;

class Auth {
  #token: string | null = null;
  #expiresAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #started: Promise<void> | undefined;
  #known: Promise<void> | undefined;
  #patience = new Patience();
  #listeners = new Set<(token: string) => void>();

  constructor() {
    useTokens({ token: () => this.#token, renew: () => this.renew() });
    channel?.addEventListener('message', ({ data }) => {
      if (data === 'signed-out') this.#forget();
      else this.#take(data as Tokens);
    });
  }

  get token(): string | null {
    return this.#token;
  }

  /** Called with every new token; returns how to stop. */
  onToken(listener: (token: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether somebody signed in on this device and did not sign out. */
  get isExpected(): boolean {
    return localStorage.getItem('genesis.signed-in') !== null;
  }

  /** Called once, as soon as somebody has signed in (again); returns how to call it off. */
  whenSignedIn(act: () => void): () => void {
    const stop = this.onToken(() => {
      stop();
      act();
    });
    return stop;
  }

  /** Find out who is here; an unreachable service is no reason not to show the page: it is asked again meanwhile. */
  start(): Promise<void> {
    this.#started ??= this.#begin().catch((error: unknown) => this.#startLater(error));
    return this.#started;
  }

  #startLater(error: unknown): void {
    if (!isPassing(failureOf(error).status)) return;
    this.#started = undefined;
    this.#patience.wait(() => void this.start());
  }

  /** Settled when the account and its preferences are known or cannot be: only few pages have to wait for them. */
  async known(): Promise<void> {
    await this.start();
    await this.#known;
  }

  async #begin(): Promise<void> {
    await installation.load();
    if (!installation.configuration) return this.#startLater(null);
    user.options = installation.configuration.accounts;
    if (user.mustSignIn && this.isExpected) await this.renew();
    this.#known = this.#learn().catch((error: unknown) => this.#startLater(error));
  }

  async #learn(): Promise<void> {
    if (user.options === null || user.mustSignIn) return;
    user.account ??= await dataOf(api.GET('/api/v1/account'));
    await settings.load();
  }

  async signIn(credentials: Credentials): Promise<void> {
    const body = { ...credentials, refresh_in: 'cookie' } as const;
    await this.#enter(api.POST('/api/v1/auth/sign-in', { ...entrance, body }));
  }

  async signUp(credentials: Credentials): Promise<void> {
    const body = { ...credentials, refresh_in: 'cookie' } as const;
    await this.#enter(api.POST('/api/v1/auth/sign-up', { ...entrance, body }));
  }

  async #enter(answer: Promise<{ data?: Tokens; error?: unknown; response: Response }>): Promise<void> {
    this.#took(await dataOf(answer));
    await settings.load();
  }

  async signOut(everywhere = false): Promise<void> {
    await api.POST(everywhere ? '/api/v1/auth/sign-out-everywhere' : '/api/v1/auth/sign-out', withCookie);
    this.leave();
  }

  /** Forget who was here, in all tabs: the session is over already. */
  leave(): void {
    user.expired = false;
    user.left = true;
    this.#forget();
    connection.forgetSongs();
    channel?.postMessage('signed-out');
  }

  /** Get a new access token; false when the user has to sign in. */
  async renew(): Promise<boolean> {
    if (!user.options?.sign_in_required) return false;
    if (user.expired) {
      user.asked = true;
      return false;
    }
    const before = this.#token;
    return navigator.locks.request(LOCK, async () => {
      if (this.#token !== before) return this.#token !== null; // another request or tab was faster
      const { data, response } = await api.POST('/api/v1/auth/refresh', entrance);
      if (data) this.#took(data);
      else if (response.status === 401) this.#expire();
      return data !== undefined;
    });
  }

  #took(tokens: Tokens): void {
    this.#take(tokens);
    channel?.postMessage(tokens);
  }

  #take(tokens: Tokens): void {
    this.#token = tokens.access_token;
    this.#expiresAt = Date.parse(tokens.expires_at);
    // What the page shows belongs to whoever was here before.
    if (user.expired && user.account?.id !== tokens.account.id) location.reload();
    user.account = tokens.account;
    user.expired = false;
    user.asked = false;
    localStorage.setItem('genesis.signed-in', 'yes');
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => void this.renew(),
      Math.max(this.#expiresAt - Date.now() - RENEW_BEFORE_MS, 1000),
    );
    for (const listener of this.#listeners) listener(tokens.access_token);
  }

  /** The session is over. In the middle of something the page asks to sign in again, and keeps what it shows. */
  #expire(): void {
    user.expired = user.asked = user.account !== null;
    if (!user.expired) return this.#forget();
    this.#token = null;
    clearTimeout(this.#timer);
  }

  #forget(): void {
    this.#token = null;
    user.account = null;
    clearTimeout(this.#timer);
    localStorage.removeItem('genesis.signed-in');
  }
}

export const auth = new Auth();
