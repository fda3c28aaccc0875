import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SongList } from './song-list.svelte';
import { toasts } from './toasts.svelte';

const mocks = vi.hoisted(() => ({ GET: vi.fn(), PATCH: vi.fn(), fetchWithToken: vi.fn() }));
vi.mock('$lib/services/api', async (original) => ({
  ...(await original()),
  api: mocks,
  fetchWithToken: mocks.fetchWithToken,
}));

const song = (id: string) => ({ id, title: id, status: 'complete' }) as never;
const page = (ids: string[], next_cursor: string | null = null) => ({
  data: { items: ids.map(song), next_cursor },
  response: new Response(),
});
const ids = (list: SongList) => list.songs.map(({ id }) => id);

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.resetAllMocks();
  toasts.shown = [];
});

describe('the list of songs', () => {
  it('grows page by page', async () => {
    const list = new SongList();
    mocks.GET.mockResolvedValueOnce(page(['a', 'b'], 'next')).mockResolvedValueOnce(page(['c']));
    await list.load();
    expect(list.hasMore).toBe(true);
    await list.more();
    expect(ids(list)).toEqual(['a', 'b', 'c']);
    expect(list.hasMore).toBe(false);
  });

  it('is asked for plainly at first, so that it is kept for offline use', async () => {
    mocks.GET.mockResolvedValue(page([]));
    await new SongList().load();
    expect(mocks.GET.mock.lastCall?.[1]).toEqual({ params: { query: {} } });
  });

  it('shows the answer to the newest question, whichever comes first', async () => {
    const list = new SongList();
    let late: (page: unknown) => void = () => undefined;
    mocks.GET.mockReturnValueOnce(new Promise((done) => (late = done))).mockResolvedValueOnce(page(['new']));
    const first = list.load();
    list.words = 'new';
    await list.load();
    late(page(['old']));
    await first;
    expect(ids(list)).toEqual(['new']);
  });

  it('keeps what it shows when the service is away', async () => {
    const list = new SongList();
    mocks.GET.mockResolvedValueOnce(page(['a'])).mockRejectedValueOnce(new TypeError('offline'));
    await list.load();
    await list.load();
    expect(ids(list)).toEqual(['a']);
    expect(list.failure?.status).toBe(0);
  });
});

describe('deleting a song', () => {
  async function without(id: string): Promise<SongList> {
    const list = new SongList();
    mocks.GET.mockResolvedValue(page(['a', 'b', 'c']));
    await list.load();
    list.remove(list.songs.find((each) => each.id === id) as never);
    return list;
  }

  it('takes it away at once, and for good after a while', async () => {
    mocks.fetchWithToken.mockResolvedValue(new Response(null, { status: 204 }));
    const list = await without('b');
    expect(ids(list)).toEqual(['a', 'c']);
    expect(mocks.fetchWithToken).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(mocks.fetchWithToken.mock.lastCall?.[0]).toMatch(/\/transcribe\/b$/);
    expect(toasts.shown).toEqual([]);
  });

  it('can be undone', async () => {
    const list = await without('b');
    toasts.shown[0]?.action?.run();
    expect(ids(list)).toEqual(['a', 'b', 'c']);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(mocks.fetchWithToken).not.toHaveBeenCalled();
  });

  it('is not undone by leaving the page', async () => {
    mocks.fetchWithToken.mockResolvedValue(new Response(null, { status: 204 }));
    const list = await without('b');
    list.leave();
    expect(mocks.fetchWithToken).toHaveBeenCalledTimes(1);
  });

  it('brings it back when the service refuses', async () => {
    mocks.fetchWithToken.mockResolvedValue(new Response(null, { status: 503 }));
    const list = await without('b');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ids(list)).toEqual(['a', 'b', 'c']);
    expect(toasts.shown[0]?.text).toContain('could not be deleted');
  });
});
