import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { errorMessage } from '../../../errors.ts';
import { completesWithin } from '../../../time/timeout.ts';
import { corker } from '../connection/amqp-socket.ts';
import { AmqpDeliveries, type AmqpDeliveriesOptions } from './amqp-deliveries.ts';
import { ChannelConsumers } from './channel-consumers.ts';
import { consumerArguments } from './consumer-timeout.ts';
import { ExtraConsumers } from './extra-consumers.ts';
import { nextPrefetch } from './next-prefetch.ts';
import { SlowStart } from './slow-start.ts';
import { answerTimeoutMs } from './subscription-topology.ts';

export interface InboundChannelOptions extends AmqpDeliveriesOptions {
  /** Called when the channel has closed, for whatever reason. */
  readonly onClose: (inbound: InboundChannel) => void;
  /** Called when the broker has cancelled a consumer. */
  readonly onCancel: (inbound: InboundChannel) => void;
}

/**
 * A channel on which a queue is consumed, with its consumers and their deliveries. The prefetch of a consumer is fixed
 * when it begins, and RabbitMQ counts only its own deliveries. So a part of the limit that becomes free later takes another
 * consumer beside the first one, and another limit takes other consumers.
 */
export class InboundChannel {
  readonly model: ChannelModel;
  readonly deliveries: AmqpDeliveries;
  readonly #channel: Channel;
  readonly #options: InboundChannelOptions;
  readonly #consumers: ChannelConsumers;
  readonly #extra: ExtraConsumers;
  /** The number of deliveries that may be unacknowledged at once, without extra ones. Undefined while halted. */
  #limit: number | undefined;
  /** False until the consumers before have ended. */
  #isConsuming = false;
  /** Counts the calls that begin or end consuming: work that has waited compares it. */
  #turn = 0;
  /** The part of the limit that the consumers have as their prefetch. */
  #taken = 0;
  #start: SlowStart | undefined;
  #isSlowStartOver = false;
  /** True from `haltForReplacement` to the next call that begins or ends consuming. */
  #isReplaceable = false;
  /** True while what still arrives is requeued. */
  #isRefusing = false;
  #received = 0;

  private constructor(model: ChannelModel, channel: Channel, options: InboundChannelOptions) {
    const { logger, subscription } = options;
    this.model = model;
    this.#channel = channel;
    this.#options = options;
    this.deliveries = new AmqpDeliveries(channel, corker(model), options);
    this.#consumers = new ChannelConsumers({
      channel,
      queue: subscription.queue,
      consumerArguments: consumerArguments(model, subscription.longestHoldMs),
      onMessage: (message) => this.#receive(message),
      onFailure: (error) => logger.debug({ reason: errorMessage(error) }, 'the channel ended before an answer'),
    });
    this.#extra = new ExtraConsumers({
      step: subscription.prefetch,
      begin: (prefetch) => this.#consumers.begin(prefetch).tag,
      cancel: (tags) => this.#consumers.cancel(tags),
    });
    channel.on('error', (error) => logger.error({ reason: error.message }, 'the consuming channel failed'));
    channel.on('close', () => {
      this.end();
      options.onClose(this);
    });
    channel.on('cancel', () => options.onCancel(this));
    // Without a listener amqplib would end the connection over it.
    channel.on('handler-error', (error) => logger.error({ reason: errorMessage(error) }, 'a listener failed'));
  }

  static async open(model: ChannelModel, options: InboundChannelOptions): Promise<InboundChannel> {
    return new InboundChannel(model, await model.createChannel(), options);
  }

  /** Opens another channel on the same connection, to consume in place of this one. */
  async openReplacement(): Promise<InboundChannel> {
    const next = await InboundChannel.open(this.model, this.#options);
    next.#isSlowStartOver = this.#isSlowStartOver;
    return next;
  }

  /** Returns the number of consumers, including those that the broker does not know yet. */
  get consumerCount(): number {
    return this.#consumers.count;
  }

  /** Returns the number of deliveries that have arrived. */
  get received(): number {
    return this.#received;
  }

  get unacknowledged(): number {
    return this.deliveries.unacknowledged;
  }

  /** Returns whether the prefetch of its consumers allows another delivery. False if that is not certain. */
  get hasRoom(): boolean {
    return this.unacknowledged < this.#taken + this.#extra.capacity;
  }

  /** Resolves when the broker has answered all requests so far. Another promise after each request. */
  get answered(): Promise<void> {
    return this.#consumers.answered;
  }

  /** Returns whether the channel has ended, so that nothing can be settled on it. */
  get hasEnded(): boolean {
    return this.deliveries.hasEnded;
  }

  /** Returns whether consuming can pause. At its slow start it takes one delivery at a time; held ones must not block. */
  get canPause(): boolean {
    const isConsuming = (this.#isConsuming && this.#consumers.count > 0) || this.#isReplaceable;
    return isConsuming && !this.#start?.isPending && !this.#extra.isTaking;
  }

  /**
   * Consumes with at most `limit` unacknowledged deliveries, earlier ones included. Does nothing if it does so already.
   *
   * @param slowly whether a slow start that is not over applies
   * @returns when the broker has answered
   * @throws amqplib's error
   */
  async consume(limit: number, slowly: boolean): Promise<void> {
    if (this.#limit === limit) {
      if (!slowly) await this.#endSlowStart();
      return;
    }
    const halted = this.halt();
    const turn = this.#turn;
    this.#limit = limit;
    this.#isRefusing = false;
    // Deliveries arrive until the answer, and count.
    await halted;
    if (turn !== this.#turn) return;
    this.#isConsuming = true;
    this.deliveries.resume();
    this.deliveries.markEarlier(() => this.#takeRest());
    this.#extra.begin(this.deliveries.earlier);
    if (slowly && !this.#isSlowStartOver && limit > 1 && !this.#options.subscription.ordered) {
      this.#start = new SlowStart(() => {
        this.#isSlowStartOver = true;
        this.#takeRest();
      });
    }
    await this.#takeRest();
  }

  /** Cancels the consumers. Resolves when no more deliveries can arrive. */
  halt(): Promise<unknown> {
    this.#turn += 1;
    this.#isReplaceable = false;
    this.#limit = undefined;
    this.#isConsuming = false;
    this.#taken = 0;
    this.#start?.end();
    this.#extra.end();
    return this.#consumers.cancelAll();
  }

  /**
   * Does what `halt` does, before another channel consumes in place of this one.
   *
   * @returns whether nothing has arrived, nothing is unacknowledged, and no other call has followed
   */
  async haltForReplacement(): Promise<boolean> {
    const received = this.#received;
    const halted = this.halt();
    const turn = this.#turn;
    this.#isReplaceable = true;
    const hasHalted = await completesWithin(answerTimeoutMs, halted);
    return hasHalted && turn === this.#turn && received === this.#received && this.unacknowledged === 0;
  }

  /** Cancels the consumers, after the broker has cancelled one. The next ones have a slow start again. */
  cancelAll(): void {
    void this.halt();
    this.#isSlowStartOver = false;
  }

  /**
   * Does what `halt` does, and requeues released deliveries in their order until it consumes again.
   *
   * @returns when no more deliveries can arrive, or the broker does not answer: then later ones are requeued
   */
  async suspend(): Promise<void> {
    this.deliveries.suspend();
    const halted = this.halt();
    const turn = this.#turn;
    await completesWithin(answerTimeoutMs, halted);
    if (turn === this.#turn) this.#isRefusing = true;
  }

  /** Does what `suspend` does, for good, and requeues at once what still arrives. */
  async stop(): Promise<void> {
    this.#isRefusing = true;
    this.deliveries.stop();
    await this.halt();
  }

  /** Allows deliveries beyond the limit. While it does not consume, the count applies from its next beginning on. */
  allowExtra(count: number): void {
    this.#extra.allow(count);
  }

  /** Requeues all unacknowledged deliveries, and closes the channel after the last acknowledgement. */
  async close(): Promise<void> {
    if (!this.hasEnded) this.deliveries.requeueAll();
    this.end();
    await this.#channel.close().catch(() => {});
  }

  /** Ends all work, because the channel has ended: the broker has requeued every delivery. */
  end(): void {
    this.#consumers.end();
    void this.halt();
    this.deliveries.end();
  }

  /** Begins a consumer with the rest of the limit, if it is worth one. Resolves when the broker has answered. */
  #takeRest(): Promise<unknown> | undefined {
    if (!this.#isConsuming || this.#limit === undefined) return undefined;
    const prefetch = nextPrefetch({
      limit: this.#limit,
      earlier: Math.max(0, this.deliveries.earlier - this.#extra.earlier),
      taken: this.#taken,
      isSlow: this.#start?.isPending ?? false,
      isOrdered: this.#options.subscription.ordered ?? false,
    });
    if (prefetch === 0) return undefined;
    this.#taken += prefetch;
    return this.#consumers.begin(prefetch).answer;
  }

  #endSlowStart(): Promise<unknown> | undefined {
    if (!this.#start?.isPending) return undefined;
    this.#start.end();
    return this.#takeRest();
  }

  #receive(message: ConsumeMessage): void {
    this.#received += 1;
    if (this.#isRefusing) {
      this.deliveries.requeue(message);
      return;
    }
    this.#start?.received(message);
    this.deliveries.deliver(message);
  }
}
