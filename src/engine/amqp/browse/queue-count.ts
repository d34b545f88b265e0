import type { Channel } from 'amqplib';

/**
 * Time limit for an answer that is trusted: RabbitMQ reports a quorum queue as empty if its leader takes over 250 ms.
 */
const promptMs = 200;

export interface QueueCount {
  readonly messageCount: number;
  readonly consumerCount: number;
  /** False if the queue is reported as empty so late that it may be a quorum queue that is slow to answer. */
  readonly isCertain: boolean;
}

/** Returns the numbers of messages and consumers of a queue. */
export async function countQueue(channel: Channel, queue: string): Promise<QueueCount> {
  const askedAtMs = performance.now();
  const { messageCount, consumerCount } = await channel.checkQueue(queue);
  return { messageCount, consumerCount, isCertain: messageCount > 0 || performance.now() - askedAtMs <= promptMs };
}
