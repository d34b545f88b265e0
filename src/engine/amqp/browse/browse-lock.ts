import type { Channel, ChannelModel } from 'amqplib';
import { countQueue } from './queue-count.ts';

/**
 * Keeps other processes from browsing a queue. The lock is an exclusive queue with another name. A consumer on the
 * browsed queue is not enough: the queue has no consumer between two windows, so another process could start one.
 */
export class BrowseLock {
  readonly #channel: Channel;
  readonly #queue: string;

  private constructor(channel: Channel, queue: string) {
    this.#channel = channel;
    this.#queue = queue;
  }

  /** @throws amqplib's error, such as the one for an exclusive queue while another process browses */
  static async take(model: ChannelModel, queue: string): Promise<BrowseLock> {
    const channel = await model.createChannel();
    channel.on('error', () => {}); // The failed call throws the same error.
    await channel.assertQueue(lockOf(queue), { exclusive: true, durable: false });
    return new BrowseLock(channel, queue);
  }

  /**
   * Resolves when the queue has requeued the messages of a closed channel. The broker confirms the close too early for
   * this: after 15 s at the latest, and at once for a quorum queue. The queue answers a count only after it has
   * requeued the messages.
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
