import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { installation } from './configuration.svelte';
import { intake, type Song } from './intake.svelte';

interface Sent {
  progress(share: number): void;
  waiting(failure: { status: number }): void;
  accepted(id: string): void;
  failed(failure: { message: string; reference?: string }): void;
}
const mocks = vi.hoisted(() => ({
  POST: vi.fn(),
  GET: vi.fn(),
  uploads: [] as { file: File; events: unknown; start: unknown; pause: unknown; cancel: unknown }[],
  signedIn: () => undefined as unknown,
  checkRecording: vi.fn(),
}));
vi.mock('$lib/services/api', async (original) => ({ ...(await original()), api: mocks }));
vi.mock('$lib/services/auth', () => ({
  auth: { whenSignedIn: (act: () => void) => ((mocks.signedIn = act), () => undefined) },
}));
vi.mock('$lib/services/recordings', () => ({ checkRecording: mocks.checkRecording }));
vi.mock('$lib/services/upload', () => ({
  Upload: class {
    start = vi.fn();
    pause = vi.fn();
    cancel = vi.fn();
    constructor(
      readonly file: File,
      _choices: unknown,
      readonly events: unknown,
    ) {
      mocks.uploads.push(this);
    }
  },
}));

const CHOICES = { instrument: 'guitar', tuning: 'standard', capo: 0, separate: false, tempo: null };
const file = (name: string) => new File(['sound'], name);
const states = () => intake.songs.map(({ state }) => state);
const sent = (index: number) => mocks.uploads[index]?.events as Sent;
const song = (index: number) => intake.songs[index] as Song;
const settled = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(installation, 'load').mockResolvedValue();
  mocks.checkRecording.mockResolvedValue({ seconds: 3, refusal: null });
});
afterEach(() => {
  vi.useRealTimers();
  vi.resetAllMocks();
  intake.songs = [];
  mocks.uploads = [];
});

describe('songs that are dropped', () => {
  it('are looked at before they may be sent', async () => {
    mocks.checkRecording.mockImplementation(async ({ name }: File) =>
      name === 'notes.pdf'
        ? { seconds: null, refusal: 'This is not a recording.' }
        : { seconds: 3, refusal: null },
    );
    const checked = intake.addFiles([file('a.wav'), file('notes.pdf')]);
    expect(states()).toEqual(['checking', 'checking']);
    await checked;
    expect(states()).toEqual(['ready', 'refused']);
    expect(song(1).message).toBe('This is not a recording.');
    expect(intake.unsent).toHaveLength(1);
  });

  it('are sent one after the other', async () => {
    await intake.addFiles([file('a.wav'), file('b.wav'), file('c.wav')]);
    intake.start(CHOICES);
    expect(states()).toEqual(['sending', 'queued', 'queued']);
    sent(0).progress(0.5);
    expect(song(0).share).toBe(0.5);
    sent(0).accepted('one');
    expect(states()).toEqual(['accepted', 'sending', 'queued']);
    expect(song(0).transcriptionId).toBe('one');
    sent(1).failed({ message: 'Too noisy.', reference: 'r' });
    expect(states()).toEqual(['accepted', 'failed', 'sending']);
    expect(song(1)).toMatchObject({ message: 'Too noisy.', reference: 'r' });
  });

  it('let others go first while they are paused', async () => {
    await intake.addFiles([file('a.wav'), file('b.wav')]);
    intake.start(CHOICES);
    intake.pause(song(0));
    expect(states()).toEqual(['paused', 'sending']);
    intake.resume(song(0));
    expect(states()).toEqual(['queued', 'sending']);
    sent(1).accepted('two');
    expect(states()).toEqual(['sending', 'accepted']);
  });

  it('say why they wait, and go on', async () => {
    await intake.addFiles([file('a.wav')]);
    intake.start(CHOICES);
    for (const [status, words] of [
      [0, 'offline'],
      [503, 'busy'],
      [401, 'signed out'],
    ] as const) {
      sent(0).waiting({ status });
      expect(song(0)).toMatchObject({ state: 'waiting', message: expect.stringContaining(words) });
    }
    sent(0).progress(0.6);
    expect(song(0)).toMatchObject({ state: 'sending', message: '' });
  });

  it('are given up when they are taken off the list; the next one is sent', async () => {
    await intake.addFiles([file('a.wav'), file('b.wav')]);
    intake.start(CHOICES);
    intake.remove(song(0));
    expect(mocks.uploads[0]?.cancel).toHaveBeenCalledTimes(1);
    expect(states()).toEqual(['sending']);
  });

  it('can be sent again after a failure, with what is chosen now', async () => {
    await intake.addFiles([file('a.wav')]);
    intake.start(CHOICES);
    sent(0).failed({ message: 'No.' });
    intake.start({ ...CHOICES, capo: 2 });
    expect(song(0)).toMatchObject({ state: 'sending', message: '' });
    expect(mocks.uploads).toHaveLength(2);
  });

  it('are not lost by closing the window unseen', async () => {
    const leave = () => {
      const event = new Event('beforeunload', { cancelable: true });
      dispatchEvent(event);
      return event.defaultPrevented;
    };
    await intake.addFiles([file('a.wav')]);
    expect(leave()).toBe(false);
    intake.start(CHOICES);
    expect(leave()).toBe(true);
    sent(0).accepted('one');
    expect(leave()).toBe(false);
  });
});

describe('links', () => {
  const taken = { data: { transcription_id: 'linked' }, response: new Response() };
  const refused = (status: number) => ({
    error: { detail: 'No.', code: 'no', status, request_id: 'r' },
    response: new Response(null, { status }),
  });
  const keys = () =>
    mocks.POST.mock.calls.map(([, { params }]) => params.header['Idempotency-Key'] as string);

  it('are sent at once, beside the files', async () => {
    mocks.POST.mockResolvedValue(taken);
    await intake.addFiles([file('a.wav')]);
    intake.addLink('https://youtu.be/x');
    intake.start(CHOICES);
    await settled();
    expect(states()).toEqual(['sending', 'accepted']);
    expect(mocks.POST.mock.lastCall?.[1].body).toMatchObject({ url: 'https://youtu.be/x' });
  });

  it('are one song however often they had to be sent', async () => {
    mocks.POST.mockRejectedValueOnce(new TypeError('offline'))
      .mockResolvedValueOnce(refused(503))
      .mockResolvedValue(taken);
    intake.addLink('https://youtu.be/x');
    intake.start(CHOICES);
    await settled();
    expect(song(0)).toMatchObject({ state: 'waiting', message: expect.stringContaining('offline') });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(states()).toEqual(['accepted']);
    expect(new Set(keys()).size).toBe(1);
    expect(keys()).toHaveLength(3);
  });

  it('that are refused say why', async () => {
    mocks.POST.mockResolvedValue(refused(422));
    intake.addLink('https://youtu.be/x');
    intake.start(CHOICES);
    await settled();
    expect(song(0)).toMatchObject({ state: 'failed', message: 'No.', reference: 'r' });
  });

  it('wait for signing in again, and go on by themselves', async () => {
    mocks.POST.mockResolvedValueOnce(refused(401)).mockResolvedValue(taken);
    intake.addLink('https://youtu.be/x');
    intake.start(CHOICES);
    await settled();
    expect(song(0)).toMatchObject({ state: 'waiting', message: expect.stringContaining('signed out') });
    mocks.signedIn();
    await settled();
    expect(states()).toEqual(['accepted']);
  });
});
