import { setTimeout as delay } from 'node:timers/promises';

export interface EventuallyOptions {
  /** How long to go on. Default: 45,000, for machines that are slow. */
  readonly timeoutMs?: number;
  /** Pause between two attempts. Default: 25. */
  readonly intervalMs?: number;
}

/** Repeats an assertion until it does not throw and returns its value; when the time is up, throws its last error. */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  { timeoutMs = 45_000, intervalMs = 25 }: EventuallyOptions = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() >= deadline) throw error;
    }
    await delay(intervalMs);
  }
}
