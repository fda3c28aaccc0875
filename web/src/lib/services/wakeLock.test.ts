import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keepAwake } from './wakeLock';
import { until } from '../../testing/until';

const release = vi.fn(async () => undefined);
const request = vi.fn<(kind: string) => Promise<{ release: typeof release }>>(async () => ({ release }));
let visibility: DocumentVisibilityState = 'visible';

beforeEach(() => {
  vi.clearAllMocks();
  visibility = 'visible';
  vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => visibility);
  Object.defineProperty(navigator, 'wakeLock', { value: { request }, configurable: true });
});
afterEach(() => {
  Reflect.deleteProperty(navigator, 'wakeLock');
  vi.restoreAllMocks();
});

function show(state: DocumentVisibilityState): void {
  visibility = state;
  document.dispatchEvent(new Event('visibilitychange'));
}

describe('the screen while you play', () => {
  it('stays awake until you stop', async () => {
    const stop = keepAwake();
    expect(request).toHaveBeenCalledWith('screen');
    expect(release).not.toHaveBeenCalled();
    stop();
    await until(() => expect(release).toHaveBeenCalledOnce());
  });

  it('stays awake again when you come back to the page, not after you stopped', () => {
    const stop = keepAwake();
    show('hidden');
    expect(request).toHaveBeenCalledOnce();
    show('visible');
    expect(request).toHaveBeenCalledTimes(2);
    stop();
    show('visible');
    expect(request).toHaveBeenCalledTimes(2);
  });

  it('may sleep where the device refuses or cannot help it', () => {
    request.mockRejectedValueOnce(new Error('The battery is low.'));
    expect(() => keepAwake()()).not.toThrow();
    Reflect.deleteProperty(navigator, 'wakeLock');
    expect(() => keepAwake()()).not.toThrow();
  });
});
