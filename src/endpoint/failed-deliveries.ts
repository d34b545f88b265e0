import type { Delivery, OutboundChannel } from '../channel/message-channel.ts';
import { deadLetterQueue } from '../distribution/service-queue.ts';
import { isLittoralError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { Header } from '../message/message-headers.ts';
import { deadLetter, type Failure } from './dead-letter.ts';
import { pause } from './pause.ts';
import { describeThrown } from './thrown-error.ts';
import { whenNotBusy } from './when-not-busy.ts';

export interface FailedDeliveriesOptions {
  readonly service: string;
  /** The queue that the deliveries come from. */
  readonly queue: string;
  readonly channel: OutboundChannel;
  /** Aborted when pauses must end, because the service stops. */
  readonly stopping: AbortSignal;
  readonly logger: Logger;
}

const giveBack = { firstMs: 1000, maxMs: 60_000 };

/** Settles the deliveries of a service that failed. */
export class FailedDeliveries {
  readonly #options: FailedDeliveriesOptions;

  constructor(options: FailedDeliveriesOptions) {
    this.#options = options;
  }

  /** Publish, confirm, then acknowledge: the message is never in neither queue. */
  async moveToDeadLetters(delivery: Delivery, failures: readonly Failure[]): Promise<'dead letter' | 'given back'> {
    const { logger } = this.#options;
    try {
      // All of them, also when one cannot be published: the message then comes again, to every handler once more.
      const published = await Promise.allSettled(failures.map((failure) => this.#publishDeadLetter(delivery, failure)));
      for (const result of published) if (result.status === 'rejected') throw result.reason;
      delivery.acknowledge();
    } catch (error) {
      const { message: reason } = describeThrown(error);
      logger.error({ reason }, 'a failed message could not be moved to the dead letter queue');
      // What can never be published, the broker moves itself, as it came.
      if (!isLittoralError(error) || error.retryable) return this.giveBack(delivery);
      delivery.reject();
    }
    return 'dead letter';
  }

  async #publishDeadLetter(delivery: Delivery, failure: Failure): Promise<void> {
    const { channel, service, stopping } = this.#options;
    const to = { queue: deadLetterQueue(service) };
    const publish = (stackTrace: boolean) =>
      whenNotBusy(
        () => channel.publish({ to, message: deadLetter(delivery, failure, this.#options, stackTrace) }),
        stopping,
      );
    const { routed } = await publish(true).catch((error) => {
      // There is no room for the stack trace beside the headers that it came with.
      if (isLittoralError(error) && error.code === 'invalid-header') return publish(false);
      throw error;
    });
    if (!routed) throw new Error(`the queue '${to.queue}' does not exist`);
  }

  /** Not at once: whatever stood in the way may still stand there. The broker's delivery limit ends it. */
  async giveBack(delivery: Delivery): Promise<'given back'> {
    const count = delivery.message.headers[Header.deliveryCount];
    // A classic queue hands on whatever the sender wrote there.
    const earlier = Number.isSafeInteger(count) ? Math.max(0, count as number) : 0;
    await pause(Math.min(giveBack.maxMs, giveBack.firstMs * 2 ** earlier), this.#options.stopping);
    delivery.release();
    return 'given back';
  }
}
