import { longestTimeoutMs } from './timeout.ts';

/** The clock of a channel: the system's, or that of a test. */
export interface Clock {
  /** Milliseconds since some moment. Never goes back. */
  nowMs(): number;
  /**
   * Calls a function at a time. The call can come early, so the function must check the clock. A pending call does not
   * keep the process alive.
   *
   * @param timeMs as `nowMs` counts
   * @returns a function that cancels the call
   */
  callAt(timeMs: number, callback: () => void): () => void;
}

/** A source of the time of day. */
export interface WallClock {
  /** Milliseconds since 1970, as other processes count them. A correction can move it. */
  wallMs(): number;
}

/** The clock of `performance.now()`, which no correction of the wall clock moves. */
export const systemClock: Clock & WallClock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  callAt(timeMs, callback) {
    const waitMs = Math.min(Math.ceil(timeMs - performance.now()), longestTimeoutMs);
    const timer = setTimeout(callback, waitMs).unref();
    return () => clearTimeout(timer);
  },
};
