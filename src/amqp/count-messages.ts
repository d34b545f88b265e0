import type { ChannelModel } from 'amqplib';
import { within } from '../within.ts';

const timeoutMs = 5_000;

/**
 * How often to ask about a queue that has neither messages nor consumers: RabbitMQ says so, too, of a quorum queue whose
 * leader has not answered it within 250 ms.
 */
const attempts = 5;

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
    let told = await channel.checkQueue(queue);
    for (let attempt = 2; attempt <= attempts && told.messageCount + told.consumerCount === 0; attempt += 1) {
      told = await channel.checkQueue(queue);
    }
    count = told.messageCount;
    channel.close().catch(() => {});
  })();
  await within(timeoutMs, asked).catch(() => {});
  return count;
}
