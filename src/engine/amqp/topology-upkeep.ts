import { completesWithin } from '../../time/timeout.ts';
import type { Subscription } from '../delivery.ts';
import type { Address } from '../publication.ts';
import type { AmqpBusExchange } from './amqp-bus-exchange.ts';
import type { AmqpDeadLetterQueues } from './amqp-dead-letter-queues.ts';
import type { AmqpConnection } from './connection/amqp-connection.ts';
import type { AmqpConsumer } from './consume/amqp-consumer.ts';
import type { AmqpDelays } from './delay/amqp-delays.ts';
import { TopologyCheck } from './topology-check.ts';

export interface TopologyUpkeepOptions {
  /** Milliseconds between two checks. */
  readonly intervalMs: number;
  readonly publishing: AmqpConnection;
  readonly bus: AmqpBusExchange;
  readonly deadLetterQueues: AmqpDeadLetterQueues;
  readonly delays: AmqpDelays;
  /** The consumers of the engine. Consumers can be added later. */
  readonly consumers: readonly AmqpConsumer[];
  /** Returns whether the engine is closing. */
  readonly isClosing: () => boolean;
}

/** Time that an unrouted message waits for a missing binding of this service to be restored. */
const restoreMs = 5_000;

/** Number of checks of queues and bindings per check of the delay levels. */
const delayTopologyEvery = 6;

/** Time that a check waits for the check of the exchange. After it, the check continues with the queues. */
const verifyBusMs = 10_000;

/**
 * Restores the exchange, the queues and the bindings that the engine declares: at an interval, and when a message finds
 * one missing. Declares delay levels before they are needed.
 */
export class TopologyUpkeep {
  readonly #options: TopologyUpkeepOptions;
  readonly #check: TopologyCheck;
  /** Number of checks so far. */
  #checks = 0;
  /** Delays to prepare for, with the queue that delayed messages are delivered to. */
  readonly #delayed: { readonly to: Subscription; readonly delaysMs: readonly number[] }[] = [];

  constructor(options: TopologyUpkeepOptions) {
    this.#options = options;
    this.#check = new TopologyCheck({ intervalMs: options.intervalMs, check: () => this.#verify() });
  }

  start(): void {
    this.#check.start();
  }

  /** Requests a check. Resolves when a check that started at or after the call has ended. */
  check(): Promise<void> {
    return this.#check.now();
  }

  close(): void {
    this.#check.close();
  }

  /** Restores the queues and bindings that this engine declares for an address. Returns whether there are any. */
  async restore(to: Address): Promise<boolean> {
    const { publishing, consumers, deadLetterQueues } = this.#options;
    const { model } = publishing;
    if (!model) return false;
    if ('bus' in to) {
      // A binding of this service should have routed the message.
      if (!consumers.some((consumer) => consumer.isBoundTo(to.bus))) return false;
      return completesWithin(restoreMs, this.#check.now());
    }
    if (!consumers.some((consumer) => consumer.deadLetterQueue === to.queue)) return false;
    await deadLetterQueues.ensure(model, to.queue);
    return true;
  }

  /** Adds the delays of a subscription to those that are prepared. */
  add(to: Subscription, delaysMs: readonly number[]): void {
    this.#delayed.push({ to, delaysMs });
  }

  /** Declares the delay levels of the consumers in advance, unless they are prepared already. Never rejects. */
  async prepareDelays(): Promise<void> {
    const { publishing, delays, isClosing } = this.#options;
    if (isClosing() || publishing.failure !== undefined) return;
    for (const { to, delaysMs } of this.#delayed) await delays.prepare(to, delaysMs);
  }

  /** Verifies the topology. Never rejects. */
  async #verify(): Promise<void> {
    const { publishing, bus, delays, consumers } = this.#options;
    const { model } = publishing;
    const ensured = async () => model && bus.ensure(model);
    // Each consumer reports a problem with the exchange as well.
    await completesWithin(verifyBusMs, ensured()).catch(() => {});
    // There are up to 31 levels, and they are rarely missing. They are checked before the consumers, because each
    // consumer binds its queue to the delivery exchange below the levels.
    this.#checks += 1;
    if (this.#checks % delayTopologyEvery === 0) await delays.restore();
    await Promise.all(consumers.map((consumer) => consumer.verify()));
    void this.prepareDelays();
  }
}
