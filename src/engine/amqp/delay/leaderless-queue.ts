import { setTimeout as delay } from 'node:timers/promises';
import type { Channel, ChannelModel } from 'amqplib';
import { completesWithin } from '../../../time/timeout.ts';
import { isAbsent, isExclusive } from '../broker-replies.ts';
import { closeUnawaited } from '../connection/close-unawaited.ts';

/** Time in which a queue with a leader answers. After a start of RabbitMQ, queues had a leader within half a second. */
const silentMs = 1500;

const lockRetryMs = 250;

/**
 * Deletes a quorum queue without a leader, so that it can be declared again.
 *
 * A RabbitMQ that is killed soon after a quorum queue was declared can come back with one that has neither messages nor
 * a leader, and never elects one. It can be declared and checked like any other, but takes no message, and
 * delays each publisher for 65 s each time: a gateway, or the queue that its messages come from.
 *
 * @param queue a queue that holds no confirmed message
 * @param lock an exclusive queue to hold meanwhile: of two processes, one would delete what the other has declared again
 * @returns whether it was deleted, which takes RabbitMQ 5 s
 * @throws what amqplib throws
 */
export async function deleteIfLeaderless(model: ChannelModel, queue: string, lock: string): Promise<boolean> {
  const locked = await holdLock(model, lock);
  try {
    if (await answers(model, queue)) return false;
    const channel = await openChannel(model);
    await channel.deleteQueue(queue);
    closeUnawaited(channel);
    return true;
  } finally {
    await locked.deleteQueue(lock);
    closeUnawaited(locked);
  }
}

async function holdLock(model: ChannelModel, lock: string): Promise<Channel> {
  for (;;) {
    try {
      const channel = await openChannel(model);
      await channel.assertQueue(lock, { exclusive: true, durable: false });
      return channel;
    } catch (error) {
      if (!isExclusive(error)) throw error;
      await delay(lockRetryMs);
    }
  }
}

/** An absent queue answers too: that it is absent. */
async function answers(model: ChannelModel, queue: string): Promise<boolean> {
  const channel = await openChannel(model);
  // Of all requests about a queue, only this one needs its leader.
  const asked = channel.get(queue);
  try {
    if (await completesWithin(silentMs, asked)) return true;
    // A RabbitMQ that hangs opens this channel only once it has recovered.
    closeUnawaited(await openChannel(model));
    return await completesWithin(silentMs, asked);
  } catch (error) {
    if (isAbsent(error)) return true;
    throw error;
  } finally {
    // RabbitMQ requeues the message, if there was one.
    closeUnawaited(channel);
  }
}

async function openChannel(model: ChannelModel): Promise<Channel> {
  const channel = await model.createChannel();
  channel.on('error', () => {}); // The call that failed throws it.
  return channel;
}
