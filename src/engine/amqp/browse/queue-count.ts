import type { Channel } from 'amqplib';

/**
 * Time within which an answer is certain. RabbitMQ reports a quorum queue as empty if its leader takes over 250 ms.
 */
const promptMs = 200;

export interface QueueCount {
  readonly messageCount: number;
  readonly consumerCount: number;
  /** False if the report of an empty queue came so late that it may concern a quorum queue with a slow leader. */
  readonly isCertain: boolean;
}

/** Returns the numbers of messages and consumers of a queue. */
export async function countQueue(channel: Channel, queue: string): Promise<QueueCount> {
  const askedAtMs = performance.now();
  const { messageCount, consumerCount } = await channel.checkQueue(queue);
  return { messageCount, consumerCount, isCertain: messageCount > 0 || performance.now() - askedAtMs <= promptMs };
}
