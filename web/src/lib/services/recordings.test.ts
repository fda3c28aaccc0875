import { describe, expect, it } from 'vitest';
import { checkRecording } from './recordings';

const limits = { max_upload_bytes: 1000, max_duration_seconds: 60, min_duration_seconds: 0.5 };
const file = (name: string, type: string, bytes = 10) => new File([new Uint8Array(bytes)], name, { type });
const lasting = (seconds: number | null) => () => Promise.resolve(seconds);

describe('a file that is dropped', () => {
  it.each([
    ['song.mp3', 'audio/mpeg'],
    ['clip.mp4', 'video/mp4'],
    ['SONG.FLAC', ''],
    ['take.ogg', 'application/ogg'],
  ])('is a song: %s', async (name, type) => {
    expect(await checkRecording(file(name, type), limits, lasting(30))).toEqual({
      seconds: 30,
      refusal: null,
    });
  });

  it.each([
    ['notes.pdf', 'application/pdf'],
    ['mp3', ''],
    ['tab.gp5', ''],
  ])('is none: %s', async (name, type) => {
    expect((await checkRecording(file(name, type), limits)).refusal).toContain('not a recording');
  });

  it('is empty', async () => {
    expect((await checkRecording(file('a.mp3', 'audio/mpeg', 0), limits)).refusal).toContain('empty');
  });

  it('is larger than the service takes', async () => {
    expect((await checkRecording(file('a.mp3', 'audio/mpeg', 1001), limits)).refusal).toContain(
      'larger than',
    );
  });

  it('is longer than the service takes', async () => {
    const { refusal } = await checkRecording(file('a.mp3', 'audio/mpeg'), limits, lasting(61));
    expect(refusal).toContain('longer than 1 minute');
  });

  it('is sent when this browser cannot tell how long it is', async () => {
    expect((await checkRecording(file('a.wma', ''), limits, lasting(null))).refusal).toBeNull();
  });

  it('is sent while the limits are not known', async () => {
    expect((await checkRecording(file('a.mp3', 'audio/mpeg', 5000), null, lasting(9999))).refusal).toBeNull();
  });
});
