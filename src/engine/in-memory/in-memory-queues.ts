import { LittoralError } from '../../errors.ts';
import type { Clock } from '../../time/clock.ts';
import type { Address, QueueSpec } from '../publication.ts';
import { InMemoryQueue, type QueueOptions } from './in-memory-queue.ts';

/** The queues of the in-memory engine by name, and the exchange that routes to them. */
export class InMemoryQueues {
  readonly #clock: Clock;
  readonly #maxMessages: number;
  readonly #queues = new Map<string, InMemoryQueue>();

  /** @param maxMessages maximum number of waiting messages of a queue. Dead letter queues have no limit */
  constructor(clock: Clock, maxMessages: number) {
    this.#clock = clock;
    this.#maxMessages = maxMessages;
  }

  get(name: string): InMemoryQueue | undefined {
    return this.#queues.get(name);
  }

  all(): InMemoryQueue[] {
    return [...this.#queues.values()];
  }

  /** Returns the queues to which a message for an address is routed. */
  at(to: Address): InMemoryQueue[] {
    if ('bus' in to) return this.all().filter((queue) => queue.isBoundTo(to.bus));
    const queue = this.get(to.queue);
    return queue === undefined ? [] : [queue];
  }

  /**
   * Returns a queue, and creates it with its dead letter queue if it does not exist.
   *
   * @throws LittoralError `topology-mismatch` when the queue exists with another dead letter queue
   */
  declare({ queue: name, deadLetterQueue: deadLetterName, ordered }: QueueSpec): InMemoryQueue {
    const existing = this.get(name);
    if (existing === undefined) {
      const deadLetterQueue = this.get(deadLetterName) ?? this.#add({ name: deadLetterName, maxMessages: Infinity });
      return this.#add({ name, maxMessages: this.#maxMessages, deadLetterQueue, ordered });
    }
    if (existing.deadLetterQueue?.name !== deadLetterName) {
      const found = existing.deadLetterQueue === undefined ? 'none' : `'${existing.deadLetterQueue.name}'`;
      throw new LittoralError(
        'topology-mismatch',
        `Queue '${name}' exists with ${found} as its dead letter queue, not '${deadLetterName}'. Choose another name.`,
      );
    }
    return existing;
  }

  #add(options: Omit<QueueOptions, 'clock'>): InMemoryQueue {
    const queue = new InMemoryQueue({ ...options, clock: this.#clock });
    this.#queues.set(queue.name, queue);
    return queue;
  }
}
