import type { Failure } from './dead-letter.ts';
import type { HandledResult } from './handler-result.ts';

/**
 * The outcome of a delivery. Of several handlers that failed, each is retried later or dead-lettered for itself: one
 * dead letter makes the outcome one. Where neither can be published, the final failure strategy decides.
 */
export type DeliveryOutcome =
  | 'handled'
  | 'not for this service'
  | 'retried later'
  | 'deferred'
  | 'left in the queue'
  | 'dead letter'
  | 'requeued'
  | 'resent'
  | 'ignored'
  | 'stopped';

/** The outcome of a delivery, and of each handler that was called for it. */
export interface SettledDelivery {
  readonly outcome: DeliveryOutcome;
  readonly handled: readonly HandledResult[];
  /** The failures of handlers, or of the message where no handler was found. */
  readonly failures: readonly Failure[];
}
