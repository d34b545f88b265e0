import type { Channel, ConsumeMessage } from 'amqplib';
import { messageOf } from '../../../errors.ts';
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
  readonly #inHand = new Set<number>();
  /** Acknowledged, and not told to the broker yet. */
  #done: ConsumeMessage[] = [];
  /** Given back, and held until nothing else is in hand. Undefined while what is given back goes at once. */
  #givenBack: Set<number> | undefined;
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
    this.#inHand.add(fields.deliveryTag);
  }

  /** Nothing happens for what is not in hand any more. */
  acknowledge(message: ConsumeMessage): void {
    if (!this.#leaveHand(message)) return;
    // Behind every promise that is resolved by now, and in time for this turn's write: an immediate would be written in
    // the next turn only, after all that has arrived by then was handled.
    if (this.#done.length === 0) process.nextTick(() => this.flush());
    this.#done.push(message);
  }

  /**
   * Gives a delivery back, or drops it, at once. Nothing happens for what is not in hand any more.
   *
   * @param requeue false: the broker drops it, or dead-letters it where the queue says so
   * @param hasFailed whether it counts against a message that is given back. RabbitMQ before 4.3 counts in any case
   */
  refuse(message: ConsumeMessage, requeue: boolean, hasFailed = false): void {
    const { deliveryTag } = message.fields;
    if (requeue && this.#givenBack && this.#inHand.has(deliveryTag)) {
      this.#givenBack.add(deliveryTag);
      this.#giveBackIfLast();
    } else if (this.#leaveHand(message)) {
      if (hasFailed) this.#channel.reject(message, requeue);
      else this.#channel.nack(message, false, requeue);
      this.#corkSocket();
    }
  }

  /**
   * From now on what is given back waits for all else that is in hand: RabbitMQ keeps the order in which it comes. To be
   * called when nothing more is delivered, or it would come again at once.
   */
  giveBackInOrder(): void {
    this.#givenBack ??= new Set();
  }

  /**
   * Gives back everything that is in hand, in its order. The end of the channel would do that too, but from RabbitMQ 4.3
   * on what is given back so does not count as a failed delivery.
   */
  giveBackAll(): void {
    const tags = [...this.#inHand].sort((one, other) => one - other);
    this.#emptyHands();
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
      this.#logger.debug({ reason: messageOf(error) }, 'the channel ended before an acknowledgement');
    }
  }

  /** Returns the number of unacknowledged deliveries. */
  get inHand(): number {
    return this.#inHand.size;
  }

  /** Resolves once every delivery that arrived before the call is acknowledged or requeued. */
  async settledSoFar(): Promise<void> {
    const upTo = this.#newest;
    if (this.#oldestInHand() <= upTo)
      await new Promise<void>((resolve) => this.#whenSettledUpTo.push({ upTo, resolve }));
  }

  /** Resolves once nothing is in hand. */
  async settled(): Promise<void> {
    if (this.#inHand.size > 0) await new Promise<void>((resolve) => this.#whenSettled.push(resolve));
  }

  /** To be told that the channel is gone: the broker has taken back what was not acknowledged. */
  end(): void {
    this.#emptyHands();
    this.#done = [];
  }

  #emptyHands(): void {
    this.#inHand.clear();
    this.#givenBack?.clear();
    this.#tellSettled();
  }

  #tellSettled(): void {
    if (this.#whenSettledUpTo.length > 0) {
      const oldest = this.#oldestInHand();
      const due = this.#whenSettledUpTo.filter(({ upTo }) => oldest > upTo);
      for (const one of due) {
        this.#whenSettledUpTo.splice(this.#whenSettledUpTo.indexOf(one), 1);
        one.resolve();
      }
    }
    if (this.#inHand.size === 0) for (const resolve of this.#whenSettled.splice(0)) resolve();
  }

  /** @returns false when it was not in hand any more */
  #leaveHand({ fields }: ConsumeMessage): boolean {
    if (this.#givenBack?.has(fields.deliveryTag) || !this.#inHand.delete(fields.deliveryTag)) return false;
    this.#giveBackIfLast();
    this.#tellSettled();
    return true;
  }

  #giveBackIfLast(): void {
    if (this.#givenBack !== undefined && this.#givenBack.size === this.#inHand.size) this.giveBackAll();
  }

  // An acknowledgement of "all up to this one" sweeps along whatever is still in hand below it, and RabbitMQ closes the
  // channel over one that names a delivery which is settled already. So it names the newest of those that were
  // acknowledged in this turn and have nothing in hand below them; the others are named one by one.
  #tell(done: readonly ConsumeMessage[]): void {
    const oldest = this.#oldestInHand();
    let upTo: ConsumeMessage | undefined;
    for (const message of done) {
      const { deliveryTag } = message.fields;
      if (deliveryTag > oldest) this.#channel.ack(message);
      else if (upTo === undefined || deliveryTag > upTo.fields.deliveryTag) upTo = message;
    }
    if (upTo) this.#channel.ack(upTo, true);
  }

  #oldestInHand(): number {
    while (this.#oldest <= this.#newest && !this.#inHand.has(this.#oldest)) this.#oldest += 1;
    return this.#oldest;
  }
}
