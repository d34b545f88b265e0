import type { Channel, ConsumeMessage } from 'amqplib';
import { errorMessage } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';
import { EarlierDeliveries } from './earlier-deliveries.ts';

export interface AmqpAcknowledgementsOptions {
  readonly channel: Channel;
  /** Holds the socket's writes back until the end of this turn of the event loop. */
  readonly corkSocket: () => void;
  readonly logger: Logger;
}

/**
 * Settles the deliveries of one channel. Acknowledgements of one turn of the event loop are sent at the end of that
 * turn: in one frame if possible, else in one write.
 */
export class AmqpAcknowledgements {
  readonly #channel: Channel;
  readonly #corkSocket: () => void;
  readonly #logger: Logger;
  /** The delivery tags of unacknowledged deliveries: those that are not settled. */
  readonly #unacknowledged = new Set<number>();
  /** Acknowledged deliveries whose acknowledgements have not been sent. */
  #done: ConsumeMessage[] = [];
  /** Released deliveries that wait until no other one is unacknowledged. Undefined while each is requeued at once. */
  #requeued: Set<number> | undefined;
  /** No tag below this one is unacknowledged. */
  #oldest = 1;
  /** No tag above this one was delivered. */
  #newest = 0;
  readonly #whenSettled: (() => void)[] = [];
  readonly #earlier = new EarlierDeliveries();

  constructor({ channel, corkSocket, logger }: AmqpAcknowledgementsOptions) {
    this.#channel = channel;
    this.#corkSocket = corkSocket;
    this.#logger = logger;
  }

  /** Returns the number of unacknowledged deliveries. */
  get unacknowledged(): number {
    return this.#unacknowledged.size;
  }

  /** Adds an unacknowledged delivery. The broker counts the tags of a channel upwards from 1. */
  add({ fields }: ConsumeMessage): void {
    this.#newest = fields.deliveryTag;
    this.#unacknowledged.add(fields.deliveryTag);
  }

  /** Acknowledges a delivery. Does nothing if it is settled. */
  acknowledge(message: ConsumeMessage): void {
    if (!this.#remove(message)) return;
    // This runs after every promise that is resolved by now, and in time for this turn's write. The acknowledgements of
    // an immediate would be written only in the next turn, after everything that has arrived by then was handled.
    if (this.#done.length === 0) process.nextTick(() => this.flush());
    this.#done.push(message);
  }

  /**
   * Requeues a delivery, or drops it, at once. Does nothing if it is settled.
   *
   * @param requeue false: the broker drops it, or dead-letters it where the queue says so
   * @param deliveryFailed whether a requeued message counts as a failed delivery. RabbitMQ before 4.3 counts in any
   * case
   */
  nack(message: ConsumeMessage, requeue: boolean, deliveryFailed = false): void {
    const { deliveryTag } = message.fields;
    if (requeue && this.#requeued && this.#unacknowledged.has(deliveryTag)) {
      this.#requeued.add(deliveryTag);
      this.#requeueIfLast();
    } else if (this.#remove(message)) {
      if (deliveryFailed) this.#channel.reject(message, requeue);
      else this.#channel.nack(message, false, requeue);
      this.#corkSocket();
    }
  }

  /**
   * Requeues from now on only when all unacknowledged deliveries are released, because RabbitMQ keeps the order in
   * which they arrive. The consumers must have stopped, or a requeued message would be redelivered at once.
   */
  requeueInOrder(): void {
    this.#requeued ??= new Set();
  }

  /** Ends `requeueInOrder`. Requeues at once, in their order, what was released and waits for others. */
  requeueAtOnce(): void {
    const tags = [...(this.#requeued ?? [])];
    this.#requeued = undefined;
    for (const tag of tags) this.#delete(tag);
    this.#requeue(tags);
    this.#resolveSettled();
  }

  /**
   * Requeues all unacknowledged deliveries in their order. The end of the channel would do that as well, but from
   * RabbitMQ 4.3 on a message that is requeued here does not count as a failed delivery.
   */
  requeueAll(): void {
    const tags = [...this.#unacknowledged];
    this.#clear();
    this.#requeue(tags);
  }

  /** Sends the acknowledgements so far. */
  flush(): void {
    const done = this.#done;
    if (done.length === 0) return;
    this.#done = [];
    try {
      this.#send(done);
      this.#corkSocket();
    } catch (error) {
      // The channel is being closed: the broker requeues what was not acknowledged there.
      this.#logger.debug({ reason: errorMessage(error) }, 'the channel ended before an acknowledgement');
    }
  }

  /** Returns the number of unacknowledged deliveries that arrived before the last call of `markEarlier`. */
  get earlier(): number {
    return this.#earlier.count;
  }

  /**
   * Counts all deliveries so far as earlier ones.
   *
   * @param onSettled called in the turn after some of them were settled
   */
  markEarlier(onSettled: () => void): void {
    this.#earlier.mark(this.#newest, this.#unacknowledged.size, onSettled);
  }

  /** Resolves once no delivery is unacknowledged. */
  async settled(): Promise<void> {
    if (this.#unacknowledged.size > 0) await new Promise<void>((resolve) => this.#whenSettled.push(resolve));
  }

  /** Forgets all deliveries, because the channel has ended: the broker has requeued what was not acknowledged. */
  end(): void {
    this.#clear();
    this.#done = [];
  }

  #clear(): void {
    this.#unacknowledged.clear();
    this.#requeued?.clear();
    this.#earlier.clear();
    this.#resolveSettled();
  }

  #requeue(tags: readonly number[]): void {
    if (tags.length === 0) return;
    const ascending = tags.toSorted((one, other) => one - other);
    for (const deliveryTag of ascending) this.#channel.nack({ fields: { deliveryTag } } as ConsumeMessage, false, true);
    this.#corkSocket();
  }

  #resolveSettled(): void {
    if (this.#unacknowledged.size === 0) for (const resolve of this.#whenSettled.splice(0)) resolve();
  }

  /** @returns false if the delivery was settled before */
  #remove({ fields }: ConsumeMessage): boolean {
    if (this.#requeued?.has(fields.deliveryTag) || !this.#delete(fields.deliveryTag)) return false;
    this.#requeueIfLast();
    this.#resolveSettled();
    return true;
  }

  /** @returns false if the delivery was settled before */
  #delete(deliveryTag: number): boolean {
    if (!this.#unacknowledged.delete(deliveryTag)) return false;
    this.#earlier.settled(deliveryTag);
    return true;
  }

  #requeueIfLast(): void {
    if (this.#requeued !== undefined && this.#requeued.size === this.#unacknowledged.size) this.requeueAll();
  }

  // An acknowledgement of "all up to this one" includes every unacknowledged delivery below it, and RabbitMQ closes the
  // channel over one that names a delivery which is settled already. So it names the newest of those that were
  // acknowledged in this turn and have no unacknowledged delivery below them; the others are named one by one.
  #send(done: readonly ConsumeMessage[]): void {
    const oldest = this.#oldestUnacknowledged();
    let upTo: ConsumeMessage | undefined;
    for (const message of done) {
      const { deliveryTag } = message.fields;
      if (deliveryTag > oldest) this.#channel.ack(message);
      else if (upTo === undefined || deliveryTag > upTo.fields.deliveryTag) upTo = message;
    }
    if (upTo) this.#channel.ack(upTo, true);
  }

  #oldestUnacknowledged(): number {
    while (this.#oldest <= this.#newest && !this.#unacknowledged.has(this.#oldest)) this.#oldest += 1;
    return this.#oldest;
  }
}
