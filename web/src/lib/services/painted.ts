/** So long at most: a page in the background paints nothing. */
const LONGEST_WAIT_MS = 250;

/** Resolves when what is now on the page has been seen: what follows holds it up no longer. */
export function painted(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, LONGEST_WAIT_MS);
  });
}

/** Resolves when what the user did meanwhile is answered: long work goes in pieces, with this between them. */
export function breathe(): Promise<void> {
  // Not every browser has it; timers alone would be slow in a tab in the background.
  const { scheduler } = globalThis as { scheduler?: { yield?: () => Promise<void> } };
  return scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve));
}
