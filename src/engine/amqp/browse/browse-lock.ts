import type { Channel, ChannelModel } from 'amqplib';
import { countQueue } from './queue-count.ts';

/**
 * Keeps other processes from browsing a queue: a queue of another name that belongs to the connection. Between two
 * windows the browsed queue itself has no consumer, and another process could take its place.
 */
export class BrowseLock {
  readonly #channel: Channel;
  readonly #queue: string;

  private constructor(channel: Channel, queue: string) {
    this.#channel = channel;
    this.#queue = queue;
  }

  /** @throws amqplib's error; that of an exclusive queue while another process browses */
  static async take(model: ChannelModel, queue: string): Promise<BrowseLock> {
    const channel = await model.createChannel();
    channel.on('error', () => {}); // The call that failed throws it.
    await channel.assertQueue(lockOf(queue), { exclusive: true, durable: false });
    return new BrowseLock(channel, queue);
  }

  /**
   * Resolves when the queue has requeued the messages of a closed channel. RabbitMQ answers the end of that channel
   * after 15 s at the latest, and at once for a quorum queue. A queue answers a count when it has requeued them.
   */
  async untilRequeued(): Promise<void> {
    while (!(await countQueue(this.#channel, this.#queue)).isCertain);
  }

  async release(): Promise<void> {
    await this.#channel.deleteQueue(lockOf(this.#queue));
  }
}

function lockOf(queue: string): string {
  return `${queue}_browser`;
}
