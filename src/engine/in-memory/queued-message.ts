import type { TransportMessage } from '../../message/transport-message.ts';

/** A message on its way into a queue of the in-memory channel. */
export interface Arrival {
  readonly message: TransportMessage;
  /** The exchange that it came through; empty for the default exchange, straight to the queue. */
  readonly exchange: string;
  readonly routingKey: string;
  /** Undefined: never expires. */
  readonly timeToLiveMs: number | undefined;
}

/** A message in a queue, or taken from it and not settled yet. */
export interface QueuedMessage extends Arrival {
  /** Its place in the order of the queue, kept over every release. */
  readonly sequence: number;
  /** On the clock of the channel; Infinity: never. */
  readonly expiresAtMs: number;
  /** Number of deliveries that were requeued. */
  deliveryCount: number;
}
