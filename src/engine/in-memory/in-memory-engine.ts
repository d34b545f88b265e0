import { LittoralError } from '../../errors.ts';
import { withoutBrokerNotes } from '../../message/broker-notes.ts';
import type { TransportMessage } from '../../message/transport-message.ts';
import { KeyedMutex } from '../../promise/keyed-mutex.ts';
import { type Clock, systemClock } from '../../time/clock.ts';
import { completesWithin } from '../../time/timeout.ts';
import { busExchange } from '../broker/bus-exchange.ts';
import { readXDeath } from '../broker/read-broker-notes.ts';
import { topicKeyMatcher } from '../broker/topic-index.ts';
import { withTopicKeys } from '../broker/topic-pattern.ts';
import type { BrowseOptions } from '../browsing.ts';
import type { Consumer, Subscription } from '../delivery.ts';
import type { Engine, EngineFeatures, EngineHealth, EngineStatus } from '../engine.ts';
import { PendingVisits } from '../pending-visits.ts';
import type { DelayedPublication, Publication, PublishReceipt } from '../publication.ts';
import { queueBusy } from '../queue-busy.ts';
import { DelayedArrivals } from './delayed-arrivals.ts';
import { InMemoryConsumer } from './in-memory-consumer.ts';
import { InMemoryQueues } from './in-memory-queues.ts';
import { isolatedMessage, messageIdOf } from './isolated-message.ts';

/** Time that a browse waits for another one of the same queue. */
const browseWaitMs = 5_000;

export interface InMemoryEngineOptions {
  /**
   * How many messages may wait in a queue, dead letter queues excepted, and how many may be delayed. Beyond, a publish
   * is refused as `nacked`. Default: 100,000.
   */
  readonly maxMessages?: number;
  /** The clock by which messages expire. Default: that of the system. */
  readonly clock?: Clock;
}

/** The features of the queues that it imitates. */
export const inMemoryFeatures = {
  settle: 'each',
  unroutable: 'reported',
  delays: true,
  browse: 'inPlace',
  order: 'queue',
} as const satisfies EngineFeatures;

/**
 * A broker within the process: a topic exchange and queues with the behaviour of RabbitMQ's quorum queues. Nothing
 * outlives the process, and nothing that waits keeps it alive.
 */
export class InMemoryEngine implements Engine {
  readonly name = 'in-memory';
  readonly durable = false;
  readonly features = inMemoryFeatures;
  readonly #maxMessages: number;
  readonly #queues: InMemoryQueues;
  readonly #consumers = new Set<InMemoryConsumer>();
  readonly #delayed: DelayedArrivals;
  readonly #mutex = new KeyedMutex(browseWaitMs, queueBusy);
  #started = false;
  #closed: Promise<void> | undefined;

  constructor({ maxMessages = 100_000, clock = systemClock }: InMemoryEngineOptions = {}) {
    this.#maxMessages = maxMessages;
    this.#queues = new InMemoryQueues(clock, maxMessages);
    this.#delayed = new DelayedArrivals(clock);
  }

  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    for (const consumer of this.#consumers) consumer.attach();
  }

  /** @throws LittoralError `topology-mismatch` when the queue exists with another dead letter queue */
  subscribe(subscription: Subscription): Consumer {
    const queue = this.#queues.declare(subscription);
    const { bindingKeys, retiredKeys = [] } = withTopicKeys(subscription);
    queue.bind(bindingKeys);
    queue.unbind(retiredKeys);
    const consumer = new InMemoryConsumer(queue, subscription);
    this.#consumers.add(consumer);
    if (this.#closed !== undefined) consumer.detach('the channel is closed');
    else if (this.#started) consumer.attach();
    return consumer;
  }

  keyMatcher(bindingKeys: readonly string[]): (routingKey: string) => boolean {
    return topicKeyMatcher(bindingKeys);
  }

  // Without an await before the messages are in their queues: the order of the calls is the order of the messages.
  async publish(publication: Publication): Promise<PublishReceipt> {
    const { to, message, timeToLiveMs } = publication;
    this.#assertOpen(message);
    if (publication.delayMs !== undefined) return this.#delay(publication);
    const queues = this.#queues.at(to);
    if (queues.length === 0) return { routed: false };
    const route = 'bus' in to ? { exchange: busExchange, routingKey: to.bus } : { exchange: '', routingKey: to.queue };
    const arrival = { message: isolatedMessage(message), ...route, timeToLiveMs };
    const full = queues.filter((queue) => queue.isFull);
    for (const queue of queues) {
      if (!full.includes(queue)) queue.put(arrival);
    }
    if (full.length > 0) {
      const names = full.map((queue) => `'${queue.name}'`).join(', ');
      const detail = `No room in ${names}: ${this.#maxMessages} messages wait. Consume them, or raise maxMessages.`;
      throw new LittoralError('nacked', detail, messageIdOf(message));
    }
    return { routed: true };
  }

  // A message is in its queues before anything else is published.
  hasRoomFor(): boolean {
    return true;
  }

  publishesAtOnce(): boolean {
    return true;
  }

  async roomMade(): Promise<void> {}

  async hasQueue(queue: string): Promise<boolean> {
    this.#assertOpen();
    return this.#queues.get(queue) !== undefined;
  }

  async browse(name: string, browsing: BrowseOptions): Promise<void> {
    this.#assertOpen();
    await this.#mutex.run(name, async () => {
      const queue = this.#queues.get(name);
      if (queue?.isConsumed) throw queueBusy(name);
      const visits = new PendingVisits(browsing);
      const waiting = queue?.waiting ?? [];
      for (const [index, queued] of waiting.slice(0, browsing.upTo).entries()) {
        this.#assertOpen();
        const { message } = queued;
        const death = readXDeath(message.headers);
        visits.visit({ message, death, position: index + 1, total: waiting.length }, (action) => {
          if (action === 'remove') queue?.remove(queued);
        });
        while (visits.size >= (browsing.window ?? 2000)) await visits.next();
        if (visits.ended) break;
      }
      await visits.finish();
    });
  }

  health(): EngineHealth {
    if (this.#closed !== undefined) return { ready: false, reason: 'the channel is closed' };
    if (!this.#started) return { ready: false, reason: 'the channel has not been started' };
    return { ready: true };
  }

  status(): EngineStatus {
    return { inFlight: 0, inFlightBytes: 0, connections: [] };
  }

  async countWaiting(queue: string): Promise<number | undefined> {
    return this.#queues.get(queue)?.length;
  }

  close(deadlineMs: number): Promise<void> {
    this.#closed ??= this.#closeWithin(deadlineMs);
    return this.#closed;
  }

  /** Returns what waits in a queue, the next one first, without unacknowledged messages. No such queue: nothing. */
  messages(queue: string): TransportMessage[] {
    return this.#queues.get(queue)?.messages ?? [];
  }

  /** Counts the messages that wait in a queue. No such queue: 0. */
  waiting(queue: string): number {
    return this.#queues.get(queue)?.length ?? 0;
  }

  async #closeWithin(deadlineMs: number): Promise<void> {
    for (const consumer of this.#consumers) consumer.detach('the channel is closed');
    const queues = this.#queues.all();
    await completesWithin(deadlineMs, Promise.all(queues.map((queue) => queue.allSettled())));
    for (const queue of queues) queue.close();
    this.#delayed.clear();
  }

  #delay({ to, message: { headers, body }, delayMs }: DelayedPublication): PublishReceipt {
    const message = isolatedMessage({ headers: withoutBrokerNotes(headers), body });
    if (this.#delayed.size >= this.#maxMessages) {
      const detail = `No room: ${this.#maxMessages} messages are delayed. Wait until some are due, or raise maxMessages.`;
      throw new LittoralError('nacked', detail, messageIdOf(message));
    }
    const arrival = { message, exchange: '', routingKey: to.queue, timeToLiveMs: undefined };
    this.#delayed.add(arrival, this.#queues.declare(to), delayMs);
    return { routed: true };
  }

  #assertOpen(message?: TransportMessage): void {
    if (this.#closed !== undefined) {
      throw new LittoralError('draining', 'The in-memory channel is closed: nothing was sent.', messageIdOf(message));
    }
    if (!this.#started) {
      throw new LittoralError(
        'broker-unavailable',
        'The in-memory channel has not been started.',
        messageIdOf(message),
      );
    }
  }
}
