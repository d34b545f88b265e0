import type { Failure } from './dead-letter.ts';
import type { HandledResult } from './handler-result.ts';

/**
 * The outcome of a delivery. If several handlers failed, each is retried later or dead-lettered separately. The outcome
 * is `dead letter` if one of them is dead-lettered. If neither can be published, the final failure strategy decides.
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
