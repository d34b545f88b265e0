import { AsyncResource } from 'node:async_hooks';
import { TurnoverSet } from '../../collection/turnover-set.ts';
import { Header } from '../../message/message-headers.ts';
import type { TransportMessage } from '../../message/transport-message.ts';
import type { Clock } from '../../time/clock.ts';
import { readDeliveryCount } from '../broker/read-broker-notes.ts';
import { matchesTopic } from '../broker/topic-pattern.ts';
import type { Delivery } from '../delivery.ts';
import { ExpirySchedule } from './expiry-schedule.ts';
import { MessageList } from './message-list.ts';
import type { Arrival, QueuedMessage } from './queued-message.ts';
import { type DeathReason, toDeadLetter } from './to-dead-letter.ts';

/** Number of times that a message may be requeued before it is dead-lettered: `x-delivery-limit` on RabbitMQ. */
const deliveryLimit = 20;

/** A limit, because a consumer that settles within its call must not block the process. */
const deliveriesPerTurn = 1000;

/** One consumer as its queue sees it. */
export interface Receiver {
  readonly prefetch: number;
  readonly onDelivery: (delivery: Delivery) => void;
  /** Number of its unsettled deliveries. The queue maintains it. */
  unacknowledged: number;
}

export interface QueueOptions {
  readonly name: string;
  /** Maximum number of waiting messages. */
  readonly maxMessages: number;
  /** The clock by which messages expire. */
  readonly clock: Clock;
  /** Undefined: messages that would be dead-lettered are dropped. */
  readonly deadLetterQueue?: InMemoryQueue;
  /** True if one consumer at a time receives. Default: false. */
  readonly ordered?: boolean | undefined;
}

interface Unacknowledged {
  readonly queued: QueuedMessage;
  readonly receiver: Receiver;
}

/** Behaves as a RabbitMQ quorum queue does, except that a message expires behind longer-lived ones too. */
export class InMemoryQueue {
  readonly name: string;
  readonly deadLetterQueue: InMemoryQueue | undefined;
  readonly #maxMessages: number;
  readonly #ordered: boolean;
  readonly #bindingKeys = new Set<string>();
  readonly #waiting = new MessageList();
  readonly #clock: Clock;
  readonly #expiry: ExpirySchedule<QueuedMessage>;
  readonly #receivers: Receiver[] = [];
  readonly #unacknowledged = new TurnoverSet<Unacknowledged>();
  // Bound: a handler must not run in the async context of the publisher, as it does not behind a broker either.
  readonly #deliverSome = AsyncResource.bind(() => this.#deliver());
  #turn = 0;
  #nextSequence = 0;
  #deliveryScheduled = false;
  #isClosed = false;
  #onAllSettled: (() => void) | undefined;

  constructor({ name, maxMessages, clock, deadLetterQueue, ordered = false }: QueueOptions) {
    this.name = name;
    this.deadLetterQueue = deadLetterQueue;
    this.#maxMessages = maxMessages;
    this.#ordered = ordered;
    this.#clock = clock;
    this.#expiry = new ExpirySchedule((queued) => this.#expire(queued), clock);
  }

  /** Number of waiting messages. */
  get length(): number {
    return this.#waiting.length;
  }

  get isFull(): boolean {
    return this.length >= this.#maxMessages;
  }

  /** Returns what waits, as the next consumer would get it. */
  get messages(): TransportMessage[] {
    return Array.from(this.#waiting, toDeliveredMessage);
  }

  /** The waiting messages with the queue's notes about them. */
  get waiting(): QueuedMessage[] {
    return [...this.#waiting];
  }

  /** Returns whether the queue has a consumer. */
  get isConsumed(): boolean {
    return this.#receivers.length > 0;
  }

  /** Returns the number of receivers. */
  get receiverCount(): number {
    return this.#receivers.length;
  }

  /** Removes a waiting message. Does nothing if it has left already. */
  remove(queued: QueuedMessage): void {
    this.#waiting.delete(queued);
    this.#expiry.delete(queued);
  }

  bind(bindingKeys: readonly string[]): void {
    for (const bindingKey of bindingKeys) this.#bindingKeys.add(bindingKey);
  }

  unbind(bindingKeys: readonly string[]): void {
    for (const bindingKey of bindingKeys) this.#bindingKeys.delete(bindingKey);
  }

  isBoundTo(routingKey: string): boolean {
    if (this.#bindingKeys.has(routingKey)) return true;
    for (const bindingKey of this.#bindingKeys) {
      if (matchesTopic(bindingKey, routingKey)) return true;
    }
    return false;
  }

  put(arrival: Arrival): void {
    const expiresAtMs = this.#clock.nowMs() + (arrival.timeToLiveMs ?? Infinity);
    this.#wait({ ...arrival, sequence: this.#nextSequence++, expiresAtMs, deliveryCount: 0 });
  }

  attach(receiver: Receiver): void {
    this.#receivers.push(receiver);
    this.#scheduleDelivery();
  }

  /** Delivers waiting messages after a receiver has raised its limit. */
  deliver(): void {
    this.#scheduleDelivery();
  }

  detach(receiver: Receiver): void {
    const index = this.#receivers.indexOf(receiver);
    if (index !== -1) this.#receivers.splice(index, 1);
  }

  /** Resolves once no delivery is unacknowledged. */
  async allSettled(): Promise<void> {
    if (this.#unacknowledged.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onAllSettled = resolve;
    });
  }

  /** Requeues all unacknowledged deliveries. Nothing expires afterwards. */
  close(): void {
    this.#isClosed = true;
    for (const delivered of this.#unacknowledged) this.#settle(delivered, () => this.#requeue(delivered.queued));
    this.#expiry.clear();
  }

  #wait(queued: QueuedMessage): void {
    this.#waiting.add(queued);
    this.#expiry.add(queued);
    this.#scheduleDelivery();
  }

  /** Never within the caller's stack: a publish has resolved before its message is handled. */
  #scheduleDelivery(): void {
    if (this.#deliveryScheduled || this.#waiting.length === 0 || this.#receivers.length === 0) return;
    this.#deliveryScheduled = true;
    setImmediate(this.#deliverSome);
  }

  #deliver(): void {
    this.#deliveryScheduled = false;
    for (let count = 0; count < deliveriesPerTurn; count++) {
      const queued = this.#waiting.first;
      if (queued === undefined) return;
      // Its time can have come before its timer: a process that was busy may run this first.
      if (queued.expiresAtMs <= this.#clock.nowMs()) {
        this.#expire(queued);
        continue;
      }
      const receiver = this.#nextReceiver();
      if (receiver === undefined) return;
      this.#deliverTo(queued, receiver);
    }
    this.#scheduleDelivery();
  }

  #nextReceiver(): Receiver | undefined {
    const candidates = this.#ordered ? Math.min(1, this.#receivers.length) : this.#receivers.length;
    for (let step = 0; step < candidates; step++) {
      const index = (this.#turn + step) % candidates;
      const receiver = this.#receivers[index] as Receiver;
      if (receiver.unacknowledged < receiver.prefetch) {
        this.#turn = index + 1;
        return receiver;
      }
    }
    return undefined;
  }

  #deliverTo(queued: QueuedMessage, receiver: Receiver): void {
    this.#waiting.delete(queued);
    this.#expiry.delete(queued);
    const delivered: Unacknowledged = { queued, receiver };
    this.#unacknowledged.add(delivered);
    receiver.unacknowledged += 1;
    const message = withTimeToLive(toDeliveredMessage(queued), queued);
    const isLost = () => this.#isClosed;
    receiver.onDelivery({
      message,
      routingKey: queued.routingKey,
      viaBus: queued.exchange !== '',
      redelivered: queued.deliveryCount > 0,
      deliveryCount: readDeliveryCount(message.headers),
      timeToLiveMs: queued.timeToLiveMs === undefined ? undefined : queued.expiresAtMs - this.#clock.nowMs(),
      get isLost() {
        return isLost();
      },
      acknowledge: () => this.#settle(delivered, () => {}),
      release: () => this.#settle(delivered, () => this.#requeue(queued)),
      reject: () => this.#settle(delivered, () => this.#deadLetter(queued, 'rejected')),
    });
  }

  #settle(delivered: Unacknowledged, action: () => void): void {
    if (!this.#unacknowledged.delete(delivered)) return;
    delivered.receiver.unacknowledged -= 1;
    action();
    this.#scheduleDelivery();
    if (this.#unacknowledged.size === 0) this.#onAllSettled?.();
  }

  #requeue(queued: QueuedMessage): void {
    queued.deliveryCount += 1;
    if (queued.deliveryCount > deliveryLimit) this.#deadLetter(queued, 'delivery_limit');
    else this.#wait(queued);
  }

  #expire(queued: QueuedMessage): void {
    this.#waiting.delete(queued);
    this.#expiry.delete(queued);
    this.#deadLetter(queued, 'expired');
  }

  #deadLetter(arrival: Arrival, reason: DeathReason): void {
    const { name: queue, deadLetterQueue } = this;
    deadLetterQueue?.put(toDeadLetter(arrival, { reason, queue, deadLetterQueue: deadLetterQueue.name }));
  }
}

/** To consumers it is a header, as from RabbitMQ. */
function withTimeToLive(message: TransportMessage, { timeToLiveMs }: QueuedMessage): TransportMessage {
  if (timeToLiveMs === undefined) return message;
  return { headers: Object.freeze({ ...message.headers, [Header.timeToLive]: timeToLiveMs }), body: message.body };
}

function toDeliveredMessage({ message, deliveryCount }: QueuedMessage): TransportMessage {
  if (deliveryCount === 0) return message;
  return { headers: Object.freeze({ ...message.headers, [Header.deliveryCount]: deliveryCount }), body: message.body };
}
