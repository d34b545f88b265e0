import type { ScopeOptions } from '../handler/invocation-scope.ts';

/** The handler call that a bus belongs to. Messages that are sent on the bus inherit from the message of that call. */
export interface SendContext extends ScopeOptions {
  /** Counts a call, so that the message is acknowledged after it. @returns the promise for the handler */
  track<Result>(call: Promise<Result>): Promise<Result>;
}
