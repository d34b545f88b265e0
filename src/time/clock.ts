import { longestTimeoutMs } from './timeout.ts';

/** What tells the time of a channel: the system, or whoever tests it. */
export interface Clock {
  /** Milliseconds since some moment. Never goes back. */
  nowMs(): number;
  /**
   * Calls back at a time. It can be called early, so look at the clock; what waits does not keep the process alive.
   *
   * @param timeMs as `nowMs` counts
   * @returns takes the call back
   */
  callAt(timeMs: number, callback: () => void): () => void;
}

/** What tells the time of day. */
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
