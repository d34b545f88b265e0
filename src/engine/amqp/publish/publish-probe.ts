import type { Channel, ChannelModel } from 'amqplib';
import { replyCode } from '../broker-replies.ts';
import { closeUnawaited } from '../connection/close-unawaited.ts';
import { type PublishRefusal, type Route, readPublishRefusal } from './publish-refusal.ts';

/** RabbitMQ's answer to a probe: the publish is permitted, the connection is blocked, or the reason for a refusal. */
export type ProbeAnswer = 'permitted' | 'blocked' | PublishRefusal;

// Method numbers from AMQP 0-9-1, section 1.9: amqplib has no functions for transactions.
const txSelect = 0x005a_000a;
const txSelectOk = 0x005a_000b;
const txRollback = 0x005a_001e;
const txRollbackOk = 0x005a_001f;

/** The internal parts of amqplib's channel that the probe uses. */
interface TransactionalChannel extends Channel {
  rpc(method: number, fields: object, expected: number): Promise<unknown>;
}

/**
 * Asks RabbitMQ whether it would accept a publish, in a transaction that is rolled back. RabbitMQ checks the size, the
 * exchange and the permissions at once, and delivers nothing before a commit, which is never sent. Uses a separate
 * channel, which RabbitMQ closes if it refuses.
 *
 * The probe also detects an alarm: RabbitMQ sends `connection.blocked` only after the first publish on a
 * connection.
 *
 * @param bytes the size of the body
 * @throws what amqplib throws, and an error if the broker refuses for a reason that is not about the publish
 */
export async function probePublish(
  model: ChannelModel,
  { exchange, routingKey }: Route,
  bytes: number,
): Promise<ProbeAnswer> {
  const channel = (await model.createChannel()) as TransactionalChannel;
  if (typeof channel.rpc !== 'function') throw new Error('amqplib is not as expected');
  let closedWith: unknown;
  channel.on('error', (error) => {
    closedWith = error;
  });
  let onBlocked = () => {};
  const blocked = new Promise<ProbeAnswer>((resolve) => {
    onBlocked = () => resolve('blocked');
    model.on('blocked', onBlocked);
  });
  const ask = async (): Promise<ProbeAnswer> => {
    await channel.rpc(txSelect, {}, txSelectOk);
    channel.publish(exchange, routingKey, Buffer.alloc(bytes));
    await channel.rpc(txRollback, {}, txRollbackOk);
    return 'permitted';
  };
  try {
    return await Promise.race([ask(), blocked]);
  } catch (error) {
    // The pending call is the rollback. It fails with the refusal of the publish, or only with the end of the channel.
    const refusal = closedWith ?? error;
    const read = replyCode(refusal) === undefined ? undefined : readPublishRefusal(refusal);
    if (read) return read;
    throw refusal;
  } finally {
    model.off('blocked', onBlocked);
    if (closedWith === undefined) closeUnawaited(channel);
  }
}
