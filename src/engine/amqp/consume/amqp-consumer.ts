import type { ChannelModel } from 'amqplib';
import { isLittoralError, type LittoralError } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';
import { completesWithin } from '../../../time/timeout.ts';
import { matchesTopic } from '../../broker/topic-pattern.ts';
import type { Consumer, Subscription } from '../../delivery.ts';
import { reasonOf } from '../connection/connection-end.ts';
import { countConsumers, countMessages, hasConsumer } from '../count-messages.ts';
import type { AmqpDeliveriesOptions } from './amqp-deliveries.ts';
import { ConsumerState } from './consumer-state.ts';
import { consumerTimeoutWarning } from './consumer-timeout.ts';
import { InboundChannel } from './inbound-channel.ts';
import { answerTimeoutMs, SubscriptionTopology, type SubscriptionTopologyOptions } from './subscription-topology.ts';

export interface AmqpConsumerOptions extends AmqpDeliveriesOptions, SubscriptionTopologyOptions {
  /** The live connection for consuming, at the time of asking. */
  readonly currentModel: () => ChannelModel | undefined;
}

const retryDelays = { firstMs: 500, maxMs: 30_000 };

/**
 * Consumes the queue of one subscription, in the states of `ConsumerState`. It attaches again:
 * - on every new connection (`attach`), because the old one took the channel with it (`onDisconnect`)
 * - with a backoff, if the channel closes (`#onClose`), the broker cancels a consumer (`#onCancel`), or the broker
 *   refuses or does not answer (`#attach`, `#consumeIfDue`)
 *
 * Work that has waited for the broker compares the epoch of the state, or the channel, before it continues.
 */
export class AmqpConsumer implements Consumer {
  readonly #options: AmqpConsumerOptions;
  readonly #subscription: Subscription;
  readonly #logger: Logger;
  readonly #topology: SubscriptionTopology;
  readonly #state: ConsumerState;
  /** The channel of the consumers. It stays after a cancel by the broker, because deliveries are settled on it. */
  #inbound: InboundChannel | undefined;
  #mismatch: LittoralError | undefined;
  #attaching: Promise<void> = Promise.resolve();
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #hasWarned = false;
  /** The limit of unacknowledged deliveries, and whether the caller has set it. */
  #limit: { readonly prefetch: number; readonly isExact: boolean };
  #suspending: Promise<void> = Promise.resolve();
  #stopping: Promise<unknown> = Promise.resolve();

  constructor(options: AmqpConsumerOptions) {
    this.#options = options;
    this.#subscription = options.subscription;
    this.#logger = options.logger;
    this.#topology = new SubscriptionTopology(options);
    this.#state = new ConsumerState(options.subscription.suspended ?? false);
    this.#limit = { prefetch: options.subscription.prefetch, isExact: false };
  }

  get deadLetterQueue(): string {
    return this.#subscription.deadLetterQueue;
  }

  get detached(): string | undefined {
    return this.#state.detached ?? this.#topology.problem;
  }

  /** Returns the error that another attempt cannot change: the queue exists with other arguments. */
  get mismatch(): LittoralError | undefined {
    return this.#mismatch;
  }

  /** Returns whether its queue is bound to the bus under a key that matches. */
  isBoundTo(routingKey: string): boolean {
    const isAttached = this.#state.detached === undefined;
    return isAttached && this.#subscription.bindingKeys.some((key) => matchesTopic(key, routingKey));
  }

  async waiting(): Promise<number | undefined> {
    const model = this.#options.currentModel();
    if (this.#state.detached !== undefined || model === undefined) return undefined;
    return countMessages(model, this.#subscription.queue);
  }

  async otherConsumers(): Promise<number | undefined> {
    // A consumer of this process can start while the broker answers, and is then counted too late here.
    for (let attempt = 1; attempt <= 3; attempt++) {
      const answered = this.#inbound?.answered;
      await answered;
      const model = this.#options.currentModel();
      if (this.#isStopped || model === undefined) return undefined;
      const count = await countConsumers(model, this.#subscription.queue);
      if (this.#isStopped || count === undefined || this.#options.currentModel() !== model) return undefined;
      if (this.#inbound?.answered !== answered) continue;
      const own = this.#inbound?.consumerCount ?? 0;
      // RabbitMQ reports no consumers for a quorum queue whose leader does not answer.
      if (own === 0) return this.#state.name === 'suspended' && count > 0 ? count : undefined;
      return count < own ? undefined : count - own;
    }
    return undefined;
  }

  async pause(milliseconds: number): Promise<boolean> {
    const inbound = this.#inbound;
    if (!inbound?.canPause || !this.#state.pause()) return false;
    const { epoch } = this.#state;
    await completesWithin(answerTimeoutMs, inbound.halt());
    const resume = () => {
      if (this.#state.epoch === epoch && this.#state.endPause()) void this.#consumeIfDue(inbound);
    };
    setTimeout(resume, milliseconds).unref();
    return true;
  }

  suspend(): Promise<void> {
    if (this.#state.suspend()) this.#suspending = this.#inbound?.suspend() ?? Promise.resolve();
    return this.#suspending;
  }

  resume(prefetch?: number): void {
    if (!this.#state.resume()) return;
    this.#limit = { prefetch: prefetch ?? this.#subscription.prefetch, isExact: prefetch !== undefined };
    if (this.#inbound) void this.#consumeIfDue(this.#inbound);
  }

  allowExtra(count: number): void {
    if (!this.#isStopped && !this.#subscription.ordered) this.#inbound?.allowExtra(count);
  }

  /** Declares and consumes on a connection. Never rejects: it tries again while that connection lives. */
  attach(model: ChannelModel): Promise<void> {
    // One at a time: two would each open a channel, and one of them would be forgotten.
    this.#attaching = this.#attaching.then(() => this.#attach(model));
    return this.#attaching;
  }

  async #attach(model: ChannelModel): Promise<void> {
    if (this.#options.currentModel() !== model || !this.#state.attach()) return;
    const { queue } = this.#subscription;
    const { epoch } = this.#state;
    try {
      if (!(await completesWithin(answerTimeoutMs, this.#declareAndConsume(model, epoch)))) {
        void this.#dropInbound();
        throw new Error(`the broker did not answer within ${answerTimeoutMs} ms`);
      }
      if (this.#isStopped) return;
      // The end can arrive in the same bytes as the answer, and its event comes first.
      if (this.#state.epoch !== epoch) throw new Error('it ended as soon as it began');
      this.#onAttached(model);
    } catch (error) {
      this.#mismatch = isLittoralError(error) ? error : undefined;
      this.#detach(`cannot consume '${queue}': ${reasonOf(error, model)}`);
      this.#attachLater(model);
    }
  }

  async #declareAndConsume(model: ChannelModel, epoch: number): Promise<void> {
    await this.#topology.declare(model);
    // After a cancel by the broker the channel is still good.
    const inbound = this.#inbound ?? (await this.#open(model));
    // Stopped, lost or given up meanwhile: a later attempt has a channel of its own.
    if (this.#state.epoch !== epoch) {
      if (this.#inbound !== inbound) void inbound.close();
      return;
    }
    // The end can arrive in the same bytes as the opening, before there is a channel to listen to.
    if (this.#options.currentModel() !== model || inbound.hasEnded) throw new Error('it ended as soon as it began');
    this.#inbound = inbound;
    await (this.#state.isSuspended ? inbound.suspend() : this.#consume(inbound));
  }

  #open(model: ChannelModel): Promise<InboundChannel> {
    return InboundChannel.open(model, {
      ...this.#options,
      onClose: (inbound) => this.#onClose(inbound),
      onCancel: (inbound) => this.#onCancel(inbound),
    });
  }

  #onAttached(model: ChannelModel): void {
    const { queue, longestHoldMs } = this.#subscription;
    this.#state.attached();
    this.#mismatch = undefined;
    this.#failures = 0;
    this.#logger.info({ queue }, this.#state.name);
    const warning = consumerTimeoutWarning(model, longestHoldMs);
    // Once, because it does not change while the process runs.
    if (warning !== undefined && !this.#hasWarned) this.#logger.warn({ queue }, warning);
    this.#hasWarned = true;
    // It can have been resumed, or its limit changed, while the broker answered.
    if (this.#inbound) void this.#consumeIfDue(this.#inbound);
  }

  #consume(inbound: InboundChannel): Promise<void> {
    return inbound.consume(this.#limit.prefetch, !this.#limit.isExact);
  }

  /** Consumes in the state `consuming`. Never rejects: it attaches again if the broker refuses or does not answer. */
  async #consumeIfDue(inbound: InboundChannel): Promise<void> {
    const { epoch, name } = this.#state;
    if (name !== 'consuming') return;
    try {
      if (await completesWithin(answerTimeoutMs, this.#consume(inbound))) return;
      throw new Error(`the broker did not answer within ${answerTimeoutMs} ms`);
    } catch (error) {
      if (this.#state.epoch !== epoch || this.#inbound !== inbound) return;
      void this.#dropInbound();
      this.#detach(`cannot consume '${this.#subscription.queue}': ${reasonOf(error, inbound.model)}`);
      this.#attachLater(inbound.model);
    }
  }

  /** Restores the queue and its bindings while it is attached. Never rejects. */
  async verify(): Promise<void> {
    const { currentModel } = this.#options;
    const model = currentModel();
    if (model === undefined || this.#state.detached !== undefined) return;
    const problem = await this.#topology.restore(model, () => this.#seemsConsumed(model));
    // Consuming may have ended and started again in the meantime: attaching declares the topology as well.
    if (currentModel() === model && this.#state.detached === undefined) this.#topology.note(problem);
  }

  /**
   * Returns whether RabbitMQ lists a consumer, or true where there need not be one: in a pause or a suspension, and
   * while the limit changes. These can start and end while the broker answers.
   */
  async #seemsConsumed(model: ChannelModel): Promise<boolean> {
    const { epoch } = this.#state;
    const inbound = this.#inbound;
    const answered = inbound?.answered ?? Promise.resolve();
    if (!(await completesWithin(answerTimeoutMs, answered))) return false;
    const consumes = () =>
      this.#state.epoch === epoch && inbound?.answered === answered && (inbound?.consumerCount ?? 0) > 0;
    return !consumes() || (await hasConsumer(model, this.#subscription.queue)) || !consumes();
  }

  /** Detaches, because the connection has ended: the broker has requeued every delivery. */
  onDisconnect(reason: string): void {
    this.#inbound?.end();
    this.#inbound = undefined;
    clearTimeout(this.#retry);
    this.#detach(reason);
  }

  async stop(): Promise<void> {
    // A later call waits for what the first one began.
    if (this.#state.stop()) this.#stopping = this.#inbound?.stop() ?? this.#stopping;
    await this.#stopping;
  }

  /** Resolves once no delivery is unacknowledged. The caller calls `stop` first. */
  async settled(): Promise<void> {
    await this.#inbound?.deliveries.settled();
  }

  /**
   * Requeues all unacknowledged deliveries, and closes the channel after the last acknowledgement: closing the connection
   * at once would overtake it. The caller calls `stop` first: deliveries that are requeued while the consumer continues
   * are redelivered at once, and out of order.
   */
  async close(): Promise<void> {
    await this.#stopping;
    await this.#dropInbound();
  }

  /** Gives the channel up. */
  #dropInbound(): Promise<void> | undefined {
    const inbound = this.#inbound;
    this.#inbound = undefined;
    return inbound?.close();
  }

  #onClose(inbound: InboundChannel): void {
    if (this.#inbound !== inbound) return;
    this.#inbound = undefined;
    this.#detach(`the channel that consumed '${this.#subscription.queue}' was closed`);
    this.#attachLater(inbound.model);
  }

  // The queue was deleted, its leader is gone, or a delivery exceeded the consumer timeout. From RabbitMQ 4.3 on, that
  // ends only one consumer, and the others must not continue next to the consumers that start next.
  #onCancel(inbound: InboundChannel): void {
    if (this.#inbound !== inbound) return;
    inbound.cancelAll();
    this.#detach(`the broker cancelled the consumer of '${this.#subscription.queue}'`);
    this.#attachLater(inbound.model);
  }

  #detach(reason: string): void {
    this.#state.detach(reason);
    this.#topology.clearProblem();
  }

  #attachLater(model: ChannelModel): void {
    clearTimeout(this.#retry);
    const delayMs = Math.min(retryDelays.maxMs, retryDelays.firstMs * 2 ** this.#failures);
    this.#failures += 1;
    this.#retry = setTimeout(() => {
      if (this.#options.currentModel() === model && !this.#isStopped) {
        this.#logger.warn({ reason: this.detached }, 'not consuming; attaching again');
        void this.attach(model);
      }
    }, delayMs).unref();
  }

  // Read by a method: the compiler does not know that the state changes while the caller waits.
  get #isStopped(): boolean {
    return this.#state.name === 'stopped';
  }
}
