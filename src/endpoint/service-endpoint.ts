import { TurnoverSet } from '../collection/turnover-set.ts';
import type { DeferredKey } from '../deferral/deferred-keys.ts';
import { UnhandledMessages } from '../deferral/unhandled-messages.ts';
import type { UnhandledSettings } from '../deferral/unhandled-settings.ts';
import type { Consumer, Delivery } from '../engine/delivery.ts';
import type { Engine } from '../engine/engine.ts';
import type { CallGate, GateChanges } from '../handler/call-gate.ts';
import type { InvocationScopes } from '../handler/invocation-scope.ts';
import type { CompleteRetries } from '../handler/retries.ts';
import type { Logger } from '../logger.ts';
import { Header } from '../message/message-headers.ts';
import { DeadLetterOutlet } from '../recovery/dead-letter-outlet.ts';
import type { DeliveryOutcome, SettledDelivery } from '../recovery/delivery-outcome.ts';
import { DeliveryPlaces } from '../recovery/delivery-places.ts';
import { errorSnapshot } from '../recovery/error-snapshot.ts';
import type { FinalFailureStrategy } from '../recovery/final-failure-strategy.ts';
import { Recovery } from '../recovery/recovery.ts';
import { systemClock, type WallClock } from '../time/clock.ts';
import { completesWithin } from '../time/timeout.ts';
import { deadLetterQueue, serviceQueue } from '../wire/service-queue.ts';
import { Consumption } from './consumption.ts';
import { DeliveryHandler } from './delivery-handler.ts';
import type { HandlerCall, HandlerStage } from './handler-call.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import type { RecipientResolver } from './recipient-resolver.ts';
import { compose, type Next, type Stage } from './stage.ts';
import type { Deduplication } from './stages/deduplication.ts';

/** A step around the whole of a delivery: it watches from the receipt to the settlement. */
export type DeliveryStage = Stage<Delivery, SettledDelivery>;

/** The handlers of an endpoint, as far as they decide what it receives. */
export interface EndpointHandlers {
  /**
   * True if there is any handler. Without one the endpoint consumes nothing: the queue may belong to another program.
   */
  readonly hasHandlers: boolean;
  /** The keys of the events that its handlers listen to. */
  readonly eventBindingKeys: readonly string[];
  /** The gates of its handlers that are outside of this process. Default: none. */
  readonly gates?: readonly CallGate[] | undefined;
  /** True if any of its handlers is a function of this process. Default: true. */
  readonly hasFunctions?: boolean | undefined;
  /** Milliseconds for which a delivery can stay unacknowledged. See `longestHoldMs`. Default: the broker's limit. */
  readonly longestHoldMs?: number | undefined;
  /** Delays of the messages that return to the queue. Default: none, so that the first message may be late. */
  readonly delaysMs?: readonly number[] | undefined;
}

export interface ServiceEndpointOptions extends EndpointHandlers {
  readonly service: string;
  /** The queue that is consumed. Default: Ecotone's name for it. */
  readonly queue?: string | undefined;
  readonly channel: Engine;
  readonly scopes: InvocationScopes;
  readonly messages: RecipientResolver;
  /** Reports changes of the gates. Default: no handler has a gate, now or later. */
  readonly gateChanges?: GateChanges | undefined;
  /** Keys that the queue must no longer be bound to. Default: none. */
  readonly retiredBindingKeys?: readonly string[] | undefined;
  /** Maximum number of deliveries that are handled at once. */
  readonly concurrency: number;
  /** Milliseconds after which a handler counts as failed. */
  readonly handlerTimeoutMs: number;
  /** The retries of failed handlers without retries of their own. */
  readonly retries: CompleteRetries;
  readonly finalFailureStrategy: FinalFailureStrategy;
  readonly unhandled: UnhandledSettings;
  readonly logger: Logger;
  /** Maximum size of a decompressed body in bytes. */
  readonly maxDecodedBytes: number;
  /** The clock by which messages expire. Default: that of the system. */
  readonly clock?: WallClock | undefined;
  /** Default: handlers are called for every copy of a message. */
  readonly deduplication?: Deduplication | undefined;
  /** Steps around every delivery, the first one outermost. Default: none. */
  readonly deliveryStages?: readonly DeliveryStage[] | undefined;
  /** Steps around each call of a handler, each attempt included. Default: none. */
  readonly callStages?: readonly HandlerStage<HandlerCall>[] | undefined;
  /** The publisher of dead letters. Default: a separate one. */
  readonly deadLetterOutlet?: DeadLetterOutlet | undefined;
}

/** Receives the messages of a service: subscribes to its queue, has each delivery handled, and stops. */
export class ServiceEndpoint {
  readonly #options: ServiceEndpointOptions;
  #handlers: EndpointHandlers;
  readonly #queue: string;
  readonly #pipeline: Pipeline;
  readonly #recovery: Recovery;
  readonly #handle: Next<Delivery, SettledDelivery>;
  readonly #places: DeliveryPlaces;
  readonly #unhandled: UnhandledMessages;
  readonly #unacknowledged = new TurnoverSet<Delivery>();
  readonly #whenIdle: (() => void)[] = [];
  readonly #stopping = new AbortController();
  readonly #consumption: Consumption;
  #consumer: Consumer | undefined;
  #halted: string | undefined;
  #isStarted = false;
  #isFinishing = false;

  constructor(options: ServiceEndpointOptions) {
    const { clock = systemClock, deliveryStages = [] } = options;
    const stopping = this.#stopping.signal;
    this.#options = options;
    this.#queue = options.queue ?? serviceQueue(options.service);
    this.#places = new DeliveryPlaces(options.concurrency, {
      allowExtra: (count) => this.#consumption.allowExtra(count),
      onHeld: () => this.#consumption.onHeld(),
    });
    const consumer = () => this.#consumer;
    this.#unhandled = new UnhandledMessages({ ...options, settings: options.unhandled, consumer, clock });
    const { concurrency, gateChanges } = options;
    this.#handlers = options;
    const handlers = {
      gates: () => this.#handlers.gates ?? [],
      hasFunctions: () => this.#handlers.hasFunctions ?? true,
    };
    const unacknowledged = () => this.#unacknowledged.size;
    const places = { freePlaces: () => this.#places.free, held: () => this.#places.held };
    this.#consumption = new Consumption({ ...handlers, ...places, concurrency, unacknowledged }, consumer);
    gateChanges?.onChange(() => this.#consumption.regulate());
    const waits = { places: this.#places, consumption: this.#consumption };
    this.#pipeline = createPipeline({ ...options, gates: gateChanges && waits, stopping });
    const from = { queue: this.#queue, deadLetterQueue: deadLetterQueue(options.service) };
    const outlet = options.deadLetterOutlet ?? new DeadLetterOutlet(options);
    const halt = (delivery: Delivery) => this.#halt(delivery);
    this.#recovery = new Recovery({ ...options, from, stopping, outlet, places: this.#places, halt });
    const steps = { pipeline: this.#pipeline, unhandled: this.#unhandled, recovery: this.#recovery };
    const handler = new DeliveryHandler({ ...options, ...steps, clock });
    this.#handle = compose(deliveryStages, (delivery) => handler.handle(delivery));
  }

  /** Begins to consume, now or as soon as the channel has a connection; does nothing when there is no handler. */
  start(): void {
    const { retiredBindingKeys, finalFailureStrategy, logger } = this.#options;
    this.#isStarted = true;
    if (!this.#handlers.hasHandlers) {
      logger.info({ queue: this.#queue }, 'no distributed handlers: this gateway sends and does not consume');
      if (retiredBindingKeys?.length) {
        logger.warn({ retiredKeys: retiredBindingKeys }, 'retiredKeys stay bound: this gateway does not consume');
      }
      return;
    }
    if (finalFailureStrategy === 'ignore') {
      logger.warn("finalFailureStrategy is 'ignore': a failed message that can be put nowhere else will be lost");
    }
    this.#subscribe();
  }

  /** Replaces the handlers. Deliveries that are being handled finish with the earlier ones. */
  update(handlers: EndpointHandlers): void {
    this.#handlers = handlers;
    if (!this.#isStarted || this.#stopping.signal.aborted || this.#isFinishing || this.#halted !== undefined) return;
    void this.#consumer?.stop();
    if (handlers.hasHandlers) this.#subscribe();
  }

  #subscribe(): void {
    const { service, channel, retiredBindingKeys, concurrency } = this.#options;
    const { eventBindingKeys, delaysMs, longestHoldMs } = this.#handlers;
    this.#consumer = channel.subscribe({
      queue: this.#queue,
      deadLetterQueue: deadLetterQueue(service),
      bindingKeys: [service, ...eventBindingKeys],
      retiredKeys: retiredBindingKeys,
      prefetch: concurrency,
      delaysMs,
      longestHoldMs,
      suspended: this.#consumption.start(),
      onDelivery: (delivery) => void this.#receive(delivery),
    });
  }

  /**
   * Returns why nothing is received at the moment; undefined if there is no problem, or if it has nothing to receive.
   */
  get detached(): string | undefined {
    return this.#halted ?? this.#consumer?.detached;
  }

  /** Returns why no message is handled although the consumer is active; undefined while a place is free. */
  get stalled(): string | undefined {
    return this.#places.isExhausted ? `no room for other messages: ${this.#recovery.problem}` : undefined;
  }

  /** Returns a problem that does not stop handling; undefined if there is none. */
  get warning(): string | undefined {
    return this.#recovery.problem;
  }

  /** True while it receives messages. */
  get consuming(): boolean {
    return this.#consumer !== undefined && this.detached === undefined && !this.#consumption.isSuspended;
  }

  /** Returns the keys whose messages have no handler here and are deferred at the moment. */
  deferredKeys(): readonly DeferredKey[] {
    return this.#unhandled.deferredKeys();
  }

  /** Returns the number of messages in the service's queue; undefined while it is unknown. */
  async waiting(): Promise<number | undefined> {
    return this.#consumer?.waiting();
  }

  /** The ids of the messages that are not acknowledged yet. */
  get unacknowledged(): readonly unknown[] {
    return Array.from(this.#unacknowledged, ({ message }) => message.headers[Header.id]);
  }

  /** Stops taking deliveries, and waits until the unacknowledged ones are settled, at the latest until the deadline. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping.abort();
    this.#pipeline.stop();
    this.#options.gateChanges?.endWaits();
    // A broker that does not answer must not delay the end either.
    if (await completesWithin(deadlineMs, this.finish())) return;
    const { unacknowledged } = this;
    this.#options.logger.warn({ unacknowledged }, 'not finished in time; these messages are requeued');
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
    this.#unacknowledged.add(delivery);
    let outcome: DeliveryOutcome = 'requeued';
    try {
      const place = this.#places.take(delivery);
      if (place) await place;
      if (place && this.#isFinishing) delivery.release();
      else ({ outcome } = await this.#handle(delivery));
    } catch (error) {
      // Nothing above may throw; if it does, the delivery must not stay unacknowledged.
      await this.#giveUp(delivery, error);
    }
    this.#places.leave(delivery);
    this.#unacknowledged.delete(delivery);
    this.#consumption.deliveries.remove(delivery, outcome);
    this.#consumption.onSettled();
    if (this.#unacknowledged.size === 0) for (const idle of this.#whenIdle.splice(0)) idle();
  }

  async #giveUp(delivery: Delivery, error: unknown): Promise<void> {
    const { message: reason, stackTrace } = errorSnapshot(error);
    this.#options.logger.error({ reason, stackTrace }, 'a delivery could not be processed');
    try {
      await this.#recovery.requeue(delivery);
    } catch (error) {
      // Its channel is closed: the broker has requeued the message.
      this.#options.logger.error({ reason: errorSnapshot(error).message }, 'a delivery could not be requeued');
    }
  }

  /** Stops receiving. The other unacknowledged deliveries are finished. */
  async #halt(delivery: Delivery): Promise<void> {
    if (this.#halted === undefined) {
      this.#halted =
        'stopped: a failed message could be neither retried nor dead-lettered. See the log, and start the gateway again';
      this.#options.logger.fatal(this.#halted);
    }
    // Before the release, or this very process would receive it again.
    await this.#consumer?.stop();
    delivery.release();
  }
}
