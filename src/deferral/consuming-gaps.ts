import type { Consumer, Delivery } from '../engine/delivery.ts';
import type { WallClock } from '../time/clock.ts';

/** Length of a gap in milliseconds: an Ecotone application polls ten times a second; another consumer needs no wait. */
export const gapMs = { forPolling: 250, forConsumers: 100 } as const;
/** Minimum time between the starts of two gaps, so that this process consumes most of the time. */
const everyMs = 1250;
/** Maximum number of releases of a message. Before RabbitMQ 4.3, a quorum queue counts them, and drops it after 20. */
const mostReleases = 10;

/**
 * Gaps in consuming, in which other programs receive messages that this process has no handler for: a program that
 * polls the queue, which is empty for it while a consumer takes all, and other processes of the service, to which
 * delivery is random.
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

  /** Opens a gap if one is due. Returns whether consuming is paused, so that the caller has to release the delivery. */
  async open({ deliveryCount }: Delivery, milliseconds: number): Promise<boolean> {
    if (deliveryCount >= mostReleases) return false;
    return this.#pausing ?? this.#begin(milliseconds);
  }

  async #begin(milliseconds: number): Promise<boolean> {
    const consumer = this.#consumer();
    const nowMs = this.#clock.wallMs();
    // A correction can move the clock back.
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
