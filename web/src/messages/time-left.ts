import { m } from '.';

const MOMENTS_SECONDS = 10;
const MINUTE = 60;
const HOUR = 3600;

/** Seconds to go, as a calm person would say it. */
export function timeLeftWords(seconds: number): string {
  const { left } = m.progress;
  if (seconds <= MOMENTS_SECONDS) return left.moments;
  if (seconds < MINUTE) return left.underAMinute;
  if (seconds < HOUR) return left.minutes(Math.round(seconds / MINUTE));
  return left.hours(Math.round(seconds / HOUR));
}
