import type { Delivery } from '../engine/delivery.ts';
import type { Failure } from './dead-letter.ts';

/**
 * What became of a delivery. What failed is tried again later or a dead letter, which of several handlers decide each
 * for itself: one dead letter makes it one. Where it can be put into neither, the final failure strategy says the rest.
 */
export type DeliveryOutcome =
  | 'handled'
  | 'not for this service'
  | 'retried later'
  | 'deferred'
  | 'left in the queue'
  | 'dead letter'
  | 'given back'
  | 'resent'
  | 'ignored'
  | 'stopped';

/** A handler that finished. */
export interface Handled {
  readonly endpointId: string;
  /** What it returned, which goes nowhere else. */
  readonly result: unknown;
}

/** What became of a delivery, and of each handler that was called for it. */
export interface SettledDelivery {
  readonly outcome: DeliveryOutcome;
  readonly handled: readonly Handled[];
  /** Of the handlers that failed, or of the message where none was found. */
  readonly failures: readonly Failure[];
}

/** Asynchronous. Calls `handle` once, which resolves when the delivery has been settled, and gives what that gives. */
export type AroundDelivery = (delivery: Delivery, handle: () => Promise<SettledDelivery>) => Promise<SettledDelivery>;
