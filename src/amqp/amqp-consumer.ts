import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import type { Consumer, Delivery, Publication, PublishReceipt, Subscription } from '../channel/message-channel.ts';
import { isLittoralError, type LittoralError, messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { withoutBrokerNotes } from '../message/broker-notes.ts';
import { Header } from '../message/message-headers.ts';
import { within } from '../within.ts';
import { fromAmqp } from './amqp-message-mapper.ts';
import { busExchange, declareSubscription, type QueueType } from './amqp-topology.ts';
import { countMessages } from './count-messages.ts';

export interface AmqpConsumerOptions {
  readonly subscription: Subscription;
  readonly queueType: QueueType;
  readonly logger: Logger;
  /** The live connection for consuming, at the time of asking. */
  readonly currentModel: () => ChannelModel | undefined;
  /** Sends a message as it came. Resolves after the confirm. */
  readonly publish: (publication: Publication) => Promise<PublishReceipt>;
}

const retryDelays = { firstMs: 500, maxMs: 30_000 };

/** A queue whose leader is gone answers nothing, while its connection lives on. */
const attachTimeoutMs = 30_000;

/** How long a message is held that can neither be handled nor moved, before it comes again. */
const unmovableDelayMs = 60_000;

/** Consumes the queue of one subscription: on every new connection, and again when the broker cancels it. */
export class AmqpConsumer implements Consumer {
  readonly #options: AmqpConsumerOptions;
  readonly #subscription: Subscription;
  readonly #logger: Logger;
  #channel: Channel | undefined;
  #consumerTag: string | undefined;
  #detached: string | undefined = 'not attached yet';
  #mismatch: LittoralError | undefined;
  #attaching: Promise<void> = Promise.resolve();
  /** Counts the attempts to attach that were given up on. */
  #attempt = 0;
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #raised = false;
  #stopped = false;

  constructor(options: AmqpConsumerOptions) {
    this.#options = options;
    this.#subscription = options.subscription;
    this.#logger = options.logger;
  }

  get deadLetterQueue(): string {
    return this.#subscription.deadLetterQueue;
  }

  get detached(): string | undefined {
    return this.#detached;
  }

  async waiting(): Promise<number | undefined> {
    const model = this.#options.currentModel();
    if (this.#detached !== undefined || model === undefined) return undefined;
    return countMessages(model, this.#subscription.queue);
  }

  /** What trying again cannot mend: the queue exists with other arguments. */
  get mismatch(): LittoralError | undefined {
    return this.#mismatch;
  }

  /** Declares and consumes on a connection. Never rejects: it tries again while that connection lives. */
  attach(model: ChannelModel): Promise<void> {
    // One at a time: two would each open a channel, and one of them would be forgotten.
    this.#attaching = this.#attaching.then(() => this.#attach(model));
    return this.#attaching;
  }

  async #attach(model: ChannelModel): Promise<void> {
    if (this.#stopped || this.#detached === undefined || this.#options.currentModel() !== model) return;
    const { queue } = this.#subscription;
    try {
      if (!(await within(attachTimeoutMs, this.#declareAndConsume(model)))) {
        this.#attempt += 1;
        void this.close();
        throw new Error(`the broker did not answer within ${attachTimeoutMs} ms`);
      }
      if (this.#stopped) return;
      this.#detached = undefined;
      this.#mismatch = undefined;
      this.#failures = 0;
      this.#logger.info({ queue }, 'consuming');
    } catch (error) {
      this.#mismatch = isLittoralError(error) ? error : undefined;
      this.#detach(`cannot consume '${queue}': ${messageOf(error)}`);
      this.#attachLater(model);
    }
  }

  /** To be told that the connection is gone: the broker has taken every delivery back. */
  onDisconnect(reason: string): void {
    this.#channel = undefined;
    clearTimeout(this.#retry);
    this.#detach(reason);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#detached = 'stopped';
    const tag = this.#consumerTag;
    this.#consumerTag = undefined;
    // A channel that is gone has no consumer to cancel.
    if (tag !== undefined) await this.#channel?.cancel(tag).catch(() => {});
  }

  /** Closes the channel, behind the last acknowledgement: closing the connection at once would overtake it. */
  async close(): Promise<void> {
    const channel = this.#channel;
    this.#channel = undefined;
    await channel?.close().catch(() => {});
  }

  async #declareAndConsume(model: ChannelModel): Promise<void> {
    const attempt = this.#attempt;
    await declareSubscription(model, this.#subscription, this.#options.queueType);
    // After a cancel by the broker the channel is still good, and deliveries in hand are settled on it.
    const channel = this.#channel ?? (await this.#openChannel(model));
    // Given up on meanwhile: a later attempt has a channel of its own.
    if (attempt !== this.#attempt) {
      channel.close().catch(() => {});
      return;
    }
    this.#channel = channel;
    // One at a time at first: a message that kills the process would take all others in hand with it at every restart,
    // and the broker would count that against them.
    this.#raised = this.#subscription.prefetch === 1;
    await this.#consumeWith(channel, 1);
  }

  async #openChannel(model: ChannelModel): Promise<Channel> {
    const channel = await model.createChannel();
    channel.on('error', (error) => this.#logger.error({ reason: error.message }, 'the consuming channel failed'));
    channel.on('close', () => this.#onClose(channel, model));
    channel.on('cancel', () => this.#onCancel(model));
    // Without a listener amqplib would end the connection over it.
    channel.on('handler-error', (error) => this.#logger.error({ reason: messageOf(error) }, 'a listener failed'));
    return channel;
  }

  async #consumeWith(channel: Channel, prefetch: number): Promise<void> {
    await channel.prefetch(prefetch);
    const onMessage = (message: ConsumeMessage | null) => {
      if (message) this.#receive(channel, message);
    };
    const { consumerTag } = await channel.consume(this.#subscription.queue, onMessage);
    this.#consumerTag = consumerTag;
    if (this.#stopped) await this.stop();
  }

  // What is thrown in here would close the channel, and the message would come again.
  #receive(channel: Channel, message: ConsumeMessage): void {
    try {
      // Sent before the broker knew that this consumer has stopped.
      if (this.#stopped) channel.nack(message, false, true);
      else this.#subscription.onDelivery(this.#toDelivery(channel, message));
    } catch (error) {
      this.#logger.error({ reason: messageOf(error) }, 'a message cannot be read');
      this.#reject(channel, message);
    }
  }

  #reject(channel: Channel, message: ConsumeMessage): void {
    // A quorum queue moves it itself; a classic one, which has no arguments, would drop it.
    if (this.#options.queueType === 'quorum') channel.nack(message, false, false);
    else void this.#moveAsItCame(channel, message);
  }

  async #moveAsItCame(channel: Channel, message: ConsumeMessage): Promise<void> {
    const settle = (how: () => void) => {
      if (this.#channel === channel) how();
    };
    try {
      const to = { queue: this.#subscription.deadLetterQueue };
      const { headers, body } = fromAmqp(message);
      const { routed } = await this.#options.publish({ to, message: { headers: withoutBrokerNotes(headers), body } });
      if (!routed) throw new Error(`the queue '${to.queue}' does not exist`);
      settle(() => channel.ack(message));
    } catch (error) {
      this.#logger.error({ reason: messageOf(error) }, 'a message can neither be handled nor moved; it comes again');
      setTimeout(() => settle(() => channel.nack(message, false, true)), unmovableDelayMs).unref();
    }
  }

  #toDelivery(channel: Channel, message: ConsumeMessage): Delivery {
    const { fields } = message;
    let settled = false;
    const settle = (how: () => void) => {
      if (settled || this.#channel !== channel) return;
      settled = true;
      how();
    };
    return {
      message: fromAmqp(message),
      routingKey: fields.routingKey,
      fromBus: fields.exchange === busExchange,
      redelivered: fields.redelivered,
      acknowledge: () =>
        settle(() => {
          const fresh = !message.properties.headers?.[Header.deliveryCount];
          if (fresh && !this.#raised) this.#raise(channel, message);
          else channel.ack(message);
        }),
      release: () => settle(() => channel.nack(message, false, true)),
      reject: () => settle(() => this.#reject(channel, message)),
    };
  }

  /** A fresh message was handled: from here on as many at a time as the subscription allows. */
  #raise(channel: Channel, handled: ConsumeMessage): void {
    const tag = this.#consumerTag;
    // Without a tag it is still being attached, and a later message will do.
    if (tag === undefined || this.#stopped) {
      channel.ack(handled);
      return;
    }
    this.#raised = true;
    // The prefetch of a consumer is fixed when it begins, so another one takes its place. The message is acknowledged
    // in between: before, the first consumer would take one more, beside all that the second may take.
    channel
      .cancel(tag)
      .then(() => {
        channel.ack(handled);
        return this.#stopped ? undefined : this.#consumeWith(channel, this.#subscription.prefetch);
      })
      .catch((error) => this.#logger.debug({ reason: messageOf(error) }, 'the channel ended while its prefetch rose'));
  }

  #onClose(channel: Channel, model: ChannelModel): void {
    if (this.#channel !== channel) return;
    this.#channel = undefined;
    this.#detach(`the channel that consumed '${this.#subscription.queue}' was closed`);
    this.#attachLater(model);
  }

  // The queue was deleted, or the node that led it is gone.
  #onCancel(model: ChannelModel): void {
    this.#detach(`the broker cancelled the consumer of '${this.#subscription.queue}'`);
    this.#attachLater(model);
  }

  #detach(reason: string): void {
    this.#consumerTag = undefined;
    if (!this.#stopped) this.#detached = reason;
  }

  #attachLater(model: ChannelModel): void {
    clearTimeout(this.#retry);
    const delayMs = Math.min(retryDelays.maxMs, retryDelays.firstMs * 2 ** this.#failures);
    this.#failures += 1;
    this.#retry = setTimeout(() => {
      if (this.#options.currentModel() === model && !this.#stopped) {
        this.#logger.warn({ reason: this.#detached }, 'not consuming; attaching again');
        void this.attach(model);
      }
    }, delayMs).unref();
  }
}
