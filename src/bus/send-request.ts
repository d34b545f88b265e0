import type { Message } from '../message/message.ts';
import type { PayloadType } from '../message/message-headers.ts';
import type { Metadata } from '../wire/metadata.ts';

/** A message to send with `DistributedBus.send`. */
export interface SendRequest {
  /** A `command` for the one service that handles it, an `event` for all subscribers, or a `message` for a channel. */
  readonly kind: PayloadType;
  /** The name of the service that a command or a message is for. None for an event. */
  readonly destination?: string | undefined;
  /** The name of the command or event, or the channel of a message. */
  readonly routingKey: string;
  /** Bytes, or text that is sent as UTF-8, of the type `contentType`. Without a `contentType`: a value to convert. */
  readonly payload: unknown;
  /** The media type of the payload. Default: it is a JavaScript value. */
  readonly contentType?: string | undefined;
  /** The media type that the payload is converted to. Default: the configured one for a value, otherwise none. */
  readonly convertTo?: string | undefined;
  /** Headers for the handler. Default: none. */
  readonly metadata?: Metadata | undefined;
  /** The message's id, a UUID. Default: a new UUIDv7. */
  readonly id?: string | undefined;
  /** The correlation id, which relates the message to others. At most 255 bytes. Default: the id. */
  readonly correlationId?: string | undefined;
  /**
   * Milliseconds by which delivery is delayed: an integer from 0 to 2,592,000,000, which is 30 days. It is never early,
   * and late by up to 1/256 of the delay, at most about a second. Default: 0.
   */
  readonly delayMs?: number | undefined;
  /**
   * Milliseconds after which the undelivered message expires: an integer from 1 to 4,294,967,295. For a delayed
   * message, they count from its due time. Default: never.
   */
  readonly timeToLiveMs?: number | undefined;
  /** The priority for the handler and, on some queues, for the broker: an integer from 0 to 255. Default: none. */
  readonly priority?: number | undefined;
  /**
   * The message whose handler sends this one, which inherits its headers and its correlation id. Default: the message of
   * the handler that the bus belongs to.
   */
  readonly parent?: Message | undefined;
}

/** Returns the routing key of a request on the bus: the name of the service, or the event's routing key. */
export function targetOf({ kind, destination, routingKey }: SendRequest): string {
  return kind === 'event' ? routingKey : (destination as string);
}
