import type { ChannelModel } from 'amqplib';
import { within } from '../within.ts';

const timeoutMs = 5_000;

/**
 * Counts what waits in a queue that is consumed, on a channel of its own: an absent queue costs the channel.
 *
 * @returns undefined when the broker does not tell, in time or at all
 */
export async function countMessages(model: ChannelModel, queue: string): Promise<number | undefined> {
  let count: number | undefined;
  const asked = (async () => {
    const channel = await model.createChannel();
    channel.on('error', () => {}); // The call that failed throws it.
    const { messageCount, consumerCount } = await channel.checkQueue(queue);
    // Of a quorum queue whose leader is slow to answer, RabbitMQ tells neither: no messages and no consumers.
    count = messageCount + consumerCount === 0 ? undefined : messageCount;
    channel.close().catch(() => {});
  })();
  await within(timeoutMs, asked).catch(() => {});
  return count;
}
