import type { DeferredKey } from '../deferral/deferred-keys.ts';
import { isUnhandled, UnhandledMessages } from '../deferral/unhandled-messages.ts';
import type { UnhandledSettings } from '../deferral/unhandled-settings.ts';
import type { Consumer, Delivery } from '../engine/delivery.ts';
import type { Engine } from '../engine/engine.ts';
import type { InvocationScopes } from '../handler/invocation-scope.ts';
import type { Retries } from '../handler/retries.ts';
import type { Logger } from '../logger.ts';
import { describeMessage } from '../message/describe-message.ts';
import { Header } from '../message/message-headers.ts';
import type { AroundDelivery, DeliveryOutcome, Handled, SettledDelivery } from '../recovery/around-delivery.ts';
import type { Failure } from '../recovery/dead-letter.ts';
import { DeadLetterOutlet } from '../recovery/dead-letter-outlet.ts';
import { DeliveryPlaces } from '../recovery/delivery-places.ts';
import { describeThrown } from '../recovery/error-snapshot.ts';
import { FailedDeliveries } from '../recovery/failed-deliveries.ts';
import type { FinalFailureStrategy } from '../recovery/final-failure-strategy.ts';
import { endpointOf, keyOnBusOf } from '../recovery/moved-message.ts';
import { type TimeToLive, timeToLiveOf } from '../recovery/time-to-live.ts';
import { systemClock, type WallClock } from '../time/clock.ts';
import { isLarge, nextTurn } from '../time/next-turn.ts';
import { completesWithin } from '../time/timeout.ts';
import { decodeContent, isEncoded } from '../wire/content-encoding.ts';
import { deadLetterQueue, serviceQueue } from '../wire/service-queue.ts';
import { transportToMessage } from '../wire/transport-to-message.ts';
import type { Deduplication } from './deduplication.ts';
import { HandlerAttempts } from './handler-attempts.ts';
import { HandlerCaller } from './handler-caller.ts';
import type { RecipientResolver, Recipients } from './recipient-resolver.ts';

export interface ServiceEndpointOptions {
  readonly service: string;
  /** The queue that is consumed. Default: Ecotone's name for it. */
  readonly queue?: string | undefined;
  readonly channel: Engine;
  readonly scopes: InvocationScopes;
  readonly messages: RecipientResolver;
  /** Whether there is any handler to call. Without one nothing is consumed: the queue may belong to another program. */
  readonly hasHandlers: boolean;
  /** The keys of the events that its handlers listen to. */
  readonly eventBindingKeys: readonly string[];
  /** Keys that the queue must no longer be bound to. Default: none. */
  readonly retiredBindingKeys?: readonly string[] | undefined;
  /** How many deliveries are handled at once. */
  readonly concurrency: number;
  /** After which a handler counts as failed. */
  readonly handlerTimeoutMs: number;
  /** How handlers that failed are tried again, unless they say otherwise. */
  readonly retries: Retries;
  /** Milliseconds for which a delivery can stay unacknowledged. See `longestHoldMs`. Default: the broker's limit. */
  readonly longestHoldMs?: number | undefined;
  /** Delays of the messages that return to the queue. Default: none, so that the first message may be late. */
  readonly delaysMs?: readonly number[] | undefined;
  readonly finalFailureStrategy: FinalFailureStrategy;
  readonly unhandled: UnhandledSettings;
  readonly logger: Logger;
  /** Maximum size of a decompressed body in bytes. Default: 4 MiB. */
  readonly maxDecodedBytes?: number | undefined;
  /** Tells when messages expire. Default: the clock of the system. */
  readonly clock?: WallClock | undefined;
  /** Default: handlers are called for every copy of a message. */
  readonly deduplication?: Deduplication | undefined;
  /** Watches every delivery. Default: nobody does. */
  readonly aroundDelivery?: AroundDelivery | undefined;
  /** The publisher of dead letters. Default: a separate one. */
  readonly deadLetterOutlet?: DeadLetterOutlet | undefined;
}

const defaultMaxDecodedBytes = 4 * 1024 * 1024;

/** Receives what is sent to a service, calls its handlers, and acknowledges what they finished. */
export class ServiceEndpoint {
  readonly #options: ServiceEndpointOptions;
  readonly #queue: string;
  readonly #handlers: HandlerCaller;
  readonly #attempts: HandlerAttempts;
  readonly #failed: FailedDeliveries;
  readonly #places: DeliveryPlaces;
  readonly #unhandled: UnhandledMessages;
  readonly #unacknowledged = new Set<Delivery>();
  readonly #whenIdle: (() => void)[] = [];
  readonly #stopping = new AbortController();
  #consumer: Consumer | undefined;
  #halted: string | undefined;
  #isFinishing = false;

  constructor(options: ServiceEndpointOptions) {
    this.#options = options;
    const stopping = this.#stopping.signal;
    this.#unhandled = new UnhandledMessages({
      settings: options.unhandled,
      consumer: () => this.#consumer,
      clock: options.clock ?? systemClock,
      logger: options.logger,
    });
    this.#handlers = new HandlerCaller(options.scopes, options.handlerTimeoutMs, options.deduplication);
    this.#attempts = new HandlerAttempts({ ...options, handlers: this.#handlers, stopping });
    this.#queue = options.queue ?? serviceQueue(options.service);
    const from = { queue: this.#queue, deadLetterQueue: deadLetterQueue(options.service) };
    this.#places = new DeliveryPlaces(options.concurrency, (count) => this.#consumer?.allowExtra(count));
    const outlet = options.deadLetterOutlet ?? new DeadLetterOutlet(options);
    this.#failed = new FailedDeliveries({ ...options, from, stopping, outlet, places: this.#places });
  }

  /** Begins to consume, now or as soon as the channel has a connection; does nothing when there is no handler. */
  start(): void {
    const { service, channel, hasHandlers, eventBindingKeys, retiredBindingKeys } = this.#options;
    const { concurrency, delaysMs, longestHoldMs, finalFailureStrategy, logger } = this.#options;
    if (!hasHandlers) {
      logger.info({ queue: this.#queue }, 'no distributed handlers: this gateway sends and does not consume');
      if (retiredBindingKeys?.length) {
        logger.warn({ retiredKeys: retiredBindingKeys }, 'retiredKeys stay bound: this gateway does not consume');
      }
      return;
    }
    if (finalFailureStrategy === 'ignore') {
      logger.warn("finalFailureStrategy is 'ignore': a failed message that can be put nowhere else will be lost");
    }
    this.#consumer = channel.subscribe({
      queue: this.#queue,
      deadLetterQueue: deadLetterQueue(service),
      bindingKeys: [service, ...eventBindingKeys],
      retiredKeys: retiredBindingKeys,
      prefetch: concurrency,
      delaysMs,
      longestHoldMs,
      onDelivery: (delivery) => void this.#receive(delivery),
    });
  }

  /** Why nothing is received at the moment; undefined while all is well, or when it was never to receive. */
  get detached(): string | undefined {
    return this.#halted ?? this.#consumer?.detached;
  }

  /** Returns why no message is handled although the consumer is active; undefined while a place is free. */
  get stalled(): string | undefined {
    return this.#places.isExhausted ? `no room for other messages: ${this.#failed.problem}` : undefined;
  }

  /** Returns a problem that does not stop handling; undefined if there is none. */
  get warning(): string | undefined {
    return this.#failed.problem;
  }

  /** Whether it receives at the moment. */
  get consuming(): boolean {
    return this.#consumer !== undefined && this.detached === undefined;
  }

  /** Returns the keys whose messages have no handler here and are deferred at the moment. */
  deferredKeys(): readonly DeferredKey[] {
    return this.#unhandled.deferredKeys();
  }

  /** How many messages wait in the service's queue; undefined while that cannot be told. */
  async waiting(): Promise<number | undefined> {
    return this.#consumer?.waiting();
  }

  /** The ids of the messages in hand. */
  get unacknowledged(): readonly unknown[] {
    return Array.from(this.#unacknowledged, ({ message }) => message.headers[Header.id]);
  }

  /** Takes no more deliveries and waits for those in hand, at the latest until the deadline. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping.abort();
    this.#handlers.stop();
    // A broker that does not answer must not hold up the end either.
    if (await completesWithin(deadlineMs, this.finish())) return;
    this.#options.logger.warn(
      { unacknowledged: this.unacknowledged },
      'not finished in time; these messages are given back',
    );
  }

  /**
   * Stops taking deliveries at once, and waits for the handlers that are running, without a deadline of its own.
   * Deliveries that wait for a place are requeued.
   */
  async finish(): Promise<void> {
    this.#isFinishing = true;
    const stopped = this.#consumer?.stop();
    this.#places.end();
    await stopped;
    if (this.#unacknowledged.size === 0) return;
    await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  async #receive(delivery: Delivery): Promise<void> {
    const { aroundDelivery } = this.#options;
    this.#unacknowledged.add(delivery);
    try {
      const place = this.#places.take(delivery);
      if (place) await place;
      if (place && this.#isFinishing) delivery.release();
      else await (aroundDelivery ? aroundDelivery(delivery, () => this.#handle(delivery)) : this.#handle(delivery));
    } catch (error) {
      // Nothing above may throw; if it does, the message must not hang in hand for ever.
      await this.#giveUp(delivery, error);
    }
    this.#places.leave(delivery);
    this.#unacknowledged.delete(delivery);
    if (this.#unacknowledged.size === 0) for (const idle of this.#whenIdle.splice(0)) idle();
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
    if (outcome === 'stopped') await this.#halt(delivery);
    return { outcome, handled, failures };
  }

  /** Receives nothing more. What is in hand beside the delivery is finished. */
  async #halt(delivery: Delivery): Promise<void> {
    if (this.#halted === undefined) {
      this.#halted = 'stopped: a failed message could be put nowhere. See the log, and start the gateway again';
      this.#options.logger.fatal(this.#halted);
    }
    // Before, or it would come again to this very process.
    await this.#consumer?.stop();
    delivery.release();
  }

  #decompressed({ message: { body, headers } }: Delivery): Promise<Uint8Array> {
    return decodeContent(body, headers, this.#options.maxDecodedBytes ?? defaultMaxDecodedBytes);
  }

  async #settleUnhandled(
    delivery: Delivery,
    error: unknown,
    failures: Failure[],
    timeToLive: TimeToLive | undefined,
  ): Promise<DeliveryOutcome> {
    const failure = await this.#unhandled.failureOf(delivery, error, timeToLive);
    if (failure === 'ignored') {
      delivery.acknowledge();
      return 'not for this service';
    }
    if (failure === 'released') {
      delivery.release();
      return 'left in the queue';
    }
    failures.push(failure);
    return this.#failed.settle(delivery, failures);
  }

  /**
   * @param handled where each handler that finished is noted
   * @param failures where each that failed is noted
   */
  async #callHandlers(delivery: Delivery, handled: Handled[], failures: Failure[]): Promise<DeliveryOutcome> {
    let message = transportToMessage(delivery.message);
    const { messages, logger, clock = systemClock } = this.#options;
    const timeToLive = timeToLiveOf(delivery, () => clock.wallMs());
    const endpointId = endpointOf(delivery);
    let recipients: Recipients;
    try {
      recipients = messages.resolve(message, keyOnBusOf(delivery), endpointId);
    } catch (error) {
      if (isUnhandled(error)) return this.#settleUnhandled(delivery, error, failures, timeToLive);
      logger.error(
        { ...describeMessage(message), reason: describeThrown(error).message },
        'a message cannot be handled',
      );
      // Named still, for a replay that finds the handler again.
      failures.push({ error, endpointId, expiresAtMs: timeToLive?.expiresAtMs });
      return this.#failed.settle(delivery, failures);
    }
    if (recipients.length === 0) {
      logger.debug(describeMessage(message), 'not for this service');
      delivery.acknowledge();
      return 'not for this service';
    }
    if (isEncoded(message.headers)) {
      try {
        message = { ...message, payload: await this.#decompressed(delivery) };
      } catch (error) {
        const reason = describeThrown(error).message;
        logger.error({ ...describeMessage(message), reason }, 'the body of a message cannot be decompressed');
        failures.push({ error, endpointId, expiresAtMs: timeToLive?.expiresAtMs });
        return this.#failed.settle(delivery, failures);
      }
    }
    // Several handlers of one event fail apart: one that fails does not keep the message from the others.
    for (const [place, handler] of recipients.entries()) {
      // Each handler decodes the body again, because it may change what it gets.
      if (place > 0 && isLarge(message.payload)) await nextTurn();
      if (!(await this.#attempts.call(handler, message, delivery, handled, failures, timeToLive))) {
        delivery.release();
        return 'given back';
      }
    }
    if (failures.length > 0) return this.#failed.settle(delivery, failures);
    delivery.acknowledge();
    return 'handled';
  }
}
