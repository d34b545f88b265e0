import { setMaxListeners } from 'node:events';

/**
 * Waits, at the longest until a signal is aborted.
 *
 * @param milliseconds at most `longestTimeoutMs`
 */
export function abortableDelay(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  // As many wait as deliveries are in hand; Node would take more than ten for a leak, and say so on standard error.
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
