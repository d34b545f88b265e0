import type { Delivery } from '../engine/delivery.ts';
import type { Publisher, QueueSpec } from '../engine/publication.ts';
import { retryWhileBusy } from '../engine/retry-while-busy.ts';
import { isLittoralError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { TransportMessage } from '../message/transport-message.ts';
import { errorText } from '../text/error-chain.ts';
import { isBrokerOutage } from './broker-outage.ts';
import { deadLetter, type Failure } from './dead-letter.ts';
import { type DeadLetterOutlet, isRefusal } from './dead-letter-outlet.ts';
import { deferredMessage } from './deferral.ts';
import type { DeliveryPlaces } from './delivery-places.ts';
import type { FinalFailureStrategy } from './final-failure-strategy.ts';
import { retriesOf, retryMessage } from './retry-message.ts';

/** Codes of errors that may not occur for a message without a stack trace. */
const tooLarge: ReadonlySet<string> = new Set(['invalid-header', 'headers-too-large']);

export interface FailurePublisherOptions {
  readonly service: string;
  /** The queue that the deliveries come from. */
  readonly from: QueueSpec;
  readonly channel: Publisher;
  readonly outlet: DeadLetterOutlet;
  /** The places that held deliveries take. */
  readonly places: DeliveryPlaces;
  /** Aborted when pauses must end, because the service stops. */
  readonly stopping: AbortSignal;
  readonly logger: Logger;
  /** Default: `release`. */
  readonly finalFailureStrategy?: FinalFailureStrategy;
}

/** The message that is published for a failure. */
type Published = 'retried later' | 'deferred' | 'dead letter';

/** Publishes what a failed delivery leaves behind: a retry, a deferred message or a dead letter for each failure. */
export class FailurePublisher {
  readonly #options: FailurePublisherOptions;

  constructor(options: FailurePublisherOptions) {
    this.#options = options;
  }

  /**
   * Publishes a message for each failure, and waits until the broker has confirmed all of them.
   *
   * @returns the outcome of the delivery: a dead letter if one of its failures is
   * @throws the first error. The delivery is then redelivered, to every handler once more
   */
  async publish(delivery: Delivery, failures: readonly Failure[]): Promise<Published> {
    const results = await Promise.allSettled(failures.map((failure) => this.#publishFailure(delivery, failure)));
    const [first = 'dead letter', ...others] = results.map((result) => {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    });
    return others.every((other) => other === first) ? first : 'dead letter';
  }

  async #publishFailure(delivery: Delivery, failure: Failure): Promise<Published> {
    const { retryAfterMs, endpointId, deferral } = failure;
    if (retryAfterMs !== undefined && (deferral !== undefined || endpointId !== undefined)) {
      try {
        const message = laterMessage(delivery, failure);
        await this.#publish(() =>
          this.#options.channel.publish({ to: this.#options.from, message, delayMs: retryAfterMs }),
        );
        return deferral || failure.isUncounted ? 'deferred' : 'retried later';
      } catch (error) {
        if (!isLittoralError(error) || error.retryable) throw error;
        this.#options.logger.error(
          { endpointId, reason: errorText(error) },
          'a message cannot be delayed, and is a dead letter',
        );
      }
    }
    await this.#publishDeadLetter(delivery, failure);
    return 'dead letter';
  }

  async #publishDeadLetter(delivery: Delivery, failure: Failure): Promise<void> {
    const { outlet, service, from } = this.#options;
    const place = { service, queue: from.queue };
    const publish = async (stackTrace: boolean) => {
      const message = deadLetter(delivery, failure, place, stackTrace);
      try {
        await this.#publish(() => outlet.publish(message));
      } catch (error) {
        if (!this.#isToBeSetAside(delivery, error)) throw error;
        await this.#publish(() => outlet.setAside(message));
      }
    };
    await publish(true).catch((error) => {
      // There is no room for the stack trace beside the headers that it came with.
      if (isLittoralError(error) && tooLarge.has(error.code)) return publish(false);
      throw error;
    });
  }

  /** Returns whether a dead letter is set aside. While few are held, it is held instead, and tried again sooner. */
  #isToBeSetAside(delivery: Delivery, error: unknown): boolean {
    const { places, stopping, finalFailureStrategy = 'release' } = this.#options;
    if (stopping.aborted || !isRefusal(error)) return false;
    return (finalFailureStrategy === 'release' || isBrokerOutage(error)) && !places.holdWithinHalf(delivery);
  }

  #publish<Receipt>(publish: () => Promise<Receipt>): Promise<Receipt> {
    return retryWhileBusy(publish, this.#options.stopping);
  }
}

/** Creates the message that is redelivered. */
function laterMessage(delivery: Delivery, failure: Failure): TransportMessage {
  const { endpointId = '', attempts = 0, expiresAtMs, deferral, isUncounted } = failure;
  if (deferral) return deferredMessage(delivery, deferral, expiresAtMs);
  const retries = retriesOf(delivery) + (isUncounted ? 0 : 1);
  return retryMessage(delivery, endpointId, { attempts, retries }, expiresAtMs);
}
