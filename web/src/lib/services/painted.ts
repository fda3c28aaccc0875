/** So long at most: a page in the background paints nothing. */
const LONGEST_WAIT_MS = 250;

/** Resolves when what is now on the page has been seen: what follows holds it up no longer. */
export function painted(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, LONGEST_WAIT_MS);
  });
}
