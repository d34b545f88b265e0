import type { TransportMessage } from '../message/transport-message.ts';

/**
 * The port to a broker: publish to the bus that all services share, send to one queue by name, receive from the queue
 * of a service. One contract suite runs against every implementation.
 */
export interface Engine extends Publisher {
  /** The name that users see: in `/readyz`, in every 202, in the first lines of the log. */
  readonly name: string;

  /** Whether messages outlive the process. */
  readonly durable: boolean;

  /**
   * Begins to connect, and keeps on trying for ever.
   *
   * @returns when the first attempt has ended, connected or not: a gateway starts without its broker
   * @throws LittoralError `topology-mismatch` when the first attempt found what trying again cannot mend
   */
  start(): Promise<void>;

  /**
   * Receives what arrives in the queue of a service, from now on and again after every lost connection. The queue, its
   * bindings and its dead letter queue are declared first. The handler is called with at most `prefetch` deliveries
   * that it has not settled; a channel may begin with fewer. Call it before or after `start`.
   *
   * @throws LittoralError `topology-mismatch` when the queue exists otherwise, where that is known at once; else `start`
   * throws it, or `detached` says so
   */
  subscribe(subscription: Subscription): Consumer;

  /**
   * Returns a function that says whether a subscription with these binding keys receives a key on the bus. It may receive
   * more than its patterns match, because a broker has wildcards of its own; never less.
   */
  keyMatcher(bindingKeys: readonly string[]): (routingKey: string) => boolean;

  /**
   * Looks through what waits in a queue that nobody consumes, such as a dead letter queue: each message once, in its
   * order, at most as many as were there at the beginning. What is kept is back in its place afterwards, as if nobody
   * had looked, also when this process dies meanwhile. On a quorum queue each look would count as a delivery.
   *
   * One at a time for each queue, in whatever process: a second call in this process waits some seconds for the first.
   *
   * @returns when all has been visited, `end` was called, or there is no such queue
   * @throws LittoralError
   * - `dead-letters-busy`: somebody else looks through the queue, or consumes it
   * - `broker-unavailable`, `draining`: the connection could not be made, or ended; what was to be removed may be there
   * - `unreadable-message`: the message at a position cannot be decoded, nor passed
   * @throws what `visit` throws, or the first rejection of a removal; the messages in question are kept
   */
  browse(queue: string, browsing: BrowseOptions): Promise<void>;

  /** What `/readyz` reports. */
  health(): EngineHealth;

  /**
   * Waits for what is in flight, up to the deadline, then closes. Deliveries that were not settled go back to the queue
   * in their order, which may take a moment beyond the deadline. From the call on nothing can be published, so handlers
   * that still send must have finished before.
   */
  close(deadlineMs: number): Promise<void>;
}

/** The half of the port that sends. Before `start` all of it rejects with `broker-unavailable`. */
export interface Publisher {
  /**
   * Resolves once the message is safe: persisted by every queue that it was routed to, or by what delays it. Whatever
   * the message holds, a failure concerns that message alone.
   *
   * @throws LittoralError
   * - `too-many-in-flight`, `broker-unavailable`, `broker-blocked`, `write-refused`, `draining`: nothing was sent
   * - `not-permitted`, `body-too-large`, `invalid-header`: nothing was sent, and a retry is refused as well
   * - `topology-mismatch`: nothing was sent, because the bus, or a queue or exchange of a delay, exists in another form
   * - `not-bound`: no queue took it, because the bus was deleted, and services may not have bound their queues again yet
   * - `nacked`, `confirm-timeout`, `connection-lost`: one of several queues, or all, may have the message
   */
  publish(publication: Publication): Promise<PublishReceipt>;

  /**
   * Whether a queue of that name exists. A found one is remembered for some seconds.
   *
   * @throws LittoralError `broker-unavailable` when it cannot be told
   */
  hasQueue(queue: string): Promise<boolean>;
}

/** Where a message goes: to every queue whose binding matches a key on the bus, or to one queue by its name. */
export type Address = { readonly bus: string } | { readonly queue: string };

export type Publication = ImmediatePublication | DelayedPublication;

export interface ImmediatePublication {
  readonly to: Address;
  readonly message: TransportMessage;
  /** After how many milliseconds the message expires in a queue. An integer from 1 to 4,294,967,295. Default: never. */
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
 * what a broker had noted on it before. Messages for the same queue with the same delay keep their order.
 */
export interface DelayedPublication {
  /** Declared where it does not exist, so that the message has a place to go to. */
  readonly to: QueueSpec;
  readonly message: TransportMessage;
  /** Milliseconds. An integer from 1 to 2,592,000,000, which is 30 days. */
  readonly delayMs: number;
  readonly timeToLiveMs?: undefined;
}

/** A queue that belongs to this service, with all that it takes to declare it. */
export interface QueueSpec {
  readonly queue: string;
  /** Where the broker puts what expired or was delivered too often. Declared before the queue itself. */
  readonly deadLetterQueue: string;
  /**
   * Whether of all its consumers, in whatever process, one at a time receives, and the next one only once that has
   * gone. Not for a queue that other programs declare as well. Default: false.
   */
  readonly ordered?: boolean | undefined;
}

export interface PublishReceipt {
  /** False when no queue took the message: it is confirmed all the same, and gone. */
  readonly routed: boolean;
}

/** The queue that is consumed, and how. */
export interface Subscription extends QueueSpec {
  /**
   * Keys on the bus, and patterns of keys, in which `*` stands for any characters, dots included. The engine translates
   * them into the notation of its broker.
   */
  readonly bindingKeys: readonly string[];
  /** Keys and patterns of earlier bindings, which are removed. What `bindingKeys` need stays. Default: none. */
  readonly retiredKeys?: readonly string[] | undefined;
  /** How many deliveries may be in hand at once. At least 1. */
  readonly prefetch: number;
  /**
   * Delays with which messages will be published to this queue. A channel that has to prepare for them does so
   * once it consumes. Default: none.
   */
  readonly delaysMs?: readonly number[] | undefined;
  /**
   * Milliseconds for which a delivery may stay unacknowledged. A channel with a configurable acknowledgement timeout
   * sets it to at least that. Default: the channel's timeout.
   */
  readonly longestHoldMs?: number | undefined;
  /** Called for each delivery. Must not throw, and settles every delivery exactly once, in any order. */
  readonly onDelivery: (delivery: Delivery) => void;
}

/** One message in hand. Settling it after the channel lost its connection does nothing: the broker gives it again. */
export interface Delivery {
  readonly message: TransportMessage;
  /** The key that the message was published under, where the channel knows it. */
  readonly routingKey: string;
  /** Whether the message came through the bus that all services share, not straight to the queue. */
  readonly viaBus: boolean;
  readonly redelivered: boolean;
  /**
   * How often the message was delivered and returned to the queue before, where the broker counts; else 0, or what the
   * sender wrote where the broker would.
   */
  readonly deliveryCount: number;
  /**
   * For how many milliseconds it may still be handled, when it is delivered, of the time to live that it was published
   * with. A channel that does not know how long the message has waited reports more, never less. Undefined: no end.
   */
  readonly timeToLiveMs?: number | undefined;
  /** Done: the message leaves the queue. */
  acknowledge(): void;
  /**
   * Not now: the message goes back, ahead of all that was not delivered yet, and is delivered again.
   *
   * @param deliveryFailed whether that counts towards the limit at which the channel gives the message up, where the channel
   * makes a difference. Default: false
   */
  release(deliveryFailed?: boolean): void;
  /** Never: the channel moves the message, as it came, to the dead letter queue. */
  reject(): void;
}

export interface Consumer {
  /** Why nothing is received at the moment; undefined while attached. */
  readonly detached: string | undefined;
  /**
   * How many messages wait in the queue, without those that consumers have in hand. What is on its way to a consumer
   * counts as in hand. Never rejects.
   *
   * @returns undefined while it cannot be told: not attached, stopped, or no answer
   */
  waiting(): Promise<number | undefined>;
  /**
   * Allows `count` deliveries beyond the prefetch, so that deliveries that cannot be settled for a while do not block
   * others. A lower count than before takes effect at 0 at the latest, and a lost connection resets it. An ordered
   * queue has no extra deliveries. Never throws.
   */
  allowExtra(count: number): void;
  /**
   * Counts the other consumers of the queue, in any process or program. A process can have
   * several. A program that polls is not counted. Never rejects.
   *
   * @returns undefined while the count is unknown: stopped, no connection, or no answer
   */
  otherConsumers(): Promise<number | undefined>;
  /**
   * Pauses consuming, so that a program that polls the queue finds its messages. Unacknowledged deliveries can still be
   * settled, and count towards `prefetch` afterwards. Never rejects. Absent on a channel that other programs cannot
   * use.
   *
   * @returns true once deliveries have stopped; false if it does not pause: stopped, not attached, or paused already
   */
  readonly pause?: ((milliseconds: number) => Promise<boolean>) | undefined;
  /** Takes no more deliveries. Those in hand can still be settled. */
  stop(): Promise<void>;
}

export interface BrowseOptions {
  /**
   * Called for each message, in their order, and not after `end`. Without a promise the process holds one message at a
   * time; with it, those whose promises are pending.
   */
  readonly visit: (waiting: WaitingMessage) => BrowseAction | PromiseLike<BrowseAction>;
  /** How many visits may be pending at once. Default: 2000, for visits that give no promise. */
  readonly window?: number | undefined;
  /** The position of the last message to visit. None behind it is taken from the broker. Default: all are visited. */
  readonly upTo?: number | undefined;
}

/** What becomes of a message that was looked at. What is removed has left the queue when `browse` resolves. */
export type BrowseAction = 'keep' | 'remove';

/** A message that waits in a queue. */
export interface WaitingMessage {
  readonly message: TransportMessage;
  /**
   * The latest time that the broker moved the message to a dead letter queue by itself; undefined if it did not, or if
   * there is no readable note of it. A sender can write such a note as well.
   */
  readonly death?: DeadLettering | undefined;
  /** Its place among all that waited at the beginning: 1 is the next one to be delivered. */
  readonly position: number;
  /** How many waited at the beginning. */
  readonly total: number;
  /** Visits no more; what is pending, this one included, comes to its end. */
  end(): void;
}

/** Where and why a broker moved a message to a dead letter queue. */
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

export interface EngineHealth {
  /** Whether a publish can be accepted now. */
  readonly ready: boolean;
  /** Why not. Holds no secrets. */
  readonly reason?: string | undefined;
  /** What is wrong although a publish can be accepted, such as a dead letter queue that is away. Holds no secrets. */
  readonly warning?: string | undefined;
}
