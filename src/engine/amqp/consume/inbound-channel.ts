import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { errorMessage } from '../../../errors.ts';
import { completesWithin } from '../../../time/timeout.ts';
import { corker } from '../connection/amqp-socket.ts';
import { AmqpDeliveries, type AmqpDeliveriesOptions } from './amqp-deliveries.ts';
import { consumerArguments } from './consumer-timeout.ts';
import { ExtraConsumers } from './extra-consumers.ts';
import { SlowStart } from './slow-start.ts';
import { answerTimeoutMs } from './subscription-topology.ts';

export interface InboundChannelOptions extends AmqpDeliveriesOptions {
  /** Called when the channel has closed, for whatever reason. */
  readonly onClose: (inbound: InboundChannel) => void;
  /** Called when the broker has cancelled a consumer. */
  readonly onCancel: (inbound: InboundChannel) => void;
}

/** The greatest prefetch that fits into `basic.qos`. */
const maxPrefetch = 65_535;

/**
 * A channel on which a queue is consumed, with its consumers and their deliveries. The prefetch of a consumer is fixed
 * when it begins, and RabbitMQ counts only its own deliveries. So a limit is raised by another consumer beside the first
 * one, and lowered by cancelling all of them. Requests are written in the order of the calls, without waiting for
 * answers: consumers have tags of this channel's choice, so that one can be cancelled before its beginning is answered.
 */
export class InboundChannel {
  readonly model: ChannelModel;
  readonly deliveries: AmqpDeliveries;
  readonly #channel: Channel;
  readonly #options: InboundChannelOptions;
  /** The tags of the consumers that have begun and are not cancelled. */
  readonly #tags = new Set<string>();
  #begun = 0;
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
  #extra: ExtraConsumers | undefined;
  #extraCount = 0;
  /** Number of earlier deliveries that count as extra ones. */
  #earlierExtra = 0;
  /** True while what still arrives is requeued. */
  #isRefusing = false;
  #cancelled: Promise<unknown> = Promise.resolve();
  #answered: Promise<void> = Promise.resolve();

  private constructor(model: ChannelModel, channel: Channel, options: InboundChannelOptions) {
    const { logger } = options;
    this.model = model;
    this.#channel = channel;
    this.#options = options;
    this.deliveries = new AmqpDeliveries(channel, corker(model), options);
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

  /** Returns the number of consumers, including those that the broker does not know yet. */
  get consumerCount(): number {
    return this.#tags.size;
  }

  /** Resolves when the broker has answered all requests so far. Another promise after each request. */
  get answered(): Promise<void> {
    return this.#answered;
  }

  /** Returns whether the channel has ended, so that nothing can be settled on it. */
  get hasEnded(): boolean {
    return this.deliveries.hasEnded;
  }

  /** Returns whether consuming can pause. At its slow start it takes one delivery at a time; held ones must not block. */
  get canPause(): boolean {
    return this.#isConsuming && this.#tags.size > 0 && !this.#start?.isPending && !this.#extra?.isTaking;
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
    this.#earlierExtra = Math.min(this.#extraCount, this.deliveries.earlier);
    if (slowly && !this.#isSlowStartOver && limit > 1 && !this.#options.subscription.ordered) {
      this.#start = new SlowStart(() => {
        this.#isSlowStartOver = true;
        this.#takeRest();
      });
    }
    const begun = this.#takeRest();
    if (this.#extraCount > 0) this.allowExtra(this.#extraCount);
    await begun;
  }

  /** Cancels the consumers. Resolves when no more deliveries can arrive. */
  halt(): Promise<unknown> {
    this.#turn += 1;
    this.#limit = undefined;
    this.#isConsuming = false;
    this.#taken = 0;
    this.#start?.end();
    this.#extra = undefined;
    if (this.#tags.size > 0) this.#cancel([...this.#tags]);
    return this.#cancelled;
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
    this.#extraCount = count;
    if (!this.#isConsuming) return;
    this.#earlierExtra = Math.min(this.#earlierExtra, count);
    this.#extra ??= new ExtraConsumers({
      step: this.#options.subscription.prefetch,
      begin: (prefetch) => this.#begin(prefetch).tag,
      cancel: (tags) => this.#cancel(tags),
    });
    this.#extra.take(count - this.#earlierExtra);
  }

  /** Requeues all unacknowledged deliveries, and closes the channel after the last acknowledgement. */
  async close(): Promise<void> {
    if (!this.hasEnded) this.deliveries.requeueAll();
    this.end();
    await this.#channel.close().catch(() => {});
  }

  /** Ends all work, because the channel has ended: the broker has requeued every delivery. */
  end(): void {
    this.#tags.clear();
    this.halt();
    this.deliveries.end();
  }

  /**
   * Begins a consumer with the rest of the limit. To keep consumers few, it has at least the prefetch of the others
   * together, unless all earlier deliveries are settled.
   *
   * @returns when the broker has answered
   */
  #takeRest(): Promise<unknown> | undefined {
    if (!this.#isConsuming || this.#limit === undefined) return undefined;
    const counted = Math.max(0, this.deliveries.earlier - this.#earlierExtra);
    // Of the consumers of an ordered queue one receives at a time: a second of this process would wait for the first.
    if (this.#options.subscription.ordered && counted > 0) return undefined;
    const rest = this.#limit - counted - this.#taken;
    const prefetch = Math.min(maxPrefetch, this.#start?.isPending ? Math.min(rest, 1 - this.#taken) : rest);
    if (prefetch <= 0 || (counted > 0 && prefetch < this.#taken)) return undefined;
    this.#taken += prefetch;
    return this.#begin(prefetch).answer;
  }

  #endSlowStart(): Promise<unknown> | undefined {
    if (!this.#start?.isPending) return undefined;
    this.#start.end();
    return this.#takeRest();
  }

  #begin(prefetch: number): { readonly tag: string; readonly answer: Promise<unknown> } {
    const { queue, longestHoldMs } = this.#options.subscription;
    this.#begun += 1;
    const tag = `littoral-${this.#begun}`;
    this.#tags.add(tag);
    const consumer = { consumerTag: tag, arguments: consumerArguments(this.model, longestHoldMs) };
    const answer = Promise.all([
      this.#channel.prefetch(prefetch),
      this.#channel.consume(queue, (message) => this.#receive(message), consumer),
    ]);
    this.#await(answer);
    return { tag, answer };
  }

  #cancel(tags: readonly string[]): void {
    for (const tag of tags) this.#tags.delete(tag);
    this.#cancelled = Promise.all(tags.map((tag) => this.#channel.cancel(tag).catch(() => {})));
    this.#await(this.#cancelled);
  }

  // The broker answers in the order of the requests.
  #await(answer: Promise<unknown>): void {
    this.#answered = answer.then(
      () => {},
      (error) => this.#options.logger.debug({ reason: errorMessage(error) }, 'the channel ended before an answer'),
    );
  }

  #receive(message: ConsumeMessage | null): void {
    if (message === null) return;
    if (this.#isRefusing) {
      this.deliveries.requeue(message);
      return;
    }
    this.#start?.received(message);
    this.deliveries.deliver(message);
  }
}
