import { setTimeout as delay } from 'node:timers/promises';
import type { ChannelModel } from 'amqplib';
import type { QueueSpec } from '../../publication.ts';
import { brokerSeries } from '../broker-replies.ts';

/**
 * A RabbitMQ that is killed can lose the quorum queue that was declared last (see `leaderless-queue.ts`): it keeps
 * what it needs to find the queue's messages in a write cache (Erlang's dets). 3.x writes that cache every 3 s, 4.x
 * after half a second, and the write itself takes time. docs/delays.md has the measurements.
 */
const untilDurableMs = { 3: 3200, 4: 1500 };

/** Resolves once RabbitMQ has written earlier declarations to disk. */
export function untilDurable(model: ChannelModel): Promise<void> {
  const ms = brokerSeries(model) >= 4 ? untilDurableMs[4] : untilDurableMs[3];
  return delay(ms, undefined, { ref: false });
}

/** The part of the delay topology that is known to exist, on one connection. */
export class DelayTopologyState {
  readonly model: ChannelModel;
  readonly exchanges = new Set<number>();
  readonly #queues = new Map<number, Promise<void>>();
  readonly #deliveries = new Map<string, Promise<void>>();

  constructor(model: ChannelModel) {
    this.model = model;
  }

  /** Returns the levels whose queues exist. */
  get levels(): Iterable<number> {
    return this.#queues.keys();
  }

  /** A queue is declared last, after all that a message needs below it. */
  has({ queue }: QueueSpec, levels: readonly number[]): boolean {
    return this.#deliveries.has(queue) && levels.every((level) => this.#queues.has(level));
  }

  hasLevel(level: number): boolean {
    return this.#queues.has(level);
  }

  /** @param durable resolves once RabbitMQ has written the declaration to disk */
  addLevel(level: number, durable: Promise<void>): void {
    this.#queues.set(level, durable);
    durable.catch(() => {}); // Each message that waits for it gets the error.
  }

  hasDelivery({ queue }: QueueSpec): boolean {
    return this.#deliveries.has(queue);
  }

  /** @param durable resolves once RabbitMQ has written the declaration to disk */
  addDelivery({ queue }: QueueSpec, durable: Promise<void>): void {
    this.#deliveries.set(queue, durable);
  }

  /**
   * Resolves once everything that a message on these levels needs is on disk: for equal levels, in the order of
   * the calls.
   */
  async durable({ queue }: QueueSpec, levels: readonly number[]): Promise<void> {
    await Promise.all([this.#deliveries.get(queue), ...levels.map((level) => this.#queues.get(level))]);
  }
}
