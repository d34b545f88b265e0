import type { TransportMessage } from '../message/transport-message.ts';

/** The part of the port that shows waiting messages. */
export interface QueueBrowser {
  /**
   * Visits the messages of a queue without a consumer, such as a dead letter queue: each message once, in the order of
   * the queue, at most as many as waited at the beginning. Messages that are not removed are back in their place
   * afterwards, also if this process dies meanwhile. On a quorum queue each browse counts as a delivery.
   *
   * Only one browse of a queue runs at a time, in any process: a second call in this process waits some seconds for the
   * first.
   *
   * @returns when all has been visited or `end` was called, or if there is no such queue
   * @throws LittoralError
   * - `dead-letters-busy`: another process browses the queue, or a consumer receives from it
   * - `broker-unavailable`, `draining`: the connection could not be made, or ended; what was to be removed may be there
   * - `unreadable-message`: the message at a position cannot be decoded, nor skipped
   * @throws what `visit` throws, or the first rejection of a removal; the messages in question are kept
   */
  browse(queue: string, browsing: BrowseOptions): Promise<void>;
}

export interface BrowseOptions {
  /**
   * Called for each message, in the order of the queue, and not after `end`. Without a promise the process holds one
   * message at a time; with promises, those that are pending.
   */
  readonly visit: (waiting: WaitingMessage) => BrowseAction | PromiseLike<BrowseAction>;
  /** The number of visits that may be pending at once. Default: 2000, for visits that return no promise. */
  readonly window?: number | undefined;
  /** The position of the last message to visit. None behind it is taken from the broker. Default: all are visited. */
  readonly upTo?: number | undefined;
}

/** The outcome of a visit. A removed message has left the queue when `browse` resolves. */
export type BrowseAction = 'keep' | 'remove';

/** A message that waits in a queue. */
export interface WaitingMessage {
  readonly message: TransportMessage;
  /**
   * The latest time that the broker moved the message to a dead letter queue by itself; undefined if it did not, or if
   * there is no readable note of it. A sender can write such a note as well.
   */
  readonly death?: DeadLettering | undefined;
  /** The position among all that waited at the beginning: 1 is the next message to be delivered. */
  readonly position: number;
  /** The number of messages that waited at the beginning. */
  readonly total: number;
  /** Visits no more messages. Pending visits, this one included, are finished. */
  end(): void;
}

/** The reason for which a broker moved a message to a dead letter queue, and the place it took the message from. */
export interface DeadLettering {
  /** The word of the broker, such as `delivery_limit`, `expired`, `rejected`, `maxlen`. */
  readonly reason: string;
  /** The queue that the message was in. */
  readonly queue: string | undefined;
  /** The key on the bus that the message came under; undefined if it came straight to the queue, or after a delay. */
  readonly publishedKey: string | undefined;
  /** Milliseconds since 1970. */
  readonly timeMs: number | undefined;
}
