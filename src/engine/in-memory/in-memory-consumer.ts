import type { Consumer, Delivery, Subscription } from '../delivery.ts';
import type { InMemoryQueue, Receiver } from './in-memory-queue.ts';

/** The consumer of one queue of the in-memory channel. */
export class InMemoryConsumer implements Consumer, Receiver {
  readonly onDelivery: (delivery: Delivery) => void;
  unacknowledged = 0;
  readonly #queue: InMemoryQueue;
  readonly #subscription: Subscription;
  #detached: string | undefined = 'the channel has not been started';
  #stopped = false;
  #isSuspended: boolean;
  #limit: number;
  #extra = 0;

  constructor(queue: InMemoryQueue, subscription: Subscription) {
    const { prefetch, onDelivery, suspended = false } = subscription;
    this.#queue = queue;
    this.#subscription = subscription;
    this.#isSuspended = suspended;
    this.#limit = prefetch;
    this.onDelivery = onDelivery;
  }

  get detached(): string | undefined {
    return this.#detached;
  }

  get prefetch(): number {
    return this.#limit + this.#extra;
  }

  attach(): void {
    if (this.#stopped) return;
    this.#detached = undefined;
    if (!this.#isSuspended) this.#queue.attach(this);
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
    this.#extra = count;
    this.#queue.deliver();
  }

  async otherConsumers(): Promise<number | undefined> {
    if (this.#detached !== undefined) return undefined;
    return this.#queue.receiverCount - (this.#isSuspended ? 0 : 1);
  }

  async suspend(): Promise<void> {
    this.#isSuspended = true;
    this.#queue.detach(this);
  }

  resume(prefetch = this.#subscription.prefetch): void {
    this.#limit = prefetch;
    if (this.#isSuspended && this.#detached === undefined) this.#queue.attach(this);
    else this.#queue.deliver();
    this.#isSuspended = false;
  }

  async stop(): Promise<void> {
    this.detach('the consumer was stopped');
  }
}
