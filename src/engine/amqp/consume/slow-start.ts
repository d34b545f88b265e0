import type { ConsumeMessage } from 'amqplib';
import { Header } from '../../../message/message-headers.ts';

/** Time that a redelivered message is handled alone: a message that ends its process does so sooner, as a rule. */
const aloneMs = 5000;

/**
 * The decision when a consumer that started with one delivery at a time may take more. A message that ends the process
 * would also count a delivery attempt for every other unacknowledged message at each start; but it has been delivered
 * before. So the wait ends with the first new message, or with a redelivered one that was held for a while and did no
 * harm.
 */
export class SlowStart {
  #raisePrefetch: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param raisePrefetch called once, unless `end` is called before */
  constructor(raisePrefetch: () => void) {
    this.#raisePrefetch = raisePrefetch;
  }

  /** Returns whether the decision is still open. */
  get isPending(): boolean {
    return this.#raisePrefetch !== undefined;
  }

  /** Observes a delivery. The caller calls it before the handler. */
  received({ fields, properties }: ConsumeMessage): void {
    if (this.#raisePrefetch === undefined) return;
    clearTimeout(this.#timer);
    if (fields.redelivered || properties.headers?.[Header.deliveryCount]) {
      this.#timer = setTimeout(() => this.#isOver(), aloneMs).unref();
    } else {
      this.#isOver();
    }
  }

  /** Ends the wait without raising the prefetch. */
  end(): void {
    clearTimeout(this.#timer);
    this.#raisePrefetch = undefined;
  }

  #isOver(): void {
    const raisePrefetch = this.#raisePrefetch;
    this.end();
    raisePrefetch?.();
  }
}
