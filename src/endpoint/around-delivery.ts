import type { Delivery } from '../channel/message-channel.ts';
import type { Failure } from './dead-letter.ts';

/** What became of a delivery. What failed is a dead letter, or comes again where it could not be moved there. */
export type DeliveryOutcome = 'handled' | 'not for this service' | 'dead letter' | 'given back';

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
