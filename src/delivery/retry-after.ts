import { longestDelayMs } from '../message/limits.ts';

/**
 * Reads `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date.
 *
 * @param nowMs milliseconds since 1970
 * @returns milliseconds from 1 to 30 days; undefined for a value that is neither
 */
export function retryAfterMs(value: unknown, nowMs: number): number | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1000 : dateOf(text) - nowMs;
  if (Number.isNaN(waitMs)) return undefined;
  return Math.min(Math.max(1, Math.ceil(waitMs)), longestDelayMs);
}

// Only the form that senders must use. `Date.parse` takes many others, numbers of a year among them.
const httpDate =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/;

function dateOf(text: string): number {
  return httpDate.test(text) ? Date.parse(text) : Number.NaN;
}
