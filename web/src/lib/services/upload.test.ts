import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Upload } from './upload';

interface Options {
  metadata: Record<string, string>;
  fingerprint: () => Promise<string>;
  onBeforeRequest: (request: { setHeader: (name: string, value: string) => void }) => void;
  onProgress: (sent: number, total: number) => void;
  onChunkComplete: () => void;
  onSuccess: (payload: unknown) => void;
  onError: (error: unknown) => void;
}

/** The library that sends: what it is told is kept, what it meets is played. */
const tus = vi.hoisted(() => ({
  options: {} as Options,
  earlier: [] as object[],
  start: vi.fn(),
  abort: vi.fn<(forGood?: boolean) => Promise<void>>().mockResolvedValue(),
  resume: vi.fn(),
}));
vi.mock('tus-js-client', () => ({
  Upload: class {
    constructor(_file: File, options: Options) {
      tus.options = options;
    }
    findPreviousUploads = async () => tus.earlier;
    resumeFromPreviousUpload = tus.resume;
    start = tus.start;
    abort = tus.abort;
  },
}));
const auth = vi.hoisted(() => ({
  token: 'a token' as string | null,
  renew: vi.fn(async () => true),
  signedIn: () => undefined as unknown,
  whenSignedIn(act: () => void) {
    this.signedIn = act;
    return () => undefined;
  },
}));
vi.mock('./auth', () => ({ auth }));

const CHOICES = { instrument: 'guitar', tuning: 'drop-d', capo: 2, separate: false, tempo: null };
const events = { progress: vi.fn(), waiting: vi.fn(), accepted: vi.fn(), failed: vi.fn() };
const song = () => new File(['sound'], 'porch.wav', { type: 'audio/wav', lastModified: 1 });
const answered = (status: number, body: object = {}) => ({
  originalResponse: { getStatus: () => status, getBody: () => JSON.stringify(body) },
});
const settled = () => vi.advanceTimersByTimeAsync(0);

const uploads: Upload[] = [];
async function begun(choices = CHOICES): Promise<Upload> {
  const upload = new Upload(song(), choices, events);
  uploads.push(upload);
  await upload.start();
  return upload;
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  for (const upload of uploads.splice(0)) upload.cancel();
  vi.useRealTimers();
  vi.clearAllMocks();
  tus.earlier = [];
  auth.renew.mockImplementation(async () => true);
});

describe('a song on its way', () => {
  it('is sent with its name, what was chosen, and whose it is', async () => {
    await begun();
    expect(tus.start).toHaveBeenCalledTimes(1);
    expect(tus.options.metadata).toMatchObject({ filename: 'porch.wav', tuning: 'drop-d', capo: '2' });
    const setHeader = vi.fn();
    tus.options.onBeforeRequest({ setHeader });
    expect(setHeader).toHaveBeenCalledWith('Authorization', 'Bearer a token');
  });

  it('shows how much has arrived, and where its tab will be', async () => {
    await begun();
    tus.options.onProgress(25, 100);
    tus.options.onSuccess({ lastResponse: { getHeader: () => 'the-id' } });
    expect(events.progress).toHaveBeenCalledWith(0.25);
    expect(events.accepted).toHaveBeenCalledWith('the-id');
  });

  it('goes on where it was when the same file is chosen again, with the same choices', async () => {
    tus.earlier = [{ uploadUrl: '/uploads/1' }];
    await begun();
    expect(tus.resume).toHaveBeenCalledWith({ uploadUrl: '/uploads/1' });
    const before = await tus.options.fingerprint();
    await begun({ ...CHOICES, capo: 3 });
    expect(await tus.options.fingerprint()).not.toBe(before);
  });

  it('waits while it is paused', async () => {
    const upload = await begun();
    upload.pause();
    tus.options.onError(new Error('aborted'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(tus.abort).toHaveBeenLastCalledWith(false);
    expect(events.waiting).not.toHaveBeenCalled();
    await upload.start();
    expect(tus.start).toHaveBeenCalledTimes(2);
  });

  it('leaves nothing at the service when it is given up', async () => {
    (await begun()).cancel();
    expect(tus.abort).toHaveBeenLastCalledWith(true);
  });
});

describe('when something is in the way', () => {
  it('a lost network is said at once, and it goes on as soon as it is back', async () => {
    await begun();
    dispatchEvent(new Event('offline'));
    expect(events.waiting.mock.lastCall?.[0]).toMatchObject({ status: 0 });
    dispatchEvent(new Event('online'));
    await settled();
    expect(tus.start).toHaveBeenCalledTimes(2);
  });

  it('a service that is busy or in another step is asked again, each time later', async () => {
    await begun();
    for (const [status, wait] of [
      [503, 1000],
      [423, 2000],
      [409, 4000],
    ] as const) {
      const before = tus.start.mock.calls.length;
      tus.options.onError(answered(status));
      await vi.advanceTimersByTimeAsync(wait - 1);
      expect(tus.start).toHaveBeenCalledTimes(before);
      await vi.advanceTimersByTimeAsync(1);
      expect(tus.start).toHaveBeenCalledTimes(before + 1);
    }
    expect(events.failed).not.toHaveBeenCalled();
  });

  it('what the service refuses is said in its words, and not tried again', async () => {
    await begun();
    const problem = { detail: 'This is no recording.', code: 'not-audio', status: 415, request_id: 'r1' };
    tus.options.onError(answered(415, problem));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(events.failed.mock.lastCall?.[0]).toMatchObject({
      message: 'This is no recording.',
      reference: 'r1',
    });
    expect(tus.start).toHaveBeenCalledTimes(1);
  });

  it('a token that ran out is renewed without a word', async () => {
    await begun();
    tus.options.onError(answered(401));
    await settled();
    expect(tus.start).toHaveBeenCalledTimes(2);
    expect(events.waiting).not.toHaveBeenCalled();
  });

  it('a session that is over: it goes on when they have signed in again', async () => {
    auth.renew.mockImplementation(async () => false);
    await begun();
    tus.options.onError(answered(401));
    await settled();
    expect(events.waiting.mock.lastCall?.[0]).toMatchObject({ status: 401 });
    expect(tus.start).toHaveBeenCalledTimes(1);
    auth.signedIn();
    await settled();
    expect(tus.start).toHaveBeenCalledTimes(2);
  });

  it('a network that goes away while the token is renewed is waited for', async () => {
    auth.renew.mockImplementation(async () => {
      throw new TypeError('offline');
    });
    await begun();
    tus.options.onError(answered(401));
    await settled();
    expect(events.waiting.mock.lastCall?.[0]).toMatchObject({ status: 0 });
  });
});
