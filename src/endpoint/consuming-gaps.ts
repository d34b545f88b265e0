import type { WallClock } from '../channel/clock.ts';
import type { Consumer, Delivery } from '../channel/message-channel.ts';
import { Header } from '../message/message-headers.ts';

/** How long a gap is, in milliseconds: an Ecotone application polls ten times a second; another consumer takes no time. */
export const gapMs = { forPolling: 250, forConsumers: 100 } as const;
/** At least so long passes between the beginnings of two: most of the time belongs to the messages of this process. */
const everyMs = 1250;
/** A quorum queue before RabbitMQ 4.3 counts what is released, and gives a message up after 20 times. */
const mostReleases = 10;

/**
 * Leaves gaps in which others get what this process has no handler for: a program that polls the queue, which sees no
 * message while a consumer takes all, and other processes of the service, to which each message comes by chance.
 */
export class ConsumingGaps {
  readonly #consumer: () => Pick<Consumer, 'pause'> | undefined;
  readonly #clock: WallClock;
  #pausing: Promise<boolean> | undefined;
  #begunAtMs = Number.NEGATIVE_INFINITY;

  constructor(consumer: () => Pick<Consumer, 'pause'> | undefined, clock: WallClock) {
    this.#consumer = consumer;
    this.#clock = clock;
  }

  /** Returns whether nothing is consumed for a moment, so that the delivery is to be released. */
  async open({ message }: Delivery, milliseconds: number): Promise<boolean> {
    const count = message.headers[Header.deliveryCount];
    if (typeof count === 'number' && count >= mostReleases) return false;
    return this.#pausing ?? this.#begin(milliseconds);
  }

  async #begin(milliseconds: number): Promise<boolean> {
    const consumer = this.#consumer();
    const nowMs = this.#clock.wallMs();
    // A correction can move that clock back.
    if (consumer?.pause === undefined || Math.abs(nowMs - this.#begunAtMs) < everyMs) return false;
    this.#begunAtMs = nowMs;
    this.#pausing = consumer.pause(milliseconds);
    try {
      return await this.#pausing;
    } finally {
      this.#pausing = undefined;
    }
  }
}
