import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { JobEvents } from './websocket';

/** A connection as the library gives it: what it heard is played, what it was told is kept. */
class FakeSocket {
  connected = false;
  active = true;
  told: [string, unknown][] = [];
  connect = vi.fn();
  #hears = new Map<string, (event?: unknown) => void>();
  /** What the service answers to a subscription. */
  answer = { ok: true };

  on(name: string, act: (event?: unknown) => void): void {
    this.#hears.set(name, act);
  }
  emit(name: string, data: unknown, answered?: (answer: { ok: boolean }) => void): void {
    this.told.push([name, data]);
    answered?.(this.answer);
  }
  happens(name: string, event?: unknown): void {
    this.#hears.get(name)?.(event);
  }
  comesUp(): void {
    this.connected = true;
    this.happens('connect');
  }
  goesAway(reason = 'transport close'): void {
    this.connected = false;
    this.happens('disconnect', reason);
  }
}

let socket: FakeSocket;
let giveToken: (give: (auth: object) => void) => void;
const io = vi.hoisted(() => vi.fn());
vi.mock('socket.io-client', () => ({ io }));
const auth = vi.hoisted(() => ({
  token: 'first' as string | null,
  renew: vi.fn(async () => true),
  heard: undefined as unknown as (token: string) => unknown,
  onToken(listener: (token: string) => unknown) {
    this.heard = listener;
  },
}));
vi.mock('./auth', () => ({ auth }));

/** A page of its own: nothing is followed yet. */
async function follow(...followers: JobEvents[]): Promise<(() => void)[]> {
  vi.resetModules();
  const { live } = await import('./websocket');
  const stops = followers.map((events) => live.follow('job', events));
  await vi.advanceTimersByTimeAsync(0);
  return stops;
}

beforeEach(() => {
  vi.useFakeTimers();
  socket = new FakeSocket();
  io.mockReset().mockImplementation((_, options) => {
    giveToken = options.auth;
    return socket;
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.clearAllMocks();
});

describe('live progress', () => {
  it('tells how far a song is, and that it is done', async () => {
    const [progress, complete] = [vi.fn(), vi.fn()];
    await follow({ progress, complete });
    socket.comesUp();
    expect(socket.told).toEqual([['subscribe', { job_id: 'job' }]]);
    socket.happens('progress', { job_id: 'job', stage: 'Writing', percent: 95 });
    socket.happens('progress', { job_id: 'another', stage: 'Writing', percent: 10 });
    socket.happens('complete', { job_id: 'job' });
    expect(progress.mock.calls).toEqual([[{ job_id: 'job', stage: 'Writing', percent: 95 }]]);
    expect(complete).toHaveBeenCalledTimes(1);
  });

  it('comes by one connection for all songs, whoever looks', async () => {
    const [one, two] = [vi.fn(), vi.fn()];
    await follow({ progress: one }, { progress: two });
    socket.comesUp();
    socket.happens('progress', { job_id: 'job', stage: 'Loading', percent: 1 });
    expect(io).toHaveBeenCalledTimes(1);
    expect([one, two].map((each) => each.mock.calls.length)).toEqual([1, 1]);
  });

  it('says when it is away, and asks for the last state when it is back', async () => {
    const connected = vi.fn();
    await follow({ connected });
    socket.comesUp();
    socket.goesAway();
    socket.comesUp();
    expect(connected.mock.calls.flat()).toEqual([false, true, false, true]);
    expect(socket.told.filter(([name]) => name === 'subscribe')).toHaveLength(2);
  });

  it('is no longer sent once nobody looks', async () => {
    const progress = vi.fn();
    const [first, second] = await follow({ progress }, {});
    socket.comesUp();
    first?.();
    expect(socket.told.at(-1)?.[0]).toBe('subscribe');
    second?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(socket.told.at(-1)).toEqual(['unsubscribe', { job_id: 'job' }]);
    socket.happens('progress', { job_id: 'job', stage: 'Loading', percent: 1 });
    expect(progress).not.toHaveBeenCalled();
  });

  it('of a song that is not ours is refused', async () => {
    socket.answer = { ok: false };
    const refused = vi.fn();
    await follow({ refused });
    socket.comesUp();
    expect(refused).toHaveBeenCalledTimes(1);
  });

  it('says that it is away when its code cannot be loaded, and tries again with the next song', async () => {
    io.mockImplementationOnce(() => {
      throw new TypeError('offline');
    });
    const connected = vi.fn();
    await follow({ connected });
    expect(connected.mock.calls).toEqual([[false]]);
    const { live } = await import('./websocket');
    live.follow('job', { connected });
    await vi.advanceTimersByTimeAsync(0);
    expect(io).toHaveBeenCalledTimes(2);
  });
});

describe('signing in', () => {
  it('is known to the connection, also later', async () => {
    await follow({});
    const given = vi.fn();
    giveToken(given);
    auth.token = 'second';
    giveToken(given);
    expect(given.mock.calls.flat()).toEqual([{ token: 'first' }, { token: 'second' }]);
    socket.comesUp();
    auth.heard('third');
    expect(socket.told.at(-1)).toEqual(['authenticate', { token: 'third' }]);
  });

  it('is asked for anew when the service ended the connection, without haste', async () => {
    await follow({});
    socket.comesUp();
    socket.goesAway('io server disconnect');
    expect(auth.renew).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(2000);
    expect(auth.renew).toHaveBeenCalledTimes(1);
    expect(socket.connect).toHaveBeenCalledTimes(1);
  });

  it('is asked for anew when the service refuses; a network that is away comes back by itself', async () => {
    await follow({});
    socket.happens('connect_error');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(socket.connect).not.toHaveBeenCalled();
    socket.active = false;
    socket.happens('connect_error');
    await vi.advanceTimersByTimeAsync(2000);
    expect(socket.connect).toHaveBeenCalledTimes(1);
  });
});
