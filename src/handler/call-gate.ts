import type { Message } from '../message/message.ts';

/**
 * Decides when a handler may be called whose work is done outside of this process. A call that may not begin waits,
 * which is no attempt.
 */
export interface CallGate {
  /**
   * `open`: calls can begin, within limits. `trying`: one call can begin, and its outcome decides. `closed`: none can.
   */
  readonly state: 'open' | 'trying' | 'closed';
  /** The reason why it is not open. Holds no secrets. */
  readonly reason: string | undefined;
  /** Milliseconds for which a call waits at a gate that is not open. */
  readonly holdMs: number;
  /**
   * Takes a place for one call.
   *
   * @param message the message of the call
   * @param patienceMs how long the call waits while the gate is not open. A wait for a place has no end otherwise
   * @param isRepeated true for a call that has entered before: it is the next one
   * @returns undefined if it has the place; otherwise a promise of whether it got one
   */
  enter(message: Message, patienceMs: number, isRepeated: boolean): Promise<boolean> | undefined;
  /** Frees the place of a call. @param message the message of the call */
  leave(message: Message): void;
  /**
   * The demand of the application, where it says how many messages it takes: its gates share one. Nothing else is taken
   * from the queue. Default: it takes what there is.
   */
  readonly demand?: CallDemand | undefined;
}

/** The number of messages that an application asks for. */
export interface CallDemand {
  readonly wanted: number;
}

/** Reports the changes of gates. */
export interface GateChanges {
  /** Calls a function after each change of the state of a gate. */
  onChange(listener: () => void): void;
  /** Ends every wait at a gate, now and from now on: no call gets a place. */
  endWaits(): void;
}

const notCalled: unique symbol = Symbol.for('littoral.not-called') as never;

/** Marks an error of a handler that was not called after all: no attempt is counted. @returns the error */
export function markNotCalled<Thrown extends Error>(error: Thrown): Thrown {
  return Object.defineProperty(error, notCalled, { value: true });
}

/** Returns whether an error says that the handler was not called. */
export function isNotCalled(error: unknown): boolean {
  return typeof error === 'object' && error !== null && notCalled in error;
}
