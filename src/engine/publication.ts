import type { TransportMessage } from '../message/transport-message.ts';
import type { MaybePromise } from '../promise/maybe-promise.ts';

/** The half of the port that sends. Before `Engine.start` all of it rejects with `broker-unavailable`. */
export interface Publisher {
  /**
   * Publishes a message. Whatever the message holds, a failure concerns that message alone.
   *
   * @returns once the message is safe: persisted by every queue that it was routed to, or by what delays it
   * @throws LittoralError
   * - `too-many-in-flight`, `broker-unavailable`, `broker-blocked`, `write-refused`, `draining`: nothing was sent
   * - `not-permitted`, `body-too-large`, `invalid-header`: nothing was sent, and a retry is refused as well
   * - `topology-mismatch`: nothing was sent, because the bus, or a queue or exchange of a delay, exists in another form
   * - `not-bound`: no queue took it, because the bus was deleted, and services may not have bound their queues again yet
   * - `nacked`, `confirm-timeout`, `connection-lost`: one of several queues, or all, may have the message
   */
  publish(publication: Publication): Promise<PublishReceipt>;

  /**
   * Returns whether so many messages can be published now. The answer holds until the caller waits for something: none
   * of them is refused with `too-many-in-flight` before that.
   *
   * @param count number of messages
   * @param bytes size of their bodies together
   */
  hasRoomFor(count: number, bytes: number): boolean;

  /**
   * Returns whether a message for an address leaves as soon as `publish` is called, so that no later one overtakes it.
   * The answer holds until the caller waits for something.
   *
   * @param bytes size of its body
   */
  publishesAtOnce(to: Address, bytes: number): boolean;

  /** Resolves when a publish in flight has ended, before any later request of a caller is read. */
  roomMade(): Promise<void>;

  /**
   * Returns whether a queue of that name exists. The answer is immediate if it is cached. For an existing queue it is
   * cached for some seconds.
   *
   * @throws LittoralError `broker-unavailable` if the broker does not answer
   */
  hasQueue(queue: string): MaybePromise<boolean>;
}

/** The target of a message: every queue whose binding matches a key on the bus, or one queue by its name. */
export type Address = { readonly bus: string } | { readonly queue: string };

export type Publication = ImmediatePublication | DelayedPublication;

export interface ImmediatePublication {
  readonly to: Address;
  readonly message: TransportMessage;
  /** Milliseconds until the message expires in a queue. An integer from 1 to 4,294,967,295. Default: never. */
  readonly timeToLiveMs?: number | undefined;
  /** The destination's queue, if it was looked up: the outcome of the publish shows whether it still exists. */
  readonly destinationQueue?: string | undefined;
  /**
   * True if a priority must not let the message overtake others in its queue. It is restored when it is read. Default:
   * false.
   */
  readonly keepsOrder?: boolean | undefined;
  readonly delayMs?: undefined;
}

/**
 * A message that is put into a queue later, never early: as it was published, without a trace of the delay, and without
 * earlier notes of a broker. Messages for the same queue with the same delay keep their order.
 */
export interface DelayedPublication {
  /** The queue, which is declared if it does not exist. */
  readonly to: QueueSpec;
  readonly message: TransportMessage;
  /** Milliseconds. An integer from 1 to 2,592,000,000, which is 30 days. */
  readonly delayMs: number;
  readonly timeToLiveMs?: undefined;
}

/** A queue that belongs to this service, with everything that its declaration takes. */
export interface QueueSpec {
  readonly queue: string;
  /** The queue for messages that expired or were delivered too often. It is declared before the queue itself. */
  readonly deadLetterQueue: string;
  /**
   * True if only one of all its consumers, in any process, receives, and the next one only after that one has ended. Not
   * for a queue that other programs declare as well. Default: false.
   */
  readonly ordered?: boolean | undefined;
}

export interface PublishReceipt {
  /** False if no queue took the message: it is confirmed all the same, and lost. */
  readonly routed: boolean;
}
