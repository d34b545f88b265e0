import { errorMessage, LittoralError } from '../../errors.ts';
import { busExchange } from '../broker/bus-exchange.ts';
import type { Subscription } from '../delivery.ts';
import type { QueueSpec } from '../publication.ts';
import { isMismatch } from './broker-replies.ts';
import type { Declarer } from './permitted-declarations.ts';

/** `quorum`: replicated, with a delivery limit. `classic`: as Ecotone declares it, without protection from poison. */
export type QueueType = 'quorum' | 'classic';

/** @throws LittoralError `topology-mismatch` when the exchange exists in another form */
export async function declareBus(channel: Declarer): Promise<void> {
  try {
    await channel.assertExchange(busExchange, 'topic', { durable: true });
  } catch (error) {
    if (!isMismatch(error)) throw error;
    throw new LittoralError(
      'topology-mismatch',
      `RabbitMQ has the exchange '${busExchange}' in another form than a durable topic exchange. It says: ` +
        `${errorMessage(error)}. Nothing was changed. Delete the exchange, or choose another vhost.`,
      { cause: error },
    );
  }
}

/**
 * Declares the queue and the bindings of a service, once the exchange of the bus exists.
 *
 * @throws LittoralError `topology-mismatch` when one of them exists with other arguments
 */
export async function declareSubscription(
  channel: Declarer,
  subscription: Subscription,
  queueType: QueueType,
): Promise<void> {
  const { queue, bindingKeys, retiredKeys = [] } = subscription;
  await declareQueue(channel, subscription, queueType);
  await channel.bindKeys(queue, busExchange, bindingKeys);
  // Has no effect if there is no such binding. AMQP has no `nowait` for this method.
  for (const key of retiredKeys) await channel.unbindQueue(queue, busExchange, key);
}

/**
 * Declares a queue of this service. Its dead letter queue need not be there.
 *
 * @param channel one of its own, which a mismatch closes
 * @param queueType of a queue that others may declare as well
 * @throws LittoralError `topology-mismatch` when it exists with other arguments
 */
export async function declareQueue(channel: Declarer, own: QueueSpec, queueType: QueueType): Promise<void> {
  try {
    await channel.assertQueue(own.queue, { durable: true, arguments: queueArguments(own, queueType) });
  } catch (error) {
    throw isMismatch(error) ? mismatch(error, own, queueType) : error;
  }
}

// Never to be changed: RabbitMQ refuses to declare an existing queue with other arguments.
function queueArguments({ deadLetterQueue, ordered }: QueueSpec, queueType: QueueType): Record<string, unknown> {
  if (queueTypeOf({ ordered }, queueType) === 'classic') return {};
  return {
    ...(ordered && { 'x-single-active-consumer': true }),
    'x-queue-type': 'quorum',
    'x-delivery-limit': 20,
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': deadLetterQueue,
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  };
}

/** @param shared the type of a queue that others may declare as well */
export function queueTypeOf({ ordered }: Pick<QueueSpec, 'ordered'>, shared: QueueType): QueueType {
  return ordered ? 'quorum' : shared;
}

function mismatch(cause: unknown, { queue }: QueueSpec, queueType: QueueType): LittoralError {
  const other = queueType === 'quorum' ? "broker.queueType: 'classic'" : "broker.queueType: 'quorum'";
  return new LittoralError(
    'topology-mismatch',
    `RabbitMQ has '${queue}' with other arguments than this gateway needs (${queueType}). ` +
      `It says: ${errorMessage(cause)}. Nothing was changed. Either set ${other} if the queue is shared with an ` +
      'application that declared it, or choose another service name, or move its messages and delete the queue.',
    { cause },
  );
}
