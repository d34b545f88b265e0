import type { ScopeOptions } from '../handler/invocation-scope.ts';

/** The handler that a bus belongs to: what is sent on it follows from that handler's message. */
export interface SendContext extends ScopeOptions {
  /** Counts a call, so that the message is acknowledged after it. @returns the promise to hand to the handler */
  track<Result>(call: Promise<Result>): Promise<Result>;
}
