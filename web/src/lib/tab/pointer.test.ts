import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TabPointer } from './pointer';

const actions = {
  // A bar every hundred pixels.
  placeAt: (x: number) => ({ barIndex: Math.floor(x / 100), quarters: 0, head: null }),
  secondsOf: ({ barIndex }: { barIndex: number }) => barIndex * 2,
  select: vi.fn(),
  seek: vi.fn(),
  loop: vi.fn(),
};
let pointer: TabPointer;
const sheet = document.createElement('div');
sheet.setPointerCapture = vi.fn();

function event(clientX: number, pointerType = 'mouse'): PointerEvent {
  const made = {
    clientX,
    clientY: 0,
    button: 0,
    isPrimary: true,
    pointerId: 1,
    pointerType,
    shiftKey: false,
  };
  return { ...made, currentTarget: sheet } as unknown as PointerEvent;
}
function touchMove(): boolean {
  const move = new Event('touchmove', { cancelable: true });
  pointer.hold(move as TouchEvent);
  return move.defaultPrevented;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.clearAllMocks();
  pointer = new TabPointer(actions);
});
afterEach(() => vi.useRealTimers());

describe('the pointer on the tab', () => {
  it('goes where it clicks', () => {
    pointer.down(event(250));
    pointer.up(event(251));
    expect(actions.seek).toHaveBeenCalledWith(4);
    expect(actions.loop).not.toHaveBeenCalled();
  });

  it('loops the bars that the mouse is dragged over, back and forth', () => {
    pointer.down(event(250));
    pointer.move(event(450));
    pointer.move(event(150));
    pointer.up(event(150));
    expect(actions.loop.mock.calls).toEqual([
      [4, 8],
      [4, 2],
    ]);
    expect(actions.seek).not.toHaveBeenCalled();
  });

  it('lets a finger scroll', () => {
    pointer.down(event(250, 'touch'));
    pointer.move(event(300, 'touch'));
    vi.advanceTimersByTime(1000);
    expect(touchMove()).toBe(false);
    pointer.cancel();
    expect(actions.loop).not.toHaveBeenCalled();
    expect(actions.seek).not.toHaveBeenCalled();
  });

  it('loops bars under a finger that rested first, and holds the page still', () => {
    pointer.down(event(250, 'touch'));
    expect(touchMove()).toBe(false);
    vi.advanceTimersByTime(500);
    expect(actions.loop).toHaveBeenLastCalledWith(4, 4);
    expect(touchMove()).toBe(true);
    pointer.move(event(450, 'touch'));
    expect(actions.loop).toHaveBeenLastCalledWith(4, 8);
    pointer.up(event(450, 'touch'));
    expect(touchMove()).toBe(false);
    expect(actions.seek).not.toHaveBeenCalled();
  });

  it('loops nothing after a short tap', () => {
    pointer.down(event(250, 'touch'));
    pointer.up(event(250, 'touch'));
    vi.advanceTimersByTime(1000);
    expect(actions.loop).not.toHaveBeenCalled();
    expect(actions.seek).toHaveBeenCalledOnce();
  });
});
