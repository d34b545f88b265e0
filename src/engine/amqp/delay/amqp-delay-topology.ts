import type { ChannelModel } from 'amqplib';
import { errorMessage, LittoralError } from '../../../errors.ts';
import type { MessageHeaders } from '../../../message/message-headers.ts';
import type { QueueSpec } from '../../publication.ts';
import { declareQueue, type QueueType } from '../amqp-topology.ts';
import { isAbsent, isMismatch } from '../broker-replies.ts';
import { closeUnawaited } from '../connection/close-unawaited.ts';
import type { Declarer, PermittedDeclarations } from '../permitted-declarations.ts';

// The delay levels of a service: level n has a queue that holds messages for 2^n ms, and an exchange in front of it. A
// header for each level says whether the message waits there. If it does not, the exchange routes it to the exchange of
// the level below. The queue does the same with a message that has waited. Below level 0, the routing key, which no
// level changes, names the queue that the message is delivered to.

/** The exchange by which a message comes onto a level. */
export function levelExchange(service: string, level: number): string {
  return `littoral_${service}_delay_${level}`;
}

/** The queue in which a message waits on a level. */
export function levelQueue(service: string, level: number): string {
  return `littoral_${service}_delay_${level}`;
}

function deliveryExchange(service: string): string {
  return `littoral_${service}_delay_end`;
}

const headerPrefix = 'x-littoral-delay-';
const anyLevelQueue = /^littoral_.+_delay_\d+$/;

/** The headers that lead a message over some levels, the highest of which it is published to. */
export function levelHeaders(levels: readonly number[]): Record<string, boolean> {
  const headers: Record<string, boolean> = {};
  for (let level = levels[0] ?? 0; level >= 0; level--) headers[headerPrefix + level] = levels.includes(level);
  return headers;
}

/** Returns the headers of a delayed message without the traces of its delay. */
export function withoutDelayTraces(headers: Record<string, unknown>): Record<string, unknown> {
  // RabbitMQ notes each level as a queue in which the message was dead-lettered.
  const deaths = headers['x-death'];
  if (!Array.isArray(deaths)) return headers;
  const others = deaths.filter((death: unknown) => !isLevelQueue((Object(death) as { queue?: unknown }).queue));
  if (others.length === deaths.length) return headers;
  const kept = Object.entries(headers).filter(([name]) => !name.startsWith(headerPrefix) && name !== 'x-death');
  const cleaned = Object.fromEntries(kept);
  for (const which of ['first', 'last']) {
    if (!isLevelQueue(cleaned[`x-${which}-death-queue`])) continue;
    for (const detail of ['queue', 'reason', 'exchange']) delete cleaned[`x-${which}-death-${detail}`];
  }
  if (others.length > 0) cleaned['x-death'] = others;
  return cleaned;
}

function isLevelQueue(name: unknown): boolean {
  return typeof name === 'string' && anyLevelQueue.test(name);
}

/** Declares a queue for delayed messages to be delivered to, the delivery exchange below level 0, and its binding. */
export async function declareDelivery(
  channel: Declarer,
  service: string,
  to: QueueSpec,
  queueType: QueueType,
): Promise<void> {
  await declareQueue(channel, to, queueType);
  await orMismatch(async () => {
    await channel.assertExchange(deliveryExchange(service), 'direct', { durable: true });
    await channel.bindQueue(to.queue, deliveryExchange(service), to.queue);
  });
}

/**
 * Binds a declared queue to the delivery exchange, because it can be a new one: a deleted queue loses its bindings, and
 * RabbitMQ would hold the delayed messages for it. Does nothing if there is no delivery exchange yet.
 */
export async function rebindDelivery(
  model: ChannelModel,
  declarations: PermittedDeclarations,
  service: string,
  queue: string,
): Promise<void> {
  const channel = await model.createChannel();
  channel.on('error', () => {}); // The call that failed throws it.
  try {
    await channel.checkExchange(deliveryExchange(service));
  } catch (error) {
    if (isAbsent(error)) return;
    throw error;
  }
  closeUnawaited(channel);
  // Under the name of the queue: where the user may not declare that, it need not be permitted to bind it.
  await declarations.declare(model, `queue '${queue}'`, async (declarer) => {
    await declarer.bindQueue(queue, deliveryExchange(service), queue);
  });
}

/**
 * Declares the exchanges and bindings of the levels again, because an operator can have deleted some. RabbitMQ holds
 * messages above a gap until the gap is closed.
 *
 * @param exchanges the levels that have an exchange
 * @param queues the levels that have a queue
 * @throws what amqplib throws; the queue of a level is not declared again here, because a new queue is not on disk at
 * once
 */
export async function restoreDelayTopology(
  channel: Declarer,
  service: string,
  exchanges: Iterable<number>,
  queues: Iterable<number>,
): Promise<void> {
  await channel.assertExchange(deliveryExchange(service), 'direct', { durable: true });
  for (const level of [...exchanges].sort((one, other) => one - other)) {
    await declareLevelExchange(channel, service, level);
  }
  for (const level of queues) {
    await channel.bindQueue(levelQueue(service, level), levelExchange(service, level), '', whereHeaderIs(level, true));
  }
}

/** Declares the exchange of a level, which needs that of the level below. */
export async function declareLevelExchange(channel: Declarer, service: string, level: number): Promise<void> {
  const exchange = levelExchange(service, level);
  await orMismatch(async () => {
    await channel.assertExchange(exchange, 'headers', { durable: true });
    await channel.bindExchange(exchangeBelow(service, level), exchange, '', whereHeaderIs(level, false));
  });
}

/** Declares the queue of a level, which needs the exchanges of that level and of the one below. */
export async function declareLevelQueue(channel: Declarer, service: string, level: number): Promise<void> {
  const queue = levelQueue(service, level);
  await orMismatch(async () => {
    await channel.assertQueue(queue, {
      durable: true,
      // Never to be changed. No `x-expires`: it would delete messages that wait.
      arguments: {
        'x-queue-type': 'quorum',
        'x-message-ttl': 2 ** level,
        'x-dead-letter-exchange': exchangeBelow(service, level),
        'x-dead-letter-strategy': 'at-least-once',
        'x-overflow': 'reject-publish',
      },
    });
    await channel.bindQueue(queue, levelExchange(service, level), '', whereHeaderIs(level, true));
  });
}

/** Returns the name of the lock of the process that checks whether a level has a leader. */
export function lockQueue(service: string): string {
  return `littoral_${service}_delay_lock`;
}

// Nothing is published to it. It exists once the queue of this level is on disk.
function markExchange(service: string, level: number): string {
  return `littoral_${service}_delay_${level}_remembered`;
}

/** Marks the queue of a level as on disk, for all processes of the service. */
export async function markDurable(model: ChannelModel, service: string, level: number): Promise<void> {
  const channel = await model.createChannel();
  channel.on('error', () => {}); // The call that failed throws it.
  await channel.assertExchange(markExchange(service, level), 'direct', { durable: true });
  closeUnawaited(channel);
}

/** Returns whether a process has marked a level. */
export async function isMarkedDurable(model: ChannelModel, service: string, level: number): Promise<boolean> {
  const channel = await model.createChannel();
  channel.on('error', () => {}); // The call that failed throws it.
  try {
    await channel.checkExchange(markExchange(service, level));
    closeUnawaited(channel);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

function exchangeBelow(service: string, level: number): string {
  return level === 0 ? deliveryExchange(service) : levelExchange(service, level - 1);
}

/** Without the suffix, RabbitMQ does not look at headers whose name begins with `x-`. */
function whereHeaderIs(level: number, waits: boolean): MessageHeaders {
  return { 'x-match': 'all-with-x', [headerPrefix + level]: waits };
}

async function orMismatch(declare: () => Promise<void>): Promise<void> {
  try {
    await declare();
  } catch (error) {
    if (!isMismatch(error)) throw error;
    throw new LittoralError(
      'topology-mismatch',
      `RabbitMQ has a queue or an exchange of littoral's delays in another form. It says: ${errorMessage(error)}. ` +
        'Nothing was changed. Delete it once it is empty, or choose another service name.',
      { cause: error },
    );
  }
}
