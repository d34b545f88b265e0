import type { Channel, ChannelModel } from 'amqplib';
import type { Subscription } from '../channel/message-channel.ts';
import { LittoralError, messageOf } from '../errors.ts';

/** The exchange that every service publishes to and binds its queue to: Ecotone's. */
export const busExchange = 'ecotone.distributed';

/** `quorum`: replicated, with a delivery limit. `classic`: as Ecotone declares it, without protection from poison. */
export type QueueType = 'quorum' | 'classic';

/** @throws LittoralError `topology-mismatch` when the exchange exists in another form */
export async function declareBus(channel: Channel): Promise<void> {
  try {
    await channel.assertExchange(busExchange, 'topic', { durable: true });
  } catch (error) {
    if (!isMismatch(error)) throw error;
    throw new LittoralError(
      'topology-mismatch',
      `RabbitMQ has the exchange '${busExchange}' in another form than a durable topic exchange. It says: ` +
        `${messageOf(error)}. Nothing was changed. Delete the exchange, or choose another vhost.`,
      { cause: error },
    );
  }
}

function isMismatch(error: unknown): boolean {
  return (error as { code?: number }).code === 406;
}

/** Declares a dead letter queue, which has no arguments: on a classic queue, looking changes nothing. */
export async function declareDeadLetterQueue(model: ChannelModel, queue: string): Promise<void> {
  const channel = await model.createChannel();
  channel.on('error', () => {}); // The call that failed throws it.
  await channel.assertQueue(queue, { durable: true });
  closeUnawaited(channel);
}

/**
 * Declares what a service receives through: its dead letter queue, its queue, its bindings. On a channel of its own,
 * which a mismatch closes.
 *
 * @throws LittoralError `topology-mismatch` when one of them exists with other arguments
 */
export async function declareSubscription(
  model: ChannelModel,
  subscription: Subscription,
  queueType: QueueType,
): Promise<void> {
  const channel = await model.createChannel();
  channel.on('error', () => {}); // The call that failed throws it.
  const { queue, deadLetterQueue, bindingKeys } = subscription;
  try {
    await declareBus(channel);
    await channel.assertQueue(deadLetterQueue, { durable: true });
    await channel.assertQueue(queue, { durable: true, arguments: queueArguments(queueType, deadLetterQueue) });
    for (const key of bindingKeys) await channel.bindQueue(queue, busExchange, key);
    closeUnawaited(channel);
  } catch (error) {
    throw isMismatch(error) ? mismatch(error, subscription, queueType) : error;
  }
}

/** amqplib never answers a close that the end of the connection overtakes. */
function closeUnawaited(channel: Channel): void {
  channel.close().catch(() => {});
}

// Fixed for ever: RabbitMQ refuses to declare an existing queue with other arguments.
function queueArguments(queueType: QueueType, deadLetterQueue: string): Record<string, unknown> {
  if (queueType === 'classic') return {};
  return {
    'x-queue-type': 'quorum',
    'x-delivery-limit': 20,
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': deadLetterQueue,
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  };
}

function mismatch(cause: unknown, { queue, deadLetterQueue }: Subscription, queueType: QueueType): LittoralError {
  const other = queueType === 'quorum' ? "broker.queueType: 'classic'" : "broker.queueType: 'quorum'";
  return new LittoralError(
    'topology-mismatch',
    `RabbitMQ has '${queue}' or '${deadLetterQueue}' with other arguments than this gateway needs (${queueType}). ` +
      `It says: ${messageOf(cause)}. Nothing was changed. Either set ${other} if the queue is shared with an ` +
      'application that declared it, or choose another service name, or move its messages and delete the queue.',
    { cause },
  );
}
