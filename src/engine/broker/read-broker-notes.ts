import { Header, type MessageHeaders } from '../../message/message-headers.ts';
import type { DeadLettering } from '../browsing.ts';
import { busExchange } from './bus-exchange.ts';

/**
 * Reads how often a message was delivered and returned before, from `x-delivery-count` (RabbitMQ, "Quorum Queues",
 * "Poison Message Handling"). A classic queue does not count, and passes on the value that the sender wrote.
 *
 * @returns 0 if there is no count, or no valid one
 */
export function readDeliveryCount(headers: MessageHeaders): number {
  const count = headers[Header.deliveryCount];
  return Number.isSafeInteger(count) ? Math.max(0, count as number) : 0;
}

/**
 * Reads the latest entry of `x-death` (RabbitMQ, "Dead Letter Exchanges", "Dead-Lettered Messages"), which other
 * programs can write as well.
 *
 * @returns undefined if there is no entry with a reason
 */
export function readXDeath(headers: MessageHeaders): DeadLettering | undefined {
  const deaths = headers['x-death'];
  if (!Array.isArray(deaths)) return undefined;
  const death = Object(deaths[0]) as Readonly<Record<string, unknown>>;
  const { reason, queue, exchange, time } = death;
  const keys = death['routing-keys'];
  const key: unknown = Array.isArray(keys) ? keys[0] : undefined;
  if (typeof reason !== 'string') return undefined;
  return {
    reason,
    queue: typeof queue === 'string' ? queue : undefined,
    publishedKey: typeof key === 'string' && exchange === busExchange ? key : undefined,
    timeMs: typeof time === 'number' && Number.isSafeInteger(time) ? time * 1000 : undefined,
  };
}
