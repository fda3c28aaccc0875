import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const mocks = vi.hoisted(() => ({ GET: vi.fn(), POST: vi.fn() }));
vi.mock('./api', async (original) => ({ ...(await original()), api: mocks }));

const answer = (data: object) => ({ data, response: new Response() });
const refused = (status: number) => ({
  error: { detail: 'No.', code: 'no', status, request_id: 'r' },
  response: new Response(null, { status }),
});
const tokens = () =>
  answer({
    access_token: 'fresh',
    expires_at: new Date(Date.now() + 15 * 60_000).toISOString(),
    account: { id: 'me', email: 'me@example.com' },
  });

/** There are none: what earlier pages of this file tell is not heard. */
class OtherTabs extends EventTarget {
  postMessage = () => undefined;
}

/** A page that was just opened. */
async function opened() {
  vi.resetModules();
  const [{ auth }, { user }] = await Promise.all([import('./auth'), import('$lib/stores/user.svelte')]);
  await auth.known();
  return { auth, user };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('BroadcastChannel', OtherTabs);
  Object.defineProperty(navigator, 'locks', {
    configurable: true,
    value: { request: (_: string, act: () => unknown) => act() },
  });
  localStorage.clear();
  mocks.GET.mockImplementation(async (path: string) =>
    answer(path.endsWith('/config') ? { accounts: { sign_in_required: true } } : { theme: 'system' }),
  );
  mocks.POST.mockImplementation(async () => tokens());
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.resetAllMocks();
});

describe('who is here', () => {
  it('is nobody on the first visit, and nothing is asked for in their name', async () => {
    const { user } = await opened();
    expect(user.mustSignIn).toBe(true);
    expect(mocks.POST).not.toHaveBeenCalled();
  });

  it('is known again on the next visit', async () => {
    localStorage.setItem('genesis.signed-in', 'yes');
    const { auth, user } = await opened();
    expect(user.account?.email).toBe('me@example.com');
    expect(auth.token).toBe('fresh');
  });

  it('is asked again when the service was away at first', async () => {
    localStorage.setItem('genesis.signed-in', 'yes');
    mocks.GET.mockRejectedValueOnce(new TypeError('offline'));
    const { user } = await opened();
    expect(user.options).toBeNull();
    dispatchEvent(new Event('online'));
    await vi.advanceTimersByTimeAsync(0);
    expect(user.account?.email).toBe('me@example.com');
  });
});

describe('a session that ends', () => {
  it('leaves what is on the page, and asks to sign in over it', async () => {
    localStorage.setItem('genesis.signed-in', 'yes');
    const { auth, user } = await opened();
    mocks.POST.mockImplementation(async () => refused(401));
    expect(await auth.renew()).toBe(false);
    expect(user).toMatchObject({ expired: true, asked: true, mustSignIn: false });
    expect(auth.token).toBeNull();
  });

  it('goes on with what waited, once, after signing in again', async () => {
    const { auth } = await opened();
    const [goesOn, calledOff] = [vi.fn(), vi.fn()];
    auth.whenSignedIn(goesOn);
    auth.whenSignedIn(calledOff)();
    await auth.signIn({ email: 'me@example.com', password: 'p' });
    await auth.signIn({ email: 'me@example.com', password: 'p' });
    expect(goesOn).toHaveBeenCalledTimes(1);
    expect(calledOff).not.toHaveBeenCalled();
  });
});

describe('the cookie of a session', () => {
  it('goes along to a service elsewhere, but only where it is needed', async () => {
    const { auth } = await opened();
    await auth.signIn({ email: 'me@example.com', password: 'p' });
    await auth.signOut();
    for (const [, init] of mocks.POST.mock.calls) expect(init).toMatchObject({ credentials: 'include' });
    for (const [, init] of mocks.GET.mock.calls) expect(init ?? {}).not.toHaveProperty('credentials');
  });
});
