import { vi } from 'vitest';

/** Wait until a check passes; a busy machine takes longer than the second that vitest would wait. */
export const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 30_000 });
