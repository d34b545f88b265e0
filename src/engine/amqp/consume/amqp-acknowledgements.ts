import type { Channel, ConsumeMessage } from 'amqplib';
import { errorMessage } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';

export interface AmqpAcknowledgementsOptions {
  readonly channel: Channel;
  /** Holds the socket's writes back until the end of this turn of the event loop. */
  readonly corkSocket: () => void;
  readonly logger: Logger;
}

/**
 * Settles the deliveries of one channel. What is acknowledged in one turn of the event loop is told to the broker at the
 * end of that turn: in one frame where it can be, else in one write.
 */
export class AmqpAcknowledgements {
  readonly #channel: Channel;
  readonly #corkSocket: () => void;
  readonly #logger: Logger;
  /** The delivery tags of what is in hand: neither acknowledged nor refused. */
  readonly #unacknowledged = new Set<number>();
  /** Acknowledged, and not told to the broker yet. */
  #done: ConsumeMessage[] = [];
  /** Given back, and held until nothing else is in hand. Undefined while what is given back goes at once. */
  #requeued: Set<number> | undefined;
  /** No tag below this one is in hand. */
  #oldest = 1;
  /** No tag above this one was delivered. */
  #newest = 0;
  readonly #whenSettled: (() => void)[] = [];
  readonly #whenSettledUpTo: { readonly upTo: number; resolve(): void }[] = [];

  constructor({ channel, corkSocket, logger }: AmqpAcknowledgementsOptions) {
    this.#channel = channel;
    this.#corkSocket = corkSocket;
    this.#logger = logger;
  }

  /** Takes a delivery in hand. The broker counts the tags of a channel upwards from 1. */
  add({ fields }: ConsumeMessage): void {
    this.#newest = fields.deliveryTag;
    this.#unacknowledged.add(fields.deliveryTag);
  }

  /** Nothing happens for what is not in hand any more. */
  acknowledge(message: ConsumeMessage): void {
    if (!this.#remove(message)) return;
    // Behind every promise that is resolved by now, and in time for this turn's write: an immediate would be written in
    // the next turn only, after all that has arrived by then was handled.
    if (this.#done.length === 0) process.nextTick(() => this.flush());
    this.#done.push(message);
  }

  /**
   * Gives a delivery back, or drops it, at once. Nothing happens for what is not in hand any more.
   *
   * @param requeue false: the broker drops it, or dead-letters it where the queue says so
   * @param deliveryFailed whether it counts against a message that is given back. RabbitMQ before 4.3 counts in any case
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
   * From now on what is given back waits for all else that is in hand: RabbitMQ keeps the order in which it comes. To be
   * called when nothing more is delivered, or it would come again at once.
   */
  requeueInOrder(): void {
    this.#requeued ??= new Set();
  }

  /**
   * Gives back everything that is in hand, in its order. The end of the channel would do that too, but from RabbitMQ 4.3
   * on what is given back so does not count as a failed delivery.
   */
  requeueAll(): void {
    const tags = [...this.#unacknowledged].sort((one, other) => one - other);
    this.#clear();
    for (const deliveryTag of tags) this.#channel.nack({ fields: { deliveryTag } } as ConsumeMessage, false, true);
    this.#corkSocket();
  }

  /** Tells the broker what was acknowledged so far. */
  flush(): void {
    const done = this.#done;
    if (done.length === 0) return;
    this.#done = [];
    try {
      this.#tell(done);
      this.#corkSocket();
    } catch (error) {
      // The channel is being closed: the broker takes back what it was not told of.
      this.#logger.debug({ reason: errorMessage(error) }, 'the channel ended before an acknowledgement');
    }
  }

  /** Returns the number of unacknowledged deliveries. */
  get unacknowledged(): number {
    return this.#unacknowledged.size;
  }

  /** Resolves once every delivery that arrived before the call is acknowledged or requeued. */
  async settledSoFar(): Promise<void> {
    const upTo = this.#newest;
    if (this.#oldestUnacknowledged() <= upTo)
      await new Promise<void>((resolve) => this.#whenSettledUpTo.push({ upTo, resolve }));
  }

  /** Resolves once nothing is in hand. */
  async settled(): Promise<void> {
    if (this.#unacknowledged.size > 0) await new Promise<void>((resolve) => this.#whenSettled.push(resolve));
  }

  /** To be told that the channel is gone: the broker has taken back what was not acknowledged. */
  end(): void {
    this.#clear();
    this.#done = [];
  }

  #clear(): void {
    this.#unacknowledged.clear();
    this.#requeued?.clear();
    this.#tellSettled();
  }

  #tellSettled(): void {
    if (this.#whenSettledUpTo.length > 0) {
      const oldest = this.#oldestUnacknowledged();
      const due = this.#whenSettledUpTo.filter(({ upTo }) => oldest > upTo);
      for (const one of due) {
        this.#whenSettledUpTo.splice(this.#whenSettledUpTo.indexOf(one), 1);
        one.resolve();
      }
    }
    if (this.#unacknowledged.size === 0) for (const resolve of this.#whenSettled.splice(0)) resolve();
  }

  /** @returns false when it was not in hand any more */
  #remove({ fields }: ConsumeMessage): boolean {
    if (this.#requeued?.has(fields.deliveryTag) || !this.#unacknowledged.delete(fields.deliveryTag)) return false;
    this.#requeueIfLast();
    this.#tellSettled();
    return true;
  }

  #requeueIfLast(): void {
    if (this.#requeued !== undefined && this.#requeued.size === this.#unacknowledged.size) this.requeueAll();
  }

  // An acknowledgement of "all up to this one" sweeps along whatever is still in hand below it, and RabbitMQ closes the
  // channel over one that names a delivery which is settled already. So it names the newest of those that were
  // acknowledged in this turn and have nothing in hand below them; the others are named one by one.
  #tell(done: readonly ConsumeMessage[]): void {
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
