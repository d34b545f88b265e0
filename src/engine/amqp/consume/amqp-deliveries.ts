import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel, ConsumeMessage } from 'amqplib';
import { errorMessage, isLittoralError } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';
import { essentialHeaders, withoutBrokerNotes } from '../../../message/broker-notes.ts';
import type { MessageHeaders } from '../../../message/message-headers.ts';
import type { TransportMessage } from '../../../message/transport-message.ts';
import type { Delivery, Subscription } from '../../delivery.ts';
import type { ImmediatePublication, PublishReceipt } from '../../publication.ts';
import { fromAmqp } from '../amqp-message-mapper.ts';
import { busExchange, type QueueType } from '../amqp-topology.ts';
import { readDeliveryCount } from '../read-broker-notes.ts';
import { remainingTimeToLive } from '../remaining-time-to-live.ts';
import { AmqpAcknowledgements } from './amqp-acknowledgements.ts';

export interface AmqpDeliveriesOptions {
  readonly subscription: Subscription;
  readonly queueType: QueueType;
  readonly logger: Logger;
  /** Sends a message as it came. Resolves after the confirm. */
  readonly publish: (publication: ImmediatePublication) => Promise<PublishReceipt>;
}

/** How long a message is held that can neither be handled nor moved, before it comes again. */
const unmovableDelayMs = 60_000;

/** Hands over the deliveries of one channel, and settles them on it for as long as it lives. */
export class AmqpDeliveries {
  readonly #options: AmqpDeliveriesOptions;
  readonly #acknowledgements: AmqpAcknowledgements;
  readonly #stopped = new AbortController();

  constructor(channel: Channel, corkSocket: () => void, options: AmqpDeliveriesOptions) {
    this.#options = options;
    this.#acknowledgements = new AmqpAcknowledgements({ channel, corkSocket, logger: options.logger });
    // As many listen as messages are held, and Node would warn of the eleventh.
    setMaxListeners(0, this.#stopped.signal);
  }

  /** Never throws: that would close the channel, and the message would come again. */
  deliver(message: ConsumeMessage): void {
    this.#acknowledgements.add(message);
    try {
      this.#options.subscription.onDelivery(new AmqpDelivery(this, message));
    } catch (error) {
      this.#options.logger.error({ reason: errorMessage(error) }, 'a message cannot be read');
      this.reject(message);
    }
  }

  /** @param message that the consumer is not to have, because it has stopped */
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

  /** To be told that nothing more is delivered: what is given back from now on goes back in its order. */
  stop(): void {
    this.#acknowledgements.requeueInOrder();
    this.#stopped.abort();
  }

  /** Returns the number of unacknowledged deliveries. */
  get unacknowledged(): number {
    return this.#acknowledgements.unacknowledged;
  }

  /** Resolves once every delivery that arrived before the call is acknowledged or requeued. */
  settledSoFar(): Promise<void> {
    return this.#acknowledgements.settledSoFar();
  }

  /** Resolves once nothing is in hand. */
  settled(): Promise<void> {
    return this.#acknowledgements.settled();
  }

  /** Tells the broker at once what was acknowledged so far, and gives back what is still in hand. */
  requeueAll(): void {
    this.#acknowledgements.flush();
    this.#acknowledgements.requeueAll();
  }

  /** To be told that the channel is gone: settling does nothing any more. */
  end(): void {
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
        // What cannot be written again must not hold its place in this queue for ever.
        if (isLittoralError(error) && !error.retryable) return move(essentialHeaders(headers));
        throw error;
      });
      if (!routed) throw new Error(`the queue '${to.queue}' does not exist`);
      this.acknowledge(message);
    } catch (error) {
      logger.error({ reason: errorMessage(error) }, 'a message can neither be handled nor moved; it comes again');
      await sleep(unmovableDelayMs, undefined, { ref: false, signal: this.#stopped.signal }).catch(() => {});
      this.release(message);
    }
  }
}

/** One message in hand, settled once. */
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

  acknowledge(): void {
    if (this.#settle()) this.#deliveries.acknowledge(this.#received);
  }

  release(deliveryFailed?: boolean): void {
    if (this.#settle()) this.#deliveries.release(this.#received, deliveryFailed);
  }

  reject(): void {
    if (this.#settle()) this.#deliveries.reject(this.#received);
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    return true;
  }
}
