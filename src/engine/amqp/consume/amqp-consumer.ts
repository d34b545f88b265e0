import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { errorMessage, isLittoralError, type LittoralError } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';
import { completesWithin } from '../../../time/timeout.ts';
import { matchesTopic } from '../../broker/topic-pattern.ts';
import type { Consumer, Subscription } from '../../delivery.ts';
import { corker } from '../connection/amqp-socket.ts';
import { reasonOf } from '../connection/connection-end.ts';
import { countConsumers, countMessages, hasConsumer } from '../count-messages.ts';
import { AmqpDeliveries, type AmqpDeliveriesOptions } from './amqp-deliveries.ts';
import { consumerArguments, consumerTimeoutWarning } from './consumer-timeout.ts';
import { ExtraConsumers } from './extra-consumers.ts';
import { SlowStart } from './slow-start.ts';
import { answerTimeoutMs, SubscriptionTopology, type SubscriptionTopologyOptions } from './subscription-topology.ts';

export interface AmqpConsumerOptions extends AmqpDeliveriesOptions, SubscriptionTopologyOptions {
  /** The live connection for consuming, at the time of asking. */
  readonly currentModel: () => ChannelModel | undefined;
}

/** A channel to consume on, and what came in on it. */
interface Inbound {
  readonly model: ChannelModel;
  readonly channel: Channel;
  readonly deliveries: AmqpDeliveries;
  /** Of its consumers: one, and a second for all that it may take beside that once the start is over. */
  readonly consumerTags: Set<string>;
  start: SlowStart | undefined;
  hasEnded: boolean;
  /** Consumers for extra deliveries, while deliveries are held. Created when first needed. */
  extra: ExtraConsumers | undefined;
}

async function cancelConsumers({ channel, consumerTags }: Inbound): Promise<void> {
  const tags = [...consumerTags];
  consumerTags.clear();
  const cancelled = tags.map(async (tag) => channel.cancel(tag));
  await Promise.all(cancelled.map((one) => one.catch(() => {})));
}

const retryDelays = { firstMs: 500, maxMs: 30_000 };

/**
 * Consumes the queue of one subscription. It is detached, attaching, consuming, paused or stopped. It attaches again:
 * - on every new connection (`attach`), because the old one took the channel with it (`onDisconnect`)
 * - with a backoff, if the channel closes (`#onClose`), the broker cancels a consumer (`#onCancel`), or an attempt fails
 *   or gets no answer in time (`#attach`)
 * - after a pause, on the same channel (`#resume`)
 *
 * `#endings` counts the ends of consuming. Work that has waited for the broker compares it, and the connection, before it
 * continues.
 */
export class AmqpConsumer implements Consumer {
  readonly #options: AmqpConsumerOptions;
  readonly #subscription: Subscription;
  readonly #logger: Logger;
  readonly #topology: SubscriptionTopology;
  #inbound: Inbound | undefined;
  #detached: string | undefined = 'not attached yet';
  #mismatch: LittoralError | undefined;
  #attaching: Promise<void> = Promise.resolve();
  /** Counts the attempts to attach that were given up on. */
  #attempt = 0;
  /** Counts the ends of consuming, for whatever reason. */
  #endings = 0;
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;
  #hasWarned = false;
  #isPausing = false;
  /** Number of pauses so far. */
  #pauses = 0;
  #cancelled: Promise<unknown> = Promise.resolve();
  /** Resolves when the second consumer has begun. */
  #raisingPrefetch: Promise<void> = Promise.resolve();

  constructor(options: AmqpConsumerOptions) {
    this.#options = options;
    this.#subscription = options.subscription;
    this.#logger = options.logger;
    this.#topology = new SubscriptionTopology(options);
  }

  get deadLetterQueue(): string {
    return this.#subscription.deadLetterQueue;
  }

  get detached(): string | undefined {
    return this.#detached ?? this.#topology.problem;
  }

  /** Returns whether its queue is bound to the bus under a key that matches. */
  isBoundTo(routingKey: string): boolean {
    return this.#detached === undefined && this.#subscription.bindingKeys.some((key) => matchesTopic(key, routingKey));
  }

  async waiting(): Promise<number | undefined> {
    const model = this.#options.currentModel();
    if (this.#detached !== undefined || model === undefined) return undefined;
    return countMessages(model, this.#subscription.queue);
  }

  async otherConsumers(): Promise<number | undefined> {
    // A consumer of this process can start while the broker answers, and is then counted too late here.
    for (let attempt = 1; attempt <= 3; attempt++) {
      const raising = this.#raisingPrefetch;
      await raising;
      const model = this.#options.currentModel();
      if (this.#stopped || model === undefined) return undefined;
      const count = await countConsumers(model, this.#subscription.queue);
      if (this.#stopped || count === undefined || this.#options.currentModel() !== model) return undefined;
      if (this.#raisingPrefetch !== raising) continue;
      const own = this.#inbound?.consumerTags.size ?? 0;
      // RabbitMQ reports no consumers for a quorum queue whose leader does not answer.
      return own === 0 || count < own ? undefined : count - own;
    }
    return undefined;
  }

  async pause(milliseconds: number): Promise<boolean> {
    const inbound = this.#inbound;
    if (this.#stopped || this.#isPausing || inbound === undefined || inbound.consumerTags.size === 0) return false;
    // During the cautious start it takes one delivery at a time; and held deliveries must not block others.
    if (inbound.start?.isPending || inbound.extra?.isTaking) return false;
    this.#isPausing = true;
    const endings = this.#endings;
    await completesWithin(answerTimeoutMs, this.#raisingPrefetch);
    // Another task that ran in the meantime may have started extra consumers.
    if (inbound.extra?.isTaking) {
      this.#isPausing = false;
      return false;
    }
    if (this.#endings === endings) await completesWithin(answerTimeoutMs, cancelConsumers(inbound));
    const resume = () => {
      this.#isPausing = false;
      if (!this.#stopped && this.#inbound === inbound && this.#endings === endings) this.#resume(inbound);
    };
    setTimeout(resume, milliseconds).unref();
    return true;
  }

  /**
   * Resumes with a prefetch that is lower by the unacknowledged deliveries, which the broker does not count for a new
   * consumer.
   */
  #resume(inbound: Inbound): void {
    const { deliveries } = inbound;
    const prefetch = Math.max(1, this.#subscription.prefetch - deliveries.unacknowledged);
    const rest = this.#subscription.prefetch - prefetch;
    const pauses = ++this.#pauses;
    const endings = this.#endings;
    this.#raisePrefetch(() => this.#consumeWith(inbound, prefetch));
    if (rest === 0) return;
    void deliveries.settledSoFar().then(() => {
      const isSame = this.#inbound === inbound && this.#endings === endings && this.#pauses === pauses;
      if (isSame && !this.#stopped && !this.#isPausing) this.#raisePrefetch(() => this.#consumeWith(inbound, rest));
    });
  }

  /** Returns the error that another attempt cannot change: the queue exists with other arguments. */
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
    const endings = this.#endings;
    try {
      if (!(await completesWithin(answerTimeoutMs, this.#declareAndConsume(model)))) {
        this.#attempt += 1;
        void this.close();
        throw new Error(`the broker did not answer within ${answerTimeoutMs} ms`);
      }
      if (this.#stopped) return;
      // The end can arrive in the same bytes as the answer, and its event comes first.
      if (this.#endings !== endings) throw new Error('it ended as soon as it began');
      this.#detached = undefined;
      this.#mismatch = undefined;
      this.#failures = 0;
      this.#logger.info({ queue }, 'consuming');
      this.#warnOfTimeout(model);
    } catch (error) {
      this.#mismatch = isLittoralError(error) ? error : undefined;
      this.#detach(`cannot consume '${queue}': ${reasonOf(error, model)}`);
      this.#attachLater(model);
    }
  }

  /** Restores the queue and its bindings while it consumes. Never rejects. */
  async verify(): Promise<void> {
    const { currentModel } = this.#options;
    const model = currentModel();
    if (model === undefined || this.#stopped || this.#detached !== undefined) return;
    const problem = await this.#topology.restore(model, () => this.#seemsConsumed(model));
    // Consuming may have ended and started again in the meantime: attaching declares the topology as well.
    if (currentModel() === model && this.#detached === undefined) this.#topology.note(problem);
  }

  /**
   * Returns whether RabbitMQ lists a consumer, or true during a pause, which can start and end while the broker
   * answers.
   */
  async #seemsConsumed(model: ChannelModel): Promise<boolean> {
    const pauses = this.#pauses;
    const consumes = () => !this.#isPausing && this.#pauses === pauses && (this.#inbound?.consumerTags.size ?? 0) > 0;
    return !consumes() || (await hasConsumer(model, this.#subscription.queue)) || !consumes();
  }

  /** Detaches, because the connection has ended: the broker has requeued every delivery. */
  onDisconnect(reason: string): void {
    this.#endInbound();
    clearTimeout(this.#retry);
    this.#detach(reason);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#detached = 'stopped';
    // A later call waits for what the first one began.
    this.#cancelled = Promise.all([this.#cancelled, this.#cancel(), this.#raisingPrefetch]);
    await this.#cancelled;
  }

  async #cancel(): Promise<void> {
    const inbound = this.#inbound;
    // A channel that is gone has no consumer to cancel.
    if (inbound === undefined) return;
    inbound.start?.end();
    inbound.deliveries.stop();
    await cancelConsumers(inbound);
  }

  /** Resolves once no delivery is unacknowledged. The caller calls `stop` first. */
  async settled(): Promise<void> {
    await this.#inbound?.deliveries.settled();
  }

  /**
   * Requeues all unacknowledged deliveries, and closes the channel after the last acknowledgement: closing the connection
   * at once would overtake it.
   */
  async close(): Promise<void> {
    const inbound = this.#inbound;
    // Deliveries that are requeued while the consumer continues are redelivered at once, and out of order.
    await Promise.all([this.#cancelled, this.#raisingPrefetch]);
    // Another consumer may have started in the meantime.
    if (this.#inbound === inbound) {
      inbound?.deliveries.requeueAll();
      this.#endInbound();
    }
    await inbound?.channel.close().catch(() => {});
  }

  async #declareAndConsume(model: ChannelModel): Promise<void> {
    const attempt = this.#attempt;
    await this.#topology.declare(model);
    // After a cancel by the broker the channel is still good, and unacknowledged deliveries are settled on it.
    const inbound = this.#inbound ?? (await this.#open(model));
    // Given up on meanwhile: a later attempt has a channel of its own.
    if (attempt !== this.#attempt) {
      inbound.channel.close().catch(() => {});
      return;
    }
    // The end can arrive in the same bytes as the opening, before there is a channel to listen to.
    if (this.#options.currentModel() !== model || inbound.hasEnded) throw new Error('it ended as soon as it began');
    this.#inbound = inbound;
    const { prefetch, ordered } = this.#subscription;
    // Of the consumers of an ordered queue one receives at a time: a second of this process would wait for the first.
    if (ordered || prefetch === 1) {
      await this.#consumeWith(inbound, prefetch);
      return;
    }
    inbound.start = new SlowStart(() => this.#consumeRest(inbound, prefetch - 1));
    await this.#consumeWith(inbound, 1);
  }

  async #open(model: ChannelModel): Promise<Inbound> {
    const channel = await model.createChannel();
    channel.on('error', (error) => this.#logger.error({ reason: error.message }, 'the consuming channel failed'));
    channel.on('close', () => this.#onClose(inbound, model));
    channel.on('cancel', () => this.#onCancel(inbound));
    // Without a listener amqplib would end the connection over it.
    channel.on('handler-error', (error) => this.#logger.error({ reason: errorMessage(error) }, 'a listener failed'));
    const deliveries = new AmqpDeliveries(channel, corker(model), this.#options);
    const consumers = { consumerTags: new Set<string>(), start: undefined, extra: undefined };
    const inbound: Inbound = { model, channel, deliveries, ...consumers, hasEnded: false };
    return inbound;
  }

  /** Logs the warning about the consumer timeout once, because it does not change while the process runs. */
  #warnOfTimeout(model: ChannelModel): void {
    const warning = consumerTimeoutWarning(model, this.#subscription.longestHoldMs);
    if (warning !== undefined && !this.#hasWarned) this.#logger.warn({ queue: this.#subscription.queue }, warning);
    this.#hasWarned = true;
  }

  /** Starts a consumer with a prefetch. @returns its tag */
  async #consumeWith(inbound: Inbound, prefetch: number): Promise<string> {
    const { model, channel, deliveries, consumerTags } = inbound;
    const { queue, longestHoldMs } = this.#subscription;
    await channel.prefetch(prefetch);
    const onMessage = (message: ConsumeMessage | null) => {
      if (message === null) return;
      // Sent before the broker knew that this consumer has stopped.
      if (this.#stopped) return deliveries.requeue(message);
      inbound.start?.received(message);
      deliveries.deliver(message);
    };
    const { consumerTag } = await channel.consume(queue, onMessage, {
      arguments: consumerArguments(model, longestHoldMs),
    });
    consumerTags.add(consumerTag);
    if (this.#stopped) await this.#cancel();
    return consumerTag;
  }

  /** The prefetch of a consumer is fixed when it begins, so another one begins beside it. */
  #consumeRest(inbound: Inbound, prefetch: number): void {
    this.#raisePrefetch(() => this.#consumeWith(inbound, prefetch));
  }

  allowExtra(count: number): void {
    const inbound = this.#inbound;
    if (inbound === undefined || this.#stopped || this.#subscription.ordered) return;
    inbound.extra ??= new ExtraConsumers(
      this.#subscription.prefetch,
      (prefetch) => this.#consumeWith(inbound, prefetch),
      (tag) => this.#cancelExtra(inbound, tag),
    );
    const { extra } = inbound;
    this.#raisePrefetch(() => extra.take(count));
  }

  async #cancelExtra({ channel, consumerTags }: Inbound, tag: string): Promise<void> {
    consumerTags.delete(tag);
    await channel.cancel(tag);
  }

  // One at a time, because a prefetch applies to the next consumer that starts on the channel.
  #raisePrefetch(begin: () => Promise<unknown>): void {
    this.#raisingPrefetch = this.#raisingPrefetch.then(begin).then(
      () => {},
      (error) => this.#logger.debug({ reason: errorMessage(error) }, 'the channel ended while its prefetch was raised'),
    );
  }

  #onClose(inbound: Inbound, model: ChannelModel): void {
    inbound.hasEnded = true;
    if (this.#inbound !== inbound) return;
    this.#endInbound();
    this.#detach(`the channel that consumed '${this.#subscription.queue}' was closed`);
    this.#attachLater(model);
  }

  // The queue was deleted, its leader is gone, or a delivery exceeded the consumer timeout. From RabbitMQ 4.3 on, that
  // ends only one consumer, and the others must not continue next to the consumers that start next.
  #onCancel(inbound: Inbound): void {
    if (this.#inbound !== inbound) return;
    const { model } = inbound;
    inbound.extra = undefined;
    void cancelConsumers(inbound);
    this.#detach(`the broker cancelled the consumer of '${this.#subscription.queue}'`);
    this.#attachLater(model);
  }

  #endInbound(): void {
    this.#inbound?.start?.end();
    this.#inbound?.deliveries.end();
    this.#inbound = undefined;
    // A call on a channel that ends may never be answered, and must not hold up calls on the next channel.
    this.#raisingPrefetch = Promise.resolve();
  }

  #detach(reason: string): void {
    this.#endings += 1;
    this.#inbound?.start?.end();
    this.#inbound?.consumerTags.clear();
    if (!this.#stopped) this.#detached = reason;
    this.#topology.clearProblem();
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
