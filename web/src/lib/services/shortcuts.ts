/**
 * Keys of the page. Parts register what a key does and what it is called; `?` lists them all. A key does nothing
 * while the user types, while a dialog is open, or together with a modifier key.
 */
export interface Shortcut {
  /** As `KeyboardEvent.key`, lower case for letters; several do the same. */
  keys: readonly string[];
  label: string;
  /** Returns false when it did not apply: then the key goes on to what was registered before. */
  run(event: KeyboardEvent): unknown;
}

const TYPING =
  'input:not([type=checkbox], [type=radio], [type=range], [type=button]), textarea, select, [contenteditable]';
/** What a control that was reached by the keyboard does with these keys itself. */
const OWN_KEYS: Record<string, string> = {
  ' ': 'button, a[href], summary, [role=button], [role=tab], input',
  Enter: 'button, a[href], summary, [role=button], [role=tab], input',
  ArrowLeft: '[role=tab], [role=slider], input',
  ArrowRight: '[role=tab], [role=slider], input',
  ArrowUp: '[role=tab], [role=slider], [role=listbox], input',
  ArrowDown: '[role=tab], [role=slider], [role=listbox], input',
};

class Shortcuts {
  /** As they were registered; later ones come first when a key is pressed. */
  #groups: (readonly Shortcut[])[] = [];

  /** Add keys. Returns how to take them away. */
  register(shortcuts: readonly Shortcut[]): () => void {
    this.#groups = [...this.#groups, shortcuts];
    return () => {
      this.#groups = this.#groups.filter((group) => group !== shortcuts);
    };
  }

  /** What can be done now, in the order it was registered. */
  get all(): readonly Shortcut[] {
    return this.#groups.flat();
  }

  /** For the window's `keydown`. */
  handle = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTaken(event)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    for (const shortcut of [...this.#groups].reverse().flat()) {
      if (!shortcut.keys.includes(key) || shortcut.run(event) === false) continue;
      event.preventDefault();
      return;
    }
  };
}

function isTaken({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof Element)) return false;
  if (target.matches(TYPING) || target.closest('[contenteditable]') || target.closest('dialog[open]'))
    return true;
  const own = OWN_KEYS[key];
  return own !== undefined && target.matches(own) && target.matches(':focus-visible');
}

export const shortcuts = new Shortcuts();
