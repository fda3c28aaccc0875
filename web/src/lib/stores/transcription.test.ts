import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { JobEvents } from '$lib/services/websocket';
import { Transcription } from './transcription.svelte';

const mocks = vi.hoisted(() => ({ GET: vi.fn(), POST: vi.fn(), follow: vi.fn() }));
vi.mock('$lib/services/websocket', () => ({ live: { follow: mocks.follow } }));
vi.mock('$lib/services/api', async (original) => ({ ...(await original()), api: mocks }));

let follower: JobEvents = {};
const unfollow = vi.fn();
const answer = (status: string, stage = 'Listening', percent = 40) => ({
  data: { status, progress: percent, job: { id: 'job', stage, percent } },
  response: new Response(),
});
const refused = (status: number) => ({
  error: { detail: 'No.', code: 'no', status, request_id: 'r' },
  response: new Response(null, { status: 400 }),
});

let close = () => {};
function opened(): Transcription {
  const transcription = new Transcription('song');
  close = transcription.open();
  return transcription;
}

beforeEach(() => {
  vi.useFakeTimers();
  mocks.follow.mockImplementation((_: string, events: JobEvents) => {
    follower = events;
    return unfollow;
  });
});
afterEach(() => {
  close();
  vi.useRealTimers();
  vi.clearAllMocks();
  mocks.GET.mockReset();
});

describe('following a song', () => {
  it('shows live progress', async () => {
    mocks.GET.mockResolvedValue(answer('running'));
    const song = opened();
    await vi.advanceTimersByTimeAsync(0);
    follower.connected?.(true);
    follower.progress?.({ job_id: 'job', stage: 'Writing', percent: 95, message: '' });
    expect(song).toMatchObject({ stage: 'Writing', percent: 95, isLive: true });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(mocks.GET).toHaveBeenCalledTimes(1); // no asking while it is told
  });

  it('asks now and then while the connection is away', async () => {
    mocks.GET.mockResolvedValue(answer('running'));
    opened();
    await vi.advanceTimersByTimeAsync(0);
    follower.connected?.(true);
    follower.connected?.(false);
    await vi.advanceTimersByTimeAsync(9000);
    expect(mocks.GET).toHaveBeenCalledTimes(3);
  });

  it('asks again after nobody answered, and forgets the failure', async () => {
    mocks.GET.mockRejectedValueOnce(new TypeError('offline')).mockResolvedValue(answer('running'));
    const song = opened();
    await vi.advanceTimersByTimeAsync(0);
    expect(song.failure?.status).toBe(0);
    await vi.advanceTimersByTimeAsync(4000);
    expect(song.failure).toBeNull();
    expect(song.status).toBe('running');
  });

  it('does not ask for ever for a song that is not there', async () => {
    mocks.GET.mockResolvedValue(refused(404));
    const song = opened();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(song.failure?.status).toBe(404);
    expect(mocks.GET).toHaveBeenCalledTimes(1);
  });

  it('looks at once when the device is back online', async () => {
    mocks.GET.mockResolvedValue(answer('running'));
    opened();
    await vi.advanceTimersByTimeAsync(0);
    dispatchEvent(new Event('online'));
    expect(mocks.GET).toHaveBeenCalledTimes(2);
  });

  it('stops when it is done, and follows again after a retry', async () => {
    mocks.GET.mockResolvedValueOnce(answer('failed')).mockResolvedValue(answer('queued', 'Waiting', 0));
    mocks.POST.mockResolvedValue({ data: {}, response: new Response() });
    const song = opened();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(mocks.GET).toHaveBeenCalledTimes(1);
    await song.retry({ capo: 2 });
    expect(mocks.POST.mock.lastCall?.[1]).toMatchObject({ body: { capo: 2 } });
    expect(mocks.follow).toHaveBeenCalledTimes(1);
  });

  it('does not mind that it was cancelled elsewhere', async () => {
    mocks.GET.mockResolvedValue(answer('cancelled'));
    mocks.POST.mockResolvedValue(refused(409));
    const song = opened();
    await song.cancel();
    expect(song.status).toBe('cancelled');
  });
});
