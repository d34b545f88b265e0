import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel, ConsumeMessage } from 'amqplib';
import { errorMessage, isLittoralError } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';
import { essentialHeaders, withoutBrokerNotes } from '../../../message/broker-notes.ts';
import type { MessageHeaders } from '../../../message/message-headers.ts';
import type { TransportMessage } from '../../../message/transport-message.ts';
import { busExchange } from '../../broker/bus-exchange.ts';
import { readDeliveryCount } from '../../broker/read-broker-notes.ts';
import type { Delivery, Subscription } from '../../delivery.ts';
import type { ImmediatePublication, PublishReceipt } from '../../publication.ts';
import { fromAmqp } from '../amqp-message-mapper.ts';
import type { QueueType } from '../amqp-topology.ts';
import { framesWritten } from '../connection/amqp-socket.ts';
import { AmqpAcknowledgements } from './amqp-acknowledgements.ts';
import { remainingTimeToLive } from './remaining-time-to-live.ts';

export interface AmqpDeliveriesOptions {
  readonly subscription: Subscription;
  readonly queueType: QueueType;
  readonly logger: Logger;
  /** Sends a message as it came. Resolves after the confirm. */
  readonly publish: (publication: ImmediatePublication) => Promise<PublishReceipt>;
}

/** Time that a message that can be neither handled nor moved stays unacknowledged, before it is requeued. */
const unmovableDelayMs = 60_000;

/** Passes the deliveries of one channel to the handler, and settles them on that channel while it exists. */
export class AmqpDeliveries {
  readonly #options: AmqpDeliveriesOptions;
  readonly #acknowledgements: AmqpAcknowledgements;
  readonly #stopped = new AbortController();
  #hasEnded = false;

  constructor(channel: Channel, corkSocket: () => void, options: AmqpDeliveriesOptions) {
    this.#options = options;
    this.#acknowledgements = new AmqpAcknowledgements({ channel, corkSocket, logger: options.logger });
    // As many listen as messages are held, and Node would warn of the eleventh.
    setMaxListeners(0, this.#stopped.signal);
  }

  /** Calls the handler. Never throws, because that would close the channel, and the message would be redelivered. */
  deliver(message: ConsumeMessage): void {
    this.#acknowledgements.add(message);
    try {
      this.#options.subscription.onDelivery(new AmqpDelivery(this, message));
    } catch (error) {
      this.#options.logger.error({ reason: errorMessage(error) }, 'a message cannot be read');
      this.reject(message);
    }
  }

  /** Requeues a message without calling the handler. */
  requeue(message: ConsumeMessage): void {
    this.#acknowledgements.add(message);
    this.release(message);
  }

  acknowledge(message: ConsumeMessage): void {
    this.#acknowledgements.acknowledge(message);
  }

  release(message: ConsumeMessage, deliveryFailed = false): void {
    this.#acknowledgements.nack(message, true, deliveryFailed);
  }

  reject(message: ConsumeMessage): void {
    // A quorum queue moves it itself; a classic one, which has no arguments, would drop it.
    if (this.#options.queueType === 'quorum') this.#acknowledgements.nack(message, false);
    else void this.#moveAsItCame(message);
  }

  /** Requeues released messages in their order from now on. The consumers must have stopped, or stop with this call. */
  suspend(): void {
    this.#acknowledgements.requeueInOrder();
  }

  /** Requeues each released message at once again. */
  resume(): void {
    this.#acknowledgements.requeueAtOnce();
  }

  /** Does what `suspend` does, for good. */
  stop(): void {
    this.suspend();
    this.#stopped.abort();
  }

  get unacknowledged(): number {
    return this.#acknowledgements.unacknowledged;
  }

  /** Returns the number of unacknowledged deliveries that arrived before the last call of `markEarlier`. */
  get earlier(): number {
    return this.#acknowledgements.earlier;
  }

  /**
   * Counts all deliveries so far as earlier ones.
   *
   * @param onSettled called in the turn after some of them were settled
   */
  markEarlier(onSettled: () => void): void {
    this.#acknowledgements.markEarlier(onSettled);
  }

  /** Returns whether the channel has ended, so that settling does nothing any more. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Resolves once no delivery is unacknowledged. */
  settled(): Promise<void> {
    return this.#acknowledgements.settled();
  }

  /** Sends the acknowledgements so far at once, and requeues all unacknowledged deliveries. */
  requeueAll(): void {
    this.#acknowledgements.flush();
    this.#acknowledgements.requeueAll();
  }

  /** Ends settling, because the channel has ended: it does nothing any more. */
  end(): void {
    this.#hasEnded = true;
    this.#acknowledgements.end();
  }

  async #moveAsItCame(message: ConsumeMessage): Promise<void> {
    const { subscription, publish, logger } = this.#options;
    try {
      const to = { queue: subscription.deadLetterQueue };
      const received = fromAmqp(message);
      const { headers } = received;
      const move = (kept: MessageHeaders) => publish({ to, message: { ...received, headers: kept }, keepsOrder: true });
      const { routed } = await move(withoutBrokerNotes(headers)).catch((error) => {
        // A message that cannot be encoded again must not stay in this queue.
        if (isLittoralError(error) && !error.retryable) return move(essentialHeaders(headers));
        throw error;
      });
      if (!routed) throw new Error(`the queue '${to.queue}' does not exist`);
      this.acknowledge(message);
    } catch (error) {
      logger.error(
        { reason: errorMessage(error) },
        'message could be neither handled nor dead-lettered; it will be redelivered',
      );
      await sleep(unmovableDelayMs, undefined, { ref: false, signal: this.#stopped.signal }).catch(() => {});
      this.release(message);
    }
  }
}

/** An unacknowledged message, which is settled once. */
class AmqpDelivery implements Delivery {
  readonly message: TransportMessage;
  readonly routingKey: string;
  readonly viaBus: boolean;
  readonly redelivered: boolean;
  readonly timeToLiveMs: number | undefined;
  readonly #deliveries: AmqpDeliveries;
  readonly #received: ConsumeMessage;
  #settled = false;

  constructor(deliveries: AmqpDeliveries, received: ConsumeMessage) {
    const { fields } = received;
    this.message = fromAmqp(received);
    this.routingKey = fields.routingKey;
    this.viaBus = fields.exchange === busExchange;
    this.redelivered = fields.redelivered;
    this.timeToLiveMs = remainingTimeToLive(received.properties, this.message.headers, Date.now());
    this.#deliveries = deliveries;
    this.#received = received;
  }

  /** Read when it is asked for: most messages are handled at their first delivery. */
  get deliveryCount(): number {
    return readDeliveryCount(this.message.headers);
  }

  get isLost(): boolean {
    return this.#deliveries.hasEnded;
  }

  acknowledge(): void {
    if (this.#settle()) this.#deliveries.acknowledge(this.#received);
  }

  release(deliveryFailed?: boolean): void {
    if (this.#settle()) this.#deliveries.release(this.#received, deliveryFailed);
  }

  reject(): void {
    if (this.#settle()) this.#deliveries.reject(this.#received);
  }

  written(): Promise<void> {
    return framesWritten();
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    return true;
  }
}
