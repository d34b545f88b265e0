import type { Delivery } from '../engine/delivery.ts';
import type { Publisher, QueueSpec } from '../engine/publication.ts';
import { type ErrorCode, isLittoralError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { Header } from '../message/message-headers.ts';
import type { TransportMessage } from '../message/transport-message.ts';
import { errorText } from '../text/error-chain.ts';
import { abortableDelay } from '../time/abortable-delay.ts';
import { retryWhileBusy } from '../time/retry-while-busy.ts';
import type { DeliveryOutcome } from './around-delivery.ts';
import { deadLetter, type Failure } from './dead-letter.ts';
import { type DeadLetterOutlet, isRefusal } from './dead-letter-outlet.ts';
import { deferredMessage } from './deferral.ts';
import type { DeliveryPlaces } from './delivery-places.ts';
import { describeThrown } from './error-snapshot.ts';
import type { FinalFailureStrategy } from './final-failure-strategy.ts';
import { resentMessage, retryMessage } from './moved-message.ts';

/** Codes of errors that a message without a stack trace may avoid. */
const tooLarge: ReadonlySet<string> = new Set(['invalid-header', 'headers-too-large']);

export interface FailedDeliveriesOptions {
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

const giveBack = { firstMs: 1000, maxMs: 60_000 };
const resendPauseMs = 1000;

/** Time after which a delivery that is still being moved counts as held. */
const movedWithinMs = 1000;

// What the broker itself is missing for. It has the message still, and gives it again.
const ofTheBroker: ReadonlySet<ErrorCode> = new Set([
  'broker-unavailable',
  'write-refused',
  'connection-lost',
  'confirm-timeout',
  'draining',
]);

/** The outcome for a failed message and one of its handlers. */
type Move = 'retried later' | 'deferred' | 'dead letter';

/** Returns the outcome for a delivery: a dead letter if one of its moves is. */
function togetherOf(moves: readonly Move[]): Move {
  const [first = 'dead letter'] = moves;
  return moves.every((move) => move === first) ? first : 'dead letter';
}

/** Creates the message that is redelivered. */
function laterMessage(delivery: Delivery, failure: Failure): TransportMessage {
  const { endpointId = '', attempts = 0, expiresAtMs, deferral } = failure;
  if (deferral) return deferredMessage(delivery, deferral, expiresAtMs);
  return retryMessage(delivery, endpointId, attempts, expiresAtMs);
}

/** Settles the deliveries of a service that failed. */
export class FailedDeliveries {
  readonly #options: FailedDeliveriesOptions;
  #reason: string | undefined;

  constructor(options: FailedDeliveriesOptions) {
    this.#options = options;
  }

  /** Returns the number of held messages and the reason; undefined while none is held. */
  get problem(): string | undefined {
    const { held } = this.#options.places;
    if (held === 0) return undefined;
    return `${held} failed messages are held, because they can neither be retried nor dead-lettered at the moment: ${this.#reason ?? 'no confirm yet'}`;
  }

  /**
   * Puts a message where its failures say, for each of its handlers that failed. Publish, confirm, then acknowledge: it
   * is never nowhere. What is `stopped` is still in hand.
   */
  async settle(delivery: Delivery, failures: readonly Failure[]): Promise<DeliveryOutcome> {
    const { places } = this.#options;
    const slow = setTimeout(() => places.hold(delivery), movedWithinMs);
    try {
      return await this.#settle(delivery, failures);
    } finally {
      clearTimeout(slow);
    }
  }

  async #settle(delivery: Delivery, failures: readonly Failure[]): Promise<DeliveryOutcome> {
    const { logger } = this.#options;
    try {
      // All of them, also when one cannot be published: the message then comes again, to every handler once more.
      const moved = await Promise.allSettled(failures.map((failure) => this.#move(delivery, failure)));
      for (const result of moved) if (result.status === 'rejected') throw result.reason;
      delivery.acknowledge();
      return togetherOf(moved.flatMap((result) => ('value' in result ? [result.value] : [])));
    } catch (error) {
      const { message: reason } = describeThrown(error);
      const { [Header.id]: messageId } = delivery.message.headers;
      this.#reason = reason;
      logger.error(
        { messageId, reason },
        'a failed message could be put neither into its delay nor into the dead letter queue',
      );
      if (!isLittoralError(error) || error.retryable) return this.#finally(delivery, error, failures[0]?.expiresAtMs);
      // What can never be published, the broker moves itself, as it came.
      delivery.reject();
      return 'dead letter';
    }
  }

  async #move(delivery: Delivery, failure: Failure): Promise<Move> {
    const { retryAfterMs, endpointId, deferral } = failure;
    if (retryAfterMs !== undefined && (deferral !== undefined || endpointId !== undefined)) {
      try {
        const message = laterMessage(delivery, failure);
        await this.#publish(() =>
          this.#options.channel.publish({ to: this.#options.from, message, delayMs: retryAfterMs }),
        );
        return deferral ? 'deferred' : 'retried later';
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
    return (finalFailureStrategy === 'release' || isOfTheBroker(error)) && !places.holdWithinHalf(delivery);
  }

  #publish<Receipt>(publish: () => Promise<Receipt>): Promise<Receipt> {
    return retryWhileBusy(publish, this.#options.stopping);
  }

  async #finally(delivery: Delivery, error: unknown, expiresAtMs: number | undefined): Promise<DeliveryOutcome> {
    const { finalFailureStrategy, stopping, logger } = this.#options;
    if (stopping.aborted || isOfTheBroker(error)) return this.giveBack(delivery);
    switch (finalFailureStrategy) {
      case 'ignore':
        logger.error({ messageId: delivery.message.headers[Header.id] }, 'a failed message is lost, as configured');
        delivery.acknowledge();
        return 'ignored';
      case 'stop':
        return 'stopped';
      case 'resend':
        return this.#resend(delivery, expiresAtMs);
      default:
        return this.giveBack(delivery);
    }
  }

  async #resend(delivery: Delivery, expiresAtMs: number | undefined): Promise<DeliveryOutcome> {
    const { channel, from, stopping, logger } = this.#options;
    // Whatever stood in the way may still stand there.
    await abortableDelay(resendPauseMs, stopping);
    try {
      const { queue } = from;
      const { routed } = await channel.publish({ to: { queue }, message: resentMessage(delivery, expiresAtMs) });
      if (!routed) throw new Error(`the queue '${queue}' does not exist`);
      delivery.acknowledge();
      return 'resent';
    } catch (error) {
      logger.error(
        { reason: describeThrown(error).message },
        'a failed message could not be sent to the end of its queue',
      );
      return this.giveBack(delivery);
    }
  }

  /** Not at once: whatever stood in the way may still stand there. The broker's delivery limit ends it. */
  async giveBack(delivery: Delivery): Promise<'given back'> {
    this.#options.places.hold(delivery);
    const delayMs = Math.min(giveBack.maxMs, giveBack.firstMs * 2 ** delivery.deliveryCount);
    await abortableDelay(delayMs, this.#options.stopping);
    delivery.release(!this.#options.stopping.aborted);
    return 'given back';
  }
}

function isOfTheBroker(error: unknown): boolean {
  return isLittoralError(error) && ofTheBroker.has(error.code);
}
