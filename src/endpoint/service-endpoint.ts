import type { Consumer, Delivery, MessageChannel } from '../channel/message-channel.ts';
import type { DistributedMessageHandler, Recipients } from '../distribution/distributed-message-handler.ts';
import { deadLetterQueue, serviceQueue } from '../distribution/service-queue.ts';
import { transportToMessage } from '../distribution/transport-to-message.ts';
import type { InvocationScopes } from '../handler/invocation-scope.ts';
import type { Logger } from '../logger.ts';
import type { Message } from '../message/message.ts';
import { Header } from '../message/message-headers.ts';
import { within } from '../within.ts';
import type { AroundDelivery, DeliveryOutcome, Handled, SettledDelivery } from './around-delivery.ts';
import type { Failure } from './dead-letter.ts';
import { duplicate } from './deduplicated-call.ts';
import type { Deduplication } from './deduplication.ts';
import { FailedDeliveries } from './failed-deliveries.ts';
import { endedEarly, HandlerCaller } from './handler-caller.ts';
import { describeThrown } from './thrown-error.ts';

export interface ServiceEndpointOptions {
  readonly service: string;
  readonly channel: MessageChannel;
  readonly scopes: InvocationScopes;
  readonly messages: DistributedMessageHandler;
  /** The keys of the events that its handlers listen to. */
  readonly eventBindingKeys: readonly string[];
  /** How many deliveries are handled at once. */
  readonly concurrency: number;
  /** After which a handler counts as failed. */
  readonly handlerTimeoutMs: number;
  readonly logger: Logger;
  /** Default: handlers are called for every copy of a message. */
  readonly deduplication?: Deduplication | undefined;
  /** Watches every delivery. Default: nobody does. */
  readonly aroundDelivery?: AroundDelivery | undefined;
}

/** Receives what is sent to a service, calls its handlers, and acknowledges what they finished. */
export class ServiceEndpoint {
  readonly #options: ServiceEndpointOptions;
  readonly #handlers: HandlerCaller;
  readonly #failed: FailedDeliveries;
  readonly #inHand = new Set<Delivery>();
  readonly #whenIdle: (() => void)[] = [];
  readonly #stopping = new AbortController();
  #consumer: Consumer | undefined;

  constructor(options: ServiceEndpointOptions) {
    this.#options = options;
    this.#handlers = new HandlerCaller(options.scopes, options.handlerTimeoutMs, options.deduplication);
    const { service, channel, logger } = options;
    const queue = serviceQueue(service);
    this.#failed = new FailedDeliveries({ service, queue, channel, logger, stopping: this.#stopping.signal });
  }

  /** Begins to consume, now or as soon as the channel has a connection. */
  start(): void {
    const { service, channel, eventBindingKeys, concurrency } = this.#options;
    this.#consumer = channel.subscribe({
      queue: serviceQueue(service),
      deadLetterQueue: deadLetterQueue(service),
      bindingKeys: [service, ...eventBindingKeys],
      prefetch: concurrency,
      onDelivery: (delivery) => void this.#receive(delivery),
    });
  }

  /** Why nothing is received at the moment; undefined while all is well, or when it was never to receive. */
  get detached(): string | undefined {
    return this.#consumer?.detached;
  }

  /** Whether it receives at the moment. */
  get consuming(): boolean {
    return this.#consumer !== undefined && this.#consumer.detached === undefined;
  }

  /** How many messages wait in the service's queue; undefined while that cannot be told. */
  async waiting(): Promise<number | undefined> {
    return this.#consumer?.waiting();
  }

  /** The ids of the messages in hand. */
  get inHand(): readonly unknown[] {
    return Array.from(this.#inHand, ({ message }) => message.headers[Header.id]);
  }

  /** Takes no more deliveries and waits for those in hand, at the latest until the deadline. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping.abort();
    this.#handlers.stop();
    // A broker that does not answer must not hold up the end either.
    if (await within(deadlineMs, this.finish())) return;
    this.#options.logger.warn({ inHand: this.inHand }, 'not finished in time; these messages are given back');
  }

  /** Takes no more deliveries, from the call on, and waits for those in hand, which are not hurried. */
  async finish(): Promise<void> {
    await this.#consumer?.stop();
    if (this.#inHand.size === 0) return;
    await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  async #receive(delivery: Delivery): Promise<void> {
    const { aroundDelivery } = this.#options;
    this.#inHand.add(delivery);
    try {
      await (aroundDelivery ? aroundDelivery(delivery, () => this.#handle(delivery)) : this.#handle(delivery));
    } catch (error) {
      // Nothing above may throw; if it does, the message must not hang in hand for ever.
      await this.#giveUp(delivery, error);
    }
    this.#inHand.delete(delivery);
    if (this.#inHand.size === 0) for (const idle of this.#whenIdle.splice(0)) idle();
  }

  async #giveUp(delivery: Delivery, error: unknown): Promise<void> {
    const { message: reason, stackTrace } = describeThrown(error);
    this.#options.logger.error({ reason, stackTrace }, 'a delivery could not be processed');
    try {
      await this.#failed.giveBack(delivery);
    } catch (error) {
      // Its channel is closed: the broker has taken the message back.
      this.#options.logger.error({ reason: describeThrown(error).message }, 'a delivery could not be given back');
    }
  }

  async #handle(delivery: Delivery): Promise<SettledDelivery> {
    const handled: Handled[] = [];
    const failures: Failure[] = [];
    const outcome = await this.#callHandlers(delivery, handled, failures);
    return { outcome, handled, failures };
  }

  /** @param handled, failures where each handler is noted when it has ended */
  async #callHandlers(delivery: Delivery, handled: Handled[], failures: Failure[]): Promise<DeliveryOutcome> {
    const message = transportToMessage(delivery.message);
    const { messages, logger } = this.#options;
    const fields = describe(message);
    let recipients: Recipients;
    try {
      recipients = messages.recipientsOf(message, delivery.fromBus ? delivery.routingKey : undefined);
    } catch (error) {
      logger.error({ ...fields, reason: describeThrown(error).message }, 'a message cannot be handled');
      failures.push({ error });
      return this.#failed.moveToDeadLetters(delivery, failures);
    }
    if (recipients.length === 0) {
      logger.debug(fields, 'not for this service');
      delivery.acknowledge();
      return 'not for this service';
    }
    if (!(await this.#callAll(recipients, message, fields, handled, failures))) {
      delivery.release();
      return 'given back';
    }
    if (failures.length > 0) return this.#failed.moveToDeadLetters(delivery, failures);
    delivery.acknowledge();
    return 'handled';
  }

  /**
   * Several handlers of one event fail apart: one that fails does not keep the message from the others.
   *
   * @returns false when the shutdown ended one of them early: that is no failure
   */
  async #callAll(
    recipients: Recipients,
    message: Message,
    fields: LogFields,
    handled: Handled[],
    failures: Failure[],
  ): Promise<boolean> {
    for (const handler of recipients) {
      const { endpointId } = handler;
      try {
        const result = await this.#handlers.call(handler, message);
        if (result === duplicate) continue;
        handled.push({ endpointId, result });
        if (this.#options.logger.isLevelEnabled('debug')) {
          this.#options.logger.debug({ ...fields, endpointId }, 'handled');
        }
      } catch (error) {
        if (error === endedEarly) return false;
        failures.push({ error, endpointId });
        const { message: reason, stackTrace } = describeThrown(error);
        this.#options.logger.error({ ...fields, endpointId, reason, stackTrace }, `${handler.name} failed`);
      }
    }
    return true;
  }
}

type LogFields = Readonly<Record<string, unknown>>;

function describe({ headers }: Message): LogFields {
  return {
    messageId: headers[Header.id],
    correlationId: headers[Header.correlationId],
    routingKey: headers[Header.routingKey],
  };
}
