import type { Channel, ChannelModel } from 'amqplib';
import { replyCode } from './broker-replies.ts';
import { closeUnawaited } from './close-unawaited.ts';
import { type PublishRefusal, type Route, readPublishRefusal } from './publish-refusal.ts';

/** What RabbitMQ says of a publish: that it would take it, why it would not, or that it takes nothing at the moment. */
export type ProbeAnswer = 'permitted' | 'blocked' | PublishRefusal;

// Of AMQP 0-9-1, section 1.9: amqplib has no functions for transactions.
const txSelect = 0x005a_000a;
const txSelectOk = 0x005a_000b;
const txRollback = 0x005a_001e;
const txRollbackOk = 0x005a_001f;

/** What is used of amqplib's channel. */
interface TransactionalChannel extends Channel {
  rpc(method: number, fields: object, expected: number): Promise<unknown>;
}

/**
 * Asks RabbitMQ whether it would take a publish, without one: in a transaction that is rolled back. RabbitMQ checks the
 * size, the exchange and the permissions at once, and delivers nothing before the commit, which never comes. On a channel
 * of its own, which RabbitMQ closes if it refuses.
 *
 * It is also how a gateway learns of an alarm: RabbitMQ sends `connection.blocked` only after the first publish on a
 * connection.
 *
 * @param bytes the size of the body
 * @throws what amqplib throws, and an error when the broker refuses for a reason that says nothing about the publish
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
    // The call that waits is the rollback, and fails with the refusal of the publish, or with no more than its end.
    const refusal = closedWith ?? error;
    const read = replyCode(refusal) === undefined ? undefined : readPublishRefusal(refusal);
    if (read) return read;
    throw refusal;
  } finally {
    model.off('blocked', onBlocked);
    if (closedWith === undefined) closeUnawaited(channel);
  }
}
