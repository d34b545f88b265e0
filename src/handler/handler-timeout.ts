import { describeValue } from '../text/describe-value.ts';
import { longestTimeoutMs } from '../time/timeout.ts';

/** Describes the issue of the time limit of a handler. */
export function validateTimeout(timeoutMs: unknown, distributed: boolean): string | undefined {
  if (timeoutMs === undefined) return undefined;
  if (!Number.isInteger(timeoutMs) || (timeoutMs as number) < 1 || (timeoutMs as number) > longestTimeoutMs) {
    const found = typeof timeoutMs === 'number' ? timeoutMs : describeValue(timeoutMs);
    return `its 'timeoutMs' is ${found}, not a whole number of milliseconds from 1 to ${longestTimeoutMs}`;
  }
  if (distributed) return undefined;
  return "has 'timeoutMs' without 'distributed: true'; a caller in this process waits as long as the handler takes";
}
