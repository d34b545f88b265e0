import type { ChannelModel } from 'amqplib';
import { isLittoralError, type LittoralError } from '../../../errors.ts';
import { completesWithin } from '../../../time/timeout.ts';
import { reasonOf } from '../connection/connection-end.ts';
import type { AmqpDeliveriesOptions } from './amqp-deliveries.ts';
import { AttachRetry } from './attach-retry.ts';
import type { ConsumerState } from './consumer-state.ts';
import { consumerTimeoutWarning } from './consumer-timeout.ts';
import { ConsumptionWatch } from './consumption-watch.ts';
import { InboundChannel } from './inbound-channel.ts';
import { OwnConsumers } from './own-consumers.ts';
import { answerTimeoutMs, SubscriptionTopology, type SubscriptionTopologyOptions } from './subscription-topology.ts';

export interface ConsumerAttachmentOptions extends AmqpDeliveriesOptions, SubscriptionTopologyOptions {
  /** The live connection for consuming, at the time of asking. */
  readonly currentModel: () => ChannelModel | undefined;
}

/** Makes use of a channel: begins to consume, or not. */
type Use = (inbound: InboundChannel) => Promise<void>;

/**
 * The queue of one subscription on the live connection, and the channel to consume it on. It attaches again:
 * - on every new connection (`attach`), because the old one took the channel with it (`onDisconnect`)
 * - with a backoff, if the channel closes (`#onClose`), the broker cancels a consumer (`#onCancel`), or the broker
 *   refuses or does not answer (`#attach`, `use`)
 *
 * Work that has waited for the broker compares the epoch of the state, or the channel, before it continues.
 */
export class ConsumerAttachment {
  readonly #options: ConsumerAttachmentOptions;
  readonly #queue: string;
  readonly #state: ConsumerState;
  readonly #use: Use;
  readonly #topology: SubscriptionTopology;
  readonly #consumers: OwnConsumers;
  readonly #watch: ConsumptionWatch;
  readonly #retry = new AttachRetry();
  /** It stays after a cancel by the broker, because deliveries are settled on it. */
  #inbound: InboundChannel | undefined;
  #mismatch: LittoralError | undefined;
  #attaching: Promise<void> = Promise.resolve();
  #hasWarned = false;

  /** @param use called when the queue is declared, and again once attached; compares the state */
  constructor(options: ConsumerAttachmentOptions, state: ConsumerState, use: Use) {
    const { currentModel, subscription } = options;
    this.#options = options;
    this.#queue = subscription.queue;
    this.#state = state;
    this.#use = use;
    this.#topology = new SubscriptionTopology(options);
    this.#watch = new ConsumptionWatch({ queue: this.#queue, ordered: subscription.ordered ?? false, state });
    this.#consumers = new OwnConsumers({ queue: this.#queue, state, currentModel, inbound: () => this.#inbound });
  }

  get inbound(): InboundChannel | undefined {
    return this.#inbound;
  }

  /** Returns the error that another attempt cannot change: the queue exists with other arguments. */
  get mismatch(): LittoralError | undefined {
    return this.#mismatch;
  }

  /** Returns the problem with the queue or its bindings that the last check could not restore. */
  get problem(): string | undefined {
    return this.#topology.problem;
  }

  /** See `Consumer.otherConsumers`. */
  otherConsumers(): Promise<number | undefined> {
    return this.#consumers.countOthers();
  }

  /** Declares and consumes on a connection. Never rejects: it tries again while that connection lives. */
  attach(model: ChannelModel): Promise<void> {
    // One at a time: two would each open a channel, and one of them would be forgotten.
    this.#attaching = this.#attaching.then(() => this.#attach(model));
    return this.#attaching;
  }

  async #attach(model: ChannelModel): Promise<void> {
    if (this.#options.currentModel() !== model || !this.#state.attach()) return;
    const { epoch } = this.#state;
    try {
      await answeredInTime(this.#declareAndUse(model, epoch));
      if (this.#state.isStopped) return;
      // The end can arrive in the same bytes as the answer, and its event comes first.
      if (this.#state.epoch !== epoch) throw new Error('the consumer ended as soon as it began');
      this.#onAttached(model);
    } catch (error) {
      this.#mismatch = isLittoralError(error) ? error : undefined;
      // The channel of an attempt that continues must not be used by the next one.
      if (error instanceof NoAnswer) void this.close();
      this.#fail(error, model);
    }
  }

  async #declareAndUse(model: ChannelModel, epoch: number): Promise<void> {
    await this.#topology.declare(model);
    // After a cancel by the broker the channel is still good.
    const inbound = this.#inbound ?? (await this.#open(model));
    // Stopped, lost or given up meanwhile: a later attempt has a channel of its own.
    if (this.#state.epoch !== epoch) {
      if (this.#inbound !== inbound) void inbound.close();
      return;
    }
    // The end can arrive in the same bytes as the opening, before there is a channel to listen to.
    if (this.#options.currentModel() !== model || inbound.hasEnded)
      throw new Error('the channel ended as soon as it began');
    this.#inbound = inbound;
    await this.#use(inbound);
  }

  #open(model: ChannelModel): Promise<InboundChannel> {
    return InboundChannel.open(model, {
      ...this.#options,
      onClose: (inbound) => this.#onClose(inbound),
      onCancel: (inbound) => this.#onCancel(inbound),
    });
  }

  #onAttached(model: ChannelModel): void {
    const { logger, subscription } = this.#options;
    const queue = this.#queue;
    this.#state.attached();
    this.#mismatch = undefined;
    this.#retry.succeeded();
    logger.info({ queue }, this.#state.name);
    const reason = consumerTimeoutWarning(model, subscription.longestHoldMs);
    // Once, because it does not change while the process runs.
    if (reason !== undefined && !this.#hasWarned) {
      logger.warn({ queue, reason }, 'handlers may take longer than the broker waits for an acknowledgement');
    }
    this.#hasWarned = true;
    // It can have been resumed, or its limit changed, while the broker answered.
    void this.use();
  }

  /** Makes use of the channel, if it is attached. Never rejects: it attaches again if the broker does not do its part. */
  async use(): Promise<void> {
    const inbound = this.#inbound;
    const { epoch, detached } = this.#state;
    if (detached !== undefined || inbound === undefined) return;
    try {
      await answeredInTime(this.#use(inbound));
    } catch (error) {
      // The end of the channel was noticed before.
      if (this.#state.epoch !== epoch || this.#inbound !== inbound) return;
      void this.close();
      this.#fail(error, inbound.model);
    }
  }

  /**
   * Restores the queue and its bindings while it is attached, and attaches again if it does not consume that queue.
   * Never rejects.
   */
  async verify(): Promise<void> {
    const model = this.#options.currentModel();
    const inbound = this.#inbound;
    if (model === undefined || inbound === undefined || this.#state.detached !== undefined) return;
    const found = await this.#watch.look(model, inbound);
    // Consuming may have ended and started again in the meantime: attaching declares the topology as well.
    const isCurrent = () => this.#inbound === inbound && this.#state.detached === undefined;
    if (!isCurrent()) return;
    if (found.is === 'lost') {
      // The channel ends first, because RabbitMQ 3 could move its consumers to a queue that is declared again before.
      void this.close();
      return this.#fail(new Error(found.reason), model);
    }
    if (found.is === 'unproven') await this.#renew(inbound);
    const problem = await this.#topology.restore(model);
    if (isCurrent()) this.#topology.note(found.is === 'doubtful' ? found.reason : problem);
  }

  // Another channel consumes in place of one that may receive nothing any more. The earlier channel has no
  // unacknowledged delivery, and must not get one, because its end would requeue that delivery.
  async #renew(inbound: InboundChannel): Promise<void> {
    const opening = inbound.openReplacement();
    // The end of the connection can overtake the answer.
    if (!(await completesWithin(answerTimeoutMs, opening).catch(() => false))) return;
    const next = await opening;
    const isIdle = this.#inbound === inbound && (await inbound.haltForReplacement());
    if (isIdle && !next.hasEnded && this.#inbound === inbound && this.#state.name === 'consuming') {
      this.#inbound = next;
      void inbound.close();
    } else {
      void next.close();
    }
    await this.use();
  }

  /** Detaches, because the connection has ended: the broker has requeued every delivery. */
  onDisconnect(reason: string): void {
    this.#inbound?.end();
    this.#inbound = undefined;
    this.#retry.cancel();
    this.#detach(reason);
  }

  /**
   * Requeues all unacknowledged deliveries, and closes the channel after the last acknowledgement: closing the connection
   * at once would overtake it.
   */
  async close(): Promise<void> {
    const inbound = this.#inbound;
    this.#inbound = undefined;
    await inbound?.close();
  }

  #onClose(inbound: InboundChannel): void {
    if (this.#inbound !== inbound) return;
    this.#inbound = undefined;
    this.#detach(`the channel that consumed '${this.#queue}' was closed`);
    this.#attachLater(inbound.model);
  }

  // The queue was deleted, its leader is gone, or a delivery exceeded the consumer timeout. From RabbitMQ 4.3 on, that
  // ends only one consumer, and the others must not continue next to the consumers that start next.
  #onCancel(inbound: InboundChannel): void {
    if (this.#inbound !== inbound) return;
    inbound.cancelAll();
    this.#detach(`the broker cancelled the consumer of '${this.#queue}'`);
    this.#attachLater(inbound.model);
  }

  #fail(error: unknown, model: ChannelModel): void {
    this.#detach(`cannot consume '${this.#queue}': ${reasonOf(error, model)}`);
    this.#attachLater(model);
  }

  #detach(reason: string): void {
    this.#state.detach(reason);
    this.#topology.clearProblem();
  }

  #attachLater(model: ChannelModel): void {
    this.#retry.after(() => {
      if (this.#options.currentModel() !== model || this.#state.isStopped) return;
      this.#options.logger.warn({ reason: this.#state.detached }, 'not consuming; attaching again');
      void this.attach(model);
    });
  }
}

class NoAnswer extends Error {}

/** @throws NoAnswer if the broker does not answer */
async function answeredInTime(answer: Promise<void>): Promise<void> {
  if (await completesWithin(answerTimeoutMs, answer)) return;
  throw new NoAnswer(`the broker did not answer within ${answerTimeoutMs} ms`);
}
