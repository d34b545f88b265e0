import type { TransportMessage } from '../message/transport-message.ts';
import type { QueueSpec } from './publication.ts';

/** The half of the port that receives. */
export interface Subscriber {
  /**
   * Receives what arrives in the queue of a service, from now on and again after every lost connection. The queue, its
   * bindings and its dead letter queue are declared first. The handler is called with at most `prefetch` unsettled
   * deliveries; an engine may start with fewer. May be called before or after `Engine.start`.
   *
   * @throws LittoralError `topology-mismatch` if the queue exists in another form and that is known at once; otherwise
   * `start` throws it, or `detached` reports it
   */
  subscribe(subscription: Subscription): Consumer;

  /**
   * Returns a function that says whether a subscription with these binding keys receives a key on the bus. It may
   * receive more than its patterns match, because a broker has wildcards of its own; never less.
   */
  keyMatcher(bindingKeys: readonly string[]): (routingKey: string) => boolean;
}

/** A queue to consume, and the way to consume it. */
export interface Subscription extends QueueSpec {
  /**
   * Keys on the bus, and patterns of keys, in which `*` stands for any characters, dots included. The engine translates
   * them into the notation of its broker.
   */
  readonly bindingKeys: readonly string[];
  /** Keys and patterns of earlier bindings, which are removed. What `bindingKeys` need stays. Default: none. */
  readonly retiredKeys?: readonly string[] | undefined;
  /** The number of deliveries that may be unacknowledged at once. At least 1. */
  readonly prefetch: number;
  /**
   * Delays with which messages will be published to this queue. An engine that has to prepare for them does so once it
   * consumes. Default: none.
   */
  readonly delaysMs?: readonly number[] | undefined;
  /**
   * Milliseconds for which a delivery may stay unacknowledged. An engine with a configurable acknowledgement timeout
   * sets it to at least that. Default: the engine's timeout.
   */
  readonly longestHoldMs?: number | undefined;
  /**
   * True if nothing is to be delivered until `Consumer.resume`. The queue and all that belongs to it are declared and
   * kept all the same. Default: false.
   */
  readonly suspended?: boolean | undefined;
  /** Called for each delivery. Must not throw, and settles every delivery exactly once, in any order. */
  readonly onDelivery: (delivery: Delivery) => void;
}

/**
 * An unacknowledged message. `acknowledge`, `release` and `reject` are the outcomes `accepted`, `released` and
 * `rejected` of AMQP 1.0 (part 3, section 3.4). The first one counts. Settling after the connection was lost does
 * nothing: the broker redelivers the message.
 */
export interface Delivery {
  readonly message: TransportMessage;
  /** The key that the message was published under, if the engine knows it. */
  readonly routingKey: string;
  /** True if the message came through the bus that all services share, not straight to the queue. */
  readonly viaBus: boolean;
  readonly redelivered: boolean;
  /**
   * How often the message was delivered and returned to the queue before, if the broker counts; else 0, or the value
   * that the sender wrote in the place of the count.
   */
  readonly deliveryCount: number;
  /**
   * Milliseconds, at the time of the delivery, for which the message may still be handled. An engine that does not know
   * how long the message has waited reports more, never less. Undefined: without end.
   */
  readonly timeToLiveMs?: number | undefined;
  /**
   * True once settling has no effect any more, because the connection or the channel that delivered the message is gone:
   * the broker redelivers it, or has done so.
   */
  readonly isLost: boolean;
  /** Removes the message from the queue, because it was handled (`accepted`). */
  acknowledge(): void;
  /**
   * Requeues the message ahead of all that was not delivered yet (`released`).
   *
   * @param deliveryFailed whether the delivery counts towards the limit of deliveries, if the engine makes a difference
   * (`modified`, with `delivery-failed`). Default: false
   */
  release(deliveryFailed?: boolean): void;
  /** Moves the message, as it came, to the dead letter queue (`rejected`). */
  reject(): void;
  /**
   * Resolves once the connection has the settlement, or has ended. Brokers do not confirm a settlement. Never rejects.
   * Absent on an engine on which a settlement takes effect at once.
   */
  written?(): Promise<void>;
}

/** A started subscription. */
export interface Consumer {
  /** The reason why nothing can be received at the moment; undefined while attached, also while suspended. */
  readonly detached: string | undefined;
  /**
   * Counts the messages that wait in the queue, without unacknowledged ones. A message on its way to a consumer counts
   * as unacknowledged. Never rejects.
   *
   * @returns undefined while the count is unknown: not attached, stopped, or no answer
   */
  waiting(): Promise<number | undefined>;
  /**
   * Allows `count` deliveries beyond the prefetch, so that deliveries that cannot be settled for a while do not block
   * others. A lower count than before takes effect at 0 at the latest, and a lost connection resets it. An ordered
   * queue has no extra deliveries. Never throws.
   */
  allowExtra(count: number): void;
  /**
   * Counts the other consumers of the queue, in any process or program. A process can have several. A program that
   * polls is not counted. Never rejects.
   *
   * @returns undefined while the count is unknown: stopped, no connection, or no answer; on an engine that cannot tell
   * an absent queue from one without consumers, also while suspended if there is no other
   */
  otherConsumers(): Promise<number | undefined>;
  /**
   * Pauses consuming, so that a program that polls the queue finds its messages. Unacknowledged deliveries can still be
   * settled, and count towards `prefetch` afterwards. Never rejects. Absent on an engine that other programs cannot
   * use.
   *
   * @returns true once deliveries have stopped; false if it does not pause: stopped, not attached, suspended, or paused
   * already
   */
  readonly pause?: ((milliseconds: number) => Promise<boolean>) | undefined;
  /**
   * Stops deliveries until `resume`, also on later connections; it ends a pause. Unacknowledged deliveries can still be
   * settled. Those that are released from the call on return to the queue in their original order, ahead of all that was
   * not delivered; an engine may wait until no other one is unacknowledged. The queue and all that belongs to it are
   * kept. Never rejects. Does nothing if it is suspended or stopped.
   *
   * @returns when no more deliveries can arrive; until then some may. If the broker does not answer, later ones are
   * released without a call of the handler
   */
  suspend(): Promise<void>;
  /**
   * Delivers again, or from now on with another limit. Never throws. Does nothing once stopped.
   *
   * @param prefetch the number of deliveries that may be unacknowledged at once, earlier ones and those of
   * `allowExtra` included; the engine does not start with fewer. It holds until the next call, on later connections as
   * well. A lower number than before does not affect what is unacknowledged already. Default: the prefetch of the
   * subscription, with which an engine may start carefully
   */
  resume(prefetch?: number): void;
  /** Receives no more deliveries. Unacknowledged ones can still be settled. */
  stop(): Promise<void>;
}
