import { setMaxListeners } from 'node:events';

/**
 * Waits for a time, or until a signal is aborted.
 *
 * @param milliseconds at most `longestTimeoutMs`
 */
export function abortableDelay(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  // Each unacknowledged delivery may wait. Node reports more than ten listeners as a leak.
  setMaxListeners(0, signal);
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done);
  });
}
