/** Moments as people read them. */
const DAY_MS = 24 * 3600 * 1000;

/** Day and time, e.g. `Nov 22, 2026, 7:30 PM`. */
export function moment(iso: string): string {
  return new Date(iso).toLocaleString('en', { dateStyle: 'medium', timeStyle: 'short' });
}

/** The day alone. */
export function day(iso: string): string {
  return new Date(iso).toLocaleDateString('en', { dateStyle: 'medium' });
}

/** So many days from now, as the service wants it. */
export function inDays(days: number, from: number = Date.now()): string {
  return new Date(from + days * DAY_MS).toISOString();
}

export function isPast(iso: string | null, now: number = Date.now()): boolean {
  return iso !== null && Date.parse(iso) <= now;
}
