import type { Delivery } from '../engine/delivery.ts';
import { isLittoralError } from '../errors.ts';
import type { CompleteRetries } from '../handler/retries.ts';
import { describeMessage } from '../message/describe-message.ts';
import { Header } from '../message/message-headers.ts';
import type { MaybePromise } from '../promise/maybe-promise.ts';
import { errorText } from '../text/error-chain.ts';
import { abortableDelay } from '../time/abortable-delay.ts';
import { isBrokerOutage } from './broker-outage.ts';
import type { Failure } from './dead-letter.ts';
import { decideFailure } from './decide-failure.ts';
import type { DeliveryOutcome, SettledDelivery } from './delivery-outcome.ts';
import { errorSnapshot } from './error-snapshot.ts';
import { FailurePublisher, type FailurePublisherOptions } from './failure-publisher.ts';
import type { DeliveryResult, HandledResult, NotCalledResult } from './handler-result.ts';
import { resentMessage } from './retry-message.ts';
import type { TimeToLive } from './time-to-live.ts';

export interface RecoveryOptions extends FailurePublisherOptions {
  /** The retries of handlers without retries of their own. Default: none, for messages that have no handlers. */
  readonly retries?: CompleteRetries;
  /** Ends the receiving, and requeues the delivery: for the strategy `stop`. */
  readonly halt?: (delivery: Delivery) => Promise<void>;
}

/** Delay before a delivery is requeued; doubled at each further delivery. */
const requeueBackoff = { firstMs: 1000, maxMs: 60_000 };
const resendPauseMs = 1000;

/** Time after which a delivery that is still being moved counts as held. */
const movedWithinMs = 1000;

/** Number of returns from which a message is published again instead: RabbitMQ limits how often a message is returned. */
const mostReturns = 10;

/** Delay before an application that is away is tried with a message again. */
const postponedMs = 4095;

/** Returns whether the message of a handler that was not called is published again in place of being requeued. */
function isMoved({ deliveryCount }: Delivery, { isMoved }: NotCalledResult): boolean {
  return isMoved || deliveryCount >= mostReturns;
}

/** The message of a handler that was not called is published again for that handler, and nothing is counted. */
function postponed({ error, endpointId, attempts }: NotCalledResult, timeToLive: TimeToLive | undefined): Failure {
  const expiresAtMs = timeToLive?.expiresAtMs;
  return { error, endpointId, attempts, retryAfterMs: postponedMs, expiresAtMs, isUncounted: true };
}

/**
 * Settles the deliveries of a service: acknowledges, retries later, dead-letters or requeues them. Publish, confirm, then
 * acknowledge: a message is always in a queue.
 */
export class Recovery {
  readonly #options: RecoveryOptions;
  readonly #publisher: FailurePublisher;
  #reason: string | undefined;

  constructor(options: RecoveryOptions) {
    this.#options = options;
    this.#publisher = new FailurePublisher(options);
  }

  /** Returns the number of held messages and the reason; undefined while none is held. */
  get problem(): string | undefined {
    const { held } = this.#options.places;
    if (held === 0) return undefined;
    return `${held} failed messages are held, because they can neither be retried nor dead-lettered at the moment: ${this.#reason ?? 'no confirm yet'}`;
  }

  /**
   * Settles a delivery as the results of its handlers say; without results it is not for this service.
   */
  settle(
    delivery: Delivery,
    results: readonly DeliveryResult[],
    timeToLive: TimeToLive | undefined,
  ): MaybePromise<SettledDelivery> {
    const [first] = results;
    if (results.length === 1 && first?.kind === 'handled') {
      delivery.acknowledge();
      return { outcome: 'handled', handled: [first], failures: [] };
    }
    const handled = results.filter((result) => result.kind === 'handled');
    if (results.some(({ kind }) => kind === 'interrupted')) return this.#interrupted(delivery, results, handled);
    if (results.some(({ kind }) => kind === 'left in the queue')) {
      delivery.release();
      return { outcome: 'left in the queue', handled, failures: [] };
    }
    if (first?.kind === 'not called' && results.length === 1 && !isMoved(delivery, first)) {
      delivery.release();
      return { outcome: 'requeued', handled, failures: [] };
    }
    const failures = this.#failuresOf(delivery, results, timeToLive);
    if (failures.length > 0) return this.#settleFailed(delivery, failures, handled);
    delivery.acknowledge();
    const isHandled = results.some(({ kind }) => kind === 'handled' || kind === 'duplicate');
    return { outcome: isHandled ? 'handled' : 'not for this service', handled, failures };
  }

  #failuresOf(
    delivery: Delivery,
    results: readonly DeliveryResult[],
    timeToLive: TimeToLive | undefined,
  ): readonly Failure[] {
    return results.flatMap((result) => {
      if (result.kind === 'failed') return decideFailure(delivery, result, timeToLive, this.#options);
      if (result.kind === 'not called') return postponed(result, timeToLive);
      return result.kind === 'deferred' ? result.failure : [];
    });
  }

  /** The message is redelivered to all of its handlers, those that failed among them. */
  #interrupted(
    delivery: Delivery,
    results: readonly DeliveryResult[],
    handled: readonly HandledResult[],
  ): SettledDelivery {
    for (const result of results) {
      if (result.kind !== 'failed') continue;
      const { endpointId, error } = result;
      const fields = { ...describeMessage(delivery.message), endpointId, reason: errorText(error) };
      this.#options.logger.warn(fields, 'a handler failed, and its message is requeued by the shutdown');
    }
    delivery.release();
    return { outcome: 'requeued', handled, failures: [] };
  }

  async #settleFailed(
    delivery: Delivery,
    failures: readonly Failure[],
    handled: readonly HandledResult[],
  ): Promise<SettledDelivery> {
    const { places } = this.#options;
    const slow = setTimeout(() => places.hold(delivery), movedWithinMs);
    try {
      return { outcome: await this.#publishFailures(delivery, failures), handled, failures };
    } finally {
      clearTimeout(slow);
    }
  }

  async #publishFailures(delivery: Delivery, failures: readonly Failure[]): Promise<DeliveryOutcome> {
    const { logger } = this.#options;
    try {
      const outcome = await this.#publisher.publish(delivery, failures);
      delivery.acknowledge();
      return outcome;
    } catch (error) {
      const { message: reason } = errorSnapshot(error);
      const { [Header.id]: messageId } = delivery.message.headers;
      this.#reason = reason;
      logger.error(
        { messageId, reason },
        'a failed message could be put neither into its delay nor into the dead letter queue',
      );
      if (!isLittoralError(error) || error.retryable)
        return this.#applyFinalStrategy(delivery, error, failures[0]?.expiresAtMs);
      // The broker dead-letters a message that can never be published, as it came.
      delivery.reject();
      return 'dead letter';
    }
  }

  async #applyFinalStrategy(
    delivery: Delivery,
    error: unknown,
    expiresAtMs: number | undefined,
  ): Promise<DeliveryOutcome> {
    const { finalFailureStrategy, halt, stopping, logger } = this.#options;
    if (stopping.aborted || isBrokerOutage(error)) return this.requeue(delivery);
    switch (finalFailureStrategy) {
      case 'ignore':
        logger.error({ messageId: delivery.message.headers[Header.id] }, 'a failed message is lost, as configured');
        delivery.acknowledge();
        return 'ignored';
      case 'stop':
        await halt?.(delivery);
        return 'stopped';
      case 'resend':
        return this.#resend(delivery, expiresAtMs);
      default:
        return this.requeue(delivery);
    }
  }

  async #resend(delivery: Delivery, expiresAtMs: number | undefined): Promise<DeliveryOutcome> {
    const { channel, from, stopping, logger } = this.#options;
    // The cause may pass in the meantime.
    await abortableDelay(resendPauseMs, stopping);
    try {
      const { queue } = from;
      const { routed } = await channel.publish({ to: { queue }, message: resentMessage(delivery, expiresAtMs) });
      if (!routed) throw new Error(`the queue '${queue}' does not exist`);
      delivery.acknowledge();
      return 'resent';
    } catch (error) {
      logger.error(
        { reason: errorSnapshot(error).message },
        'a failed message could not be sent to the end of its queue',
      );
      return this.requeue(delivery);
    }
  }

  /** Requeues a delivery after a pause, in which the cause may pass. The broker's delivery limit ends it. */
  async requeue(delivery: Delivery): Promise<'requeued'> {
    this.#options.places.hold(delivery);
    const delayMs = Math.min(requeueBackoff.maxMs, requeueBackoff.firstMs * 2 ** delivery.deliveryCount);
    await abortableDelay(delayMs, this.#options.stopping);
    delivery.release(!this.#options.stopping.aborted);
    return 'requeued';
  }
}
