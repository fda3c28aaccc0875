/** Times and names as a musician writes them. */

/** Seconds as `m:ss`. */
export function clockTime(seconds: number): string {
  const whole = Math.floor(Math.max(seconds, 0));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
