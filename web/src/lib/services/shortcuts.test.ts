import { afterEach, describe, expect, it, vi } from 'vitest';
import { shortcuts } from './shortcuts';

const taken: (() => void)[] = [];
const offer = (keys: string[], run: (event: KeyboardEvent) => unknown) => {
  taken.push(shortcuts.register([{ keys, label: keys.join(), run }]));
};

function press(
  key: string,
  target: EventTarget = document.body,
  change: KeyboardEventInit = {},
): KeyboardEvent {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...change });
  target.addEventListener('keydown', shortcuts.handle as EventListener, { once: true });
  target.dispatchEvent(event);
  return event;
}

afterEach(() => {
  taken.splice(0).forEach((leave) => leave());
  document.body.replaceChildren();
});

describe('keys', () => {
  it('do what was registered, in upper and lower case', () => {
    const run = vi.fn();
    offer(['l'], run);
    expect(press('L').defaultPrevented).toBe(true);
    press('l');
    press('k');
    expect(run).toHaveBeenCalledTimes(2);
  });

  it.each(['input', 'textarea', 'select'])('do nothing while you type in %s', (name) => {
    const run = vi.fn();
    offer(['l'], run);
    const field = document.body.appendChild(document.createElement(name));
    press('l', field);
    expect(run).not.toHaveBeenCalled();
  });

  it('work on a slider, which takes no letters', () => {
    const run = vi.fn();
    offer(['l'], run);
    const slider = Object.assign(document.createElement('input'), { type: 'range' });
    press('l', document.body.appendChild(slider));
    expect(run).toHaveBeenCalledOnce();
  });

  it('leave the browser its own, with Control, Alt or Command', () => {
    const run = vi.fn();
    offer(['l'], run);
    for (const modifier of ['ctrlKey', 'altKey', 'metaKey']) press('l', document.body, { [modifier]: true });
    expect(run).not.toHaveBeenCalled();
  });

  it('do nothing in an open dialog', () => {
    const run = vi.fn();
    offer(['l'], run);
    const dialog = document.body.appendChild(document.createElement('dialog'));
    dialog.setAttribute('open', '');
    press('l', dialog.appendChild(document.createElement('p')));
    expect(run).not.toHaveBeenCalled();
  });

  it('go to the latest that wants them, and back when it is gone', () => {
    const [player, editor] = [vi.fn(), vi.fn(() => false)];
    offer(['arrowleft', 'ArrowLeft'], player);
    const leave = shortcuts.register([{ keys: ['ArrowLeft'], label: 'Edit', run: editor }]);
    press('ArrowLeft');
    expect([editor, player].map((run) => run.mock.calls.length)).toEqual([1, 1]);
    editor.mockReturnValue(true as never);
    press('ArrowLeft');
    leave();
    press('ArrowLeft');
    expect([editor, player].map((run) => run.mock.calls.length)).toEqual([2, 2]);
  });
});
