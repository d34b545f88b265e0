import type { ChannelModel } from 'amqplib';
import { within } from '../within.ts';

const timeoutMs = 5_000;

/**
 * Counts what waits in a queue, on a channel of its own: an absent queue costs the channel.
 *
 * @returns undefined when the broker does not tell, in time or at all
 */
export async function countMessages(model: ChannelModel, queue: string): Promise<number | undefined> {
  let count: number | undefined;
  const asked = (async () => {
    const channel = await model.createChannel();
    channel.on('error', () => {}); // The call that failed throws it.
    const { messageCount } = await channel.checkQueue(queue);
    count = messageCount;
    channel.close().catch(() => {});
  })();
  await within(timeoutMs, asked).catch(() => {});
  return count;
}
