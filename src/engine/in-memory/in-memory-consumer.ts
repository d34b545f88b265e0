import type { Consumer, Delivery, Subscription } from '../delivery.ts';
import type { InMemoryQueue, Receiver } from './in-memory-queue.ts';

/** The consumer of one queue of the in-memory channel. */
export class InMemoryConsumer implements Consumer, Receiver {
  prefetch: number;
  readonly onDelivery: (delivery: Delivery) => void;
  unacknowledged = 0;
  readonly #queue: InMemoryQueue;
  readonly #subscription: Subscription;
  #detached: string | undefined = 'the channel has not been started';
  #stopped = false;

  constructor(queue: InMemoryQueue, subscription: Subscription) {
    const { prefetch, onDelivery } = subscription;
    this.#queue = queue;
    this.#subscription = subscription;
    this.prefetch = prefetch;
    this.onDelivery = onDelivery;
  }

  get detached(): string | undefined {
    return this.#detached;
  }

  attach(): void {
    if (this.#stopped) return;
    this.#detached = undefined;
    this.#queue.attach(this);
  }

  detach(reason: string): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#detached = reason;
    this.#queue.detach(this);
  }

  async waiting(): Promise<number | undefined> {
    return this.#detached === undefined ? this.#queue.length : undefined;
  }

  allowExtra(count: number): void {
    if (this.#subscription.ordered) return;
    this.prefetch = this.#subscription.prefetch + count;
    this.#queue.deliver();
  }

  async otherConsumers(): Promise<number | undefined> {
    return this.#detached === undefined ? this.#queue.receiverCount - 1 : undefined;
  }

  async stop(): Promise<void> {
    this.detach('the consumer was stopped');
  }
}
