import { fromDueMessage } from '../bus/due-message.ts';
import { publishOnBus } from '../bus/publish-on-bus.ts';
import type { ServiceMap } from '../bus/service-map.ts';
import { TurnoverSet } from '../collection/turnover-set.ts';
import type { Consumer, Delivery, Subscriber } from '../engine/delivery.ts';
import type { Publisher } from '../engine/publication.ts';
import { retryWhileBusy } from '../engine/retry-while-busy.ts';
import { isLittoralError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { describeMessage } from '../message/describe-message.ts';
import { DeadLetterOutlet, isRefusal, timesSetAside, withoutSetAside } from '../recovery/dead-letter-outlet.ts';
import { DeliveryPlaces } from '../recovery/delivery-places.ts';
import { errorSnapshot } from '../recovery/error-snapshot.ts';
import { Recovery } from '../recovery/recovery.ts';
import { errorText } from '../text/error-chain.ts';
import { completesWithin } from '../time/timeout.ts';
import { dueQueue } from '../wire/service-queue.ts';

export interface DelayedMessageForwarderOptions {
  readonly service: string;
  readonly channel: Publisher & Subscriber;
  /** True to look up a destination again when a command or message for it is due. */
  readonly checkDestinations: boolean;
  /** The services whose queues are addressed by name. Default: none. */
  readonly serviceMap?: ServiceMap | undefined;
  readonly logger: Logger;
  /** The publisher of dead letters. Default: a separate one. */
  readonly deadLetterOutlet?: DeadLetterOutlet | undefined;
}

/** Small enough to leave most of the publishes in flight to callers that wait for an answer. */
const prefetch = 100;

/** Further delay of a due message that its queue refuses: a single delay level. */
const refusedDelayMs = 2 ** 16 - 1;

/**
 * Publishes the delayed messages of a service when they are due. Every process of the service does, also one that
 * consumes nothing else, because no other service would.
 */
export class DelayedMessageForwarder {
  readonly #options: DelayedMessageForwarderOptions;
  readonly #recovery: Recovery;
  readonly #outlet: DeadLetterOutlet;
  readonly #places = new DeliveryPlaces(prefetch);
  readonly #stopping = new AbortController();
  readonly #unacknowledged = new TurnoverSet<Promise<void>>();
  #consumer: Consumer | undefined;
  #droppedEvents = 0;

  constructor(options: DelayedMessageForwarderOptions) {
    this.#options = options;
    const from = dueQueue(options.service);
    const stopping = this.#stopping.signal;
    this.#outlet = options.deadLetterOutlet ?? new DeadLetterOutlet(options);
    this.#recovery = new Recovery({ ...options, from, stopping, outlet: this.#outlet, places: this.#places });
  }

  /** Starts to consume, now or as soon as the engine has a connection. */
  start(): void {
    const { service, channel } = this.#options;
    const onDelivery = (delivery: Delivery) => {
      const work = this.#receive(delivery).finally(() => this.#unacknowledged.delete(work));
      this.#unacknowledged.add(work);
    };
    this.#consumer = channel.subscribe({ ...dueQueue(service), bindingKeys: [], prefetch, onDelivery });
  }

  /** The reason why no due message is published at the moment; undefined if there is none, or before the start. */
  get detached(): string | undefined {
    return this.#consumer?.detached;
  }

  /** Returns a problem that does not stop publishing; undefined if there is none. */
  get warning(): string | undefined {
    return this.#recovery.problem;
  }

  /** Stops consuming, and waits for unacknowledged deliveries, at the latest until the deadline. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping.abort();
    const finish = async () => {
      await this.#consumer?.stop();
      await Promise.all(this.#unacknowledged);
    };
    await completesWithin(deadlineMs, finish());
  }

  async #receive(delivery: Delivery): Promise<void> {
    const earlier = timesSetAside(delivery.message);
    try {
      await (earlier === undefined ? this.#publish(delivery) : this.#publishDeadLetter(delivery, earlier));
    } catch (error) {
      // Its channel is closed: the broker has taken the message back.
      this.#options.logger.error({ reason: errorSnapshot(error).message }, 'a due message could not be settled');
    }
    this.#places.leave(delivery);
  }

  /**
   * Publishes, waits for the confirm, then acknowledges. If the process dies in between, the message is published
   * again.
   */
  async #publish(delivery: Delivery): Promise<void> {
    const { logger } = this.#options;
    const fields = describeMessage(delivery.message);
    try {
      const due = fromDueMessage(delivery.message);
      const routed = await retryWhileBusy(() => publishOnBus(due, this.#options), this.#stopping.signal);
      delivery.acknowledge();
      if (routed) logger.debug(fields, 'published when due');
      else this.#countDropped(fields);
    } catch (error) {
      const { message: reason } = errorSnapshot(error);
      if (isLittoralError(error) && !error.retryable) {
        logger.error({ ...fields, reason }, 'a due message cannot be published');
        await this.#recovery.settle(delivery, [{ kind: 'failed', error }], undefined);
      } else if (!(await this.#delayAgain(delivery, error))) {
        logger.warn({ ...fields, reason }, 'due message was not published; it will be redelivered');
        await this.#recovery.requeue(delivery);
      }
    }
  }

  /** Delays a refused message again while many are held, because messages for other queues are due as well. */
  async #delayAgain(delivery: Delivery, error: unknown): Promise<boolean> {
    const { channel, service, logger } = this.#options;
    const isRefused = isLittoralError(error) && (error.code === 'nacked' || error.code === 'confirm-timeout');
    if (!isRefused || this.#stopping.signal.aborted || this.#places.holdWithinHalf(delivery)) return false;
    const { message } = delivery;
    try {
      await channel.publish({ to: dueQueue(service), message, delayMs: refusedDelayMs });
      delivery.acknowledge();
    } catch {
      return false;
    }
    const fields = { ...describeMessage(message), againAfterMs: refusedDelayMs, reason: errorText(error) };
    logger.warn(fields, 'due message delayed again: a queue does not take it');
    return true;
  }

  /**
   * Publishes a dead letter that was set aside. If it is refused again, it is set aside again, so that no due message
   * waits.
   */
  async #publishDeadLetter(delivery: Delivery, earlier: number): Promise<void> {
    const message = withoutSetAside(delivery.message);
    const publish = async () => {
      try {
        await this.#outlet.publish(message);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        await this.#outlet.setAside(message, earlier);
      }
    };
    try {
      await retryWhileBusy(publish, this.#stopping.signal);
      delivery.acknowledge();
    } catch (error) {
      const fields = { ...describeMessage(message), reason: errorSnapshot(error).message };
      this.#options.logger.warn(fields, 'dead letter could be neither published nor set aside; it will be redelivered');
      await this.#recovery.requeue(delivery);
    }
  }

  #countDropped(fields: Readonly<Record<string, unknown>>): void {
    this.#droppedEvents += 1;
    const counted = { ...fields, droppedEvents: this.#droppedEvents };
    this.#options.logger.warn(counted, 'due event dropped: no service subscribes to it');
  }
}
