import type { ChannelModel, Replies } from 'amqplib';
import { completesWithin } from '../../time/timeout.ts';
import { isAbsent } from './broker-replies.ts';
import { closeUnawaited } from './connection/close-unawaited.ts';

const timeoutMs = 5_000;

/**
 * Number of requests about a queue that seems to have neither messages nor consumers, because RabbitMQ reports neither
 * for a quorum queue whose leader has not answered within 250 ms.
 */
const attempts = 5;

/**
 * Counts what waits in a queue that is consumed, on a channel of its own: an absent queue costs the channel.
 *
 * @returns undefined if the broker does not answer in time, or does not know
 */
export async function countMessages(model: ChannelModel, queue: string): Promise<number | undefined> {
  return (await askInTime(model, queue))?.messageCount;
}

/**
 * Counts the consumers of a queue.
 *
 * @returns undefined if the broker does not answer in time, or does not know
 */
export async function countConsumers(model: ChannelModel, queue: string): Promise<number | undefined> {
  return (await askInTime(model, queue))?.consumerCount;
}

/**
 * Counts what waits in any queue, with one question to the broker: an empty answer may be wrong, and the next one is
 * not.
 *
 * @returns undefined if there is no such queue, or if the broker does not answer in time
 */
export async function countReady(model: ChannelModel, queue: string): Promise<number | undefined> {
  return (await askInTime(model, queue, 1))?.messageCount;
}

async function askInTime(
  model: ChannelModel,
  queue: string,
  most = attempts,
): Promise<Replies.AssertQueue | undefined> {
  let reply: Replies.AssertQueue | undefined;
  const asked = ask(model, queue, most).then((answer) => {
    reply = answer;
  });
  await completesWithin(timeoutMs, asked).catch(() => {});
  return reply;
}

/** The messages that are ready, and the consumers. */
export type QueueCounts = Pick<Replies.AssertQueue, 'messageCount' | 'consumerCount'>;

/**
 * Counts the messages and the consumers of a queue. RabbitMQ reports neither for a quorum queue without a leader, as
 * when most of its nodes are down.
 *
 * @returns undefined if the queue is known not to exist
 * @throws what amqplib throws
 */
export async function inspectQueue(model: ChannelModel, queue: string): Promise<QueueCounts | undefined> {
  try {
    return await ask(model, queue);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/**
 * Returns whether a queue is known not to exist.
 *
 * @throws what amqplib throws
 */
export async function isQueueAbsent(model: ChannelModel, queue: string): Promise<boolean> {
  const channel = await model.createChannel();
  channel.on('error', () => {}); // The failed call throws the same error.
  try {
    await channel.checkQueue(queue);
  } catch (error) {
    if (isAbsent(error)) return true;
    throw error;
  }
  closeUnawaited(channel);
  return false;
}

async function ask(model: ChannelModel, queue: string, most = attempts): Promise<Replies.AssertQueue> {
  const channel = await model.createChannel();
  channel.on('error', () => {}); // The failed call throws the same error.
  let queueState = await channel.checkQueue(queue);
  for (let attempt = 2; attempt <= most && queueState.messageCount + queueState.consumerCount === 0; attempt += 1) {
    queueState = await channel.checkQueue(queue);
  }
  closeUnawaited(channel);
  return queueState;
}
