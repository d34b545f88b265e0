import type { ChannelModel } from 'amqplib';
import type { LittoralError } from '../../../errors.ts';
import { completesWithin } from '../../../time/timeout.ts';
import { matchesTopic } from '../../broker/topic-pattern.ts';
import type { Consumer, Subscription } from '../../delivery.ts';
import { countMessages } from '../count-messages.ts';
import { ConsumerAttachment, type ConsumerAttachmentOptions } from './consumer-attachment.ts';
import { ConsumerState } from './consumer-state.ts';
import type { InboundChannel } from './inbound-channel.ts';
import { answerTimeoutMs } from './subscription-topology.ts';

export type AmqpConsumerOptions = ConsumerAttachmentOptions;

/**
 * Consumes the queue of one subscription. `ConsumerState` has its states; `ConsumerAttachment` has its queue and its
 * channel, and replaces the channel when it ends; this class decides what is consumed there.
 */
export class AmqpConsumer implements Consumer {
  readonly #options: AmqpConsumerOptions;
  readonly #subscription: Subscription;
  readonly #state: ConsumerState;
  readonly #attachment: ConsumerAttachment;
  /** The limit of unacknowledged deliveries, and whether the caller has set it. */
  #limit: { readonly prefetch: number; readonly isExact: boolean };
  #suspending: Promise<void> = Promise.resolve();
  #stopping: Promise<void> = Promise.resolve();

  constructor(options: AmqpConsumerOptions) {
    const { subscription } = options;
    this.#options = options;
    this.#subscription = subscription;
    this.#state = new ConsumerState(subscription.suspended ?? false);
    this.#attachment = new ConsumerAttachment(options, this.#state, (inbound) => this.#use(inbound));
    this.#limit = { prefetch: subscription.prefetch, isExact: false };
  }

  get deadLetterQueue(): string {
    return this.#subscription.deadLetterQueue;
  }

  get detached(): string | undefined {
    return this.#state.detached ?? this.#attachment.problem;
  }

  /** Returns the error that another attempt to attach cannot change: the queue exists with other arguments. */
  get mismatch(): LittoralError | undefined {
    return this.#attachment.mismatch;
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

  otherConsumers(): Promise<number | undefined> {
    return this.#attachment.otherConsumers();
  }

  allowExtra(count: number): void {
    if (!this.#state.isStopped && !this.#subscription.ordered) this.#attachment.inbound?.allowExtra(count);
  }

  async pause(milliseconds: number): Promise<boolean> {
    const { inbound } = this.#attachment;
    if (!inbound?.canPause || !this.#state.pause()) return false;
    const { epoch } = this.#state;
    await completesWithin(answerTimeoutMs, inbound.halt());
    const resume = () => {
      if (this.#state.epoch === epoch && this.#state.endPause()) void this.#attachment.use();
    };
    setTimeout(resume, milliseconds).unref();
    return true;
  }

  suspend(): Promise<void> {
    if (this.#state.suspend()) this.#suspending = this.#attachment.inbound?.suspend() ?? Promise.resolve();
    return this.#suspending;
  }

  resume(prefetch?: number): void {
    if (!this.#state.resume()) return;
    this.#limit = { prefetch: prefetch ?? this.#subscription.prefetch, isExact: prefetch !== undefined };
    void this.#attachment.use();
  }

  async stop(): Promise<void> {
    // A later call waits for what the first one began.
    if (this.#state.stop()) this.#stopping = this.#attachment.inbound?.stop() ?? this.#stopping;
    await this.#stopping;
  }

  /** Resolves once no delivery is unacknowledged. The caller calls `stop` first. */
  async settled(): Promise<void> {
    await this.#attachment.inbound?.deliveries.settled();
  }

  /**
   * Requeues all unacknowledged deliveries, and closes the channel. The caller calls `stop` first: deliveries that are
   * requeued while the consumer continues are redelivered at once, and out of order.
   */
  async close(): Promise<void> {
    await this.#stopping;
    await this.#attachment.close();
  }

  /** See `ConsumerAttachment.attach`. */
  attach(model: ChannelModel): Promise<void> {
    return this.#attachment.attach(model);
  }

  /** See `ConsumerAttachment.verify`. */
  verify(): Promise<void> {
    return this.#attachment.verify();
  }

  /** See `ConsumerAttachment.onDisconnect`. */
  onDisconnect(reason: string): void {
    this.#attachment.onDisconnect(reason);
  }

  /** Consumes on a channel if the state says so. Does nothing where it does so already. */
  async #use(inbound: InboundChannel): Promise<void> {
    if (this.#state.isSuspended) await inbound.suspend();
    else if (this.#state.name !== 'paused') await inbound.consume(this.#limit.prefetch, !this.#limit.isExact);
  }
}
