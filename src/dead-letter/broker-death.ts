import type { MessageHeaders } from '../message/message-headers.ts';
import { timesSetAside } from '../recovery/dead-letter-outlet.ts';
import { isDueQueue } from '../wire/service-queue.ts';

/** What the broker noted when it moved a message to the dead letter queue by itself. */
export interface BrokerDeath {
  /** In the broker's own word: `delivery_limit`, `expired`, `rejected`, `maxlen`. */
  readonly reason: string;
  /** The queue that the message was in. */
  readonly queue: string | undefined;
  /** The key on the bus that it came under; undefined where it came straight to the queue, or down from a delay. */
  readonly publishedKey: string | undefined;
  /** Milliseconds since 1970. */
  readonly timeMs: number | undefined;
}

/** As the broker names it there. */
const busExchange = 'ecotone.distributed';

const words: Readonly<Record<string, string>> = {
  delivery_limit: 'delivered more than 20 times without an answer: its handler may end the process',
  expired: 'expired before it could be handled',
  rejected: 'rejected: it could neither be handled nor moved with an error',
  maxlen: 'the queue had no room for it',
};

/**
 * Reads the latest entry of `x-death` (RabbitMQ, "Dead Letter Exchanges", "Dead-Lettered Messages"), which other
 * programs can write too.
 *
 * @returns undefined if there is none, or if it does not explain why the message is a dead letter
 */
export function brokerDeathOf(headers: MessageHeaders): BrokerDeath | undefined {
  const deaths = headers['x-death'];
  if (!Array.isArray(deaths)) return undefined;
  const death = Object(deaths[0]) as Readonly<Record<string, unknown>>;
  const { reason, queue, exchange, time } = death;
  const keys = death['routing-keys'];
  const key: unknown = Array.isArray(keys) ? keys[0] : undefined;
  if (typeof reason !== 'string') return undefined;
  // A message that was set aside was a dead letter before it reached that queue.
  if (typeof queue === 'string' && isDueQueue(queue) && timesSetAside({ headers }) !== undefined) return undefined;
  return {
    reason,
    queue: typeof queue === 'string' ? queue : undefined,
    publishedKey: typeof key === 'string' && exchange === busExchange ? key : undefined,
    timeMs: typeof time === 'number' && Number.isSafeInteger(time) ? time * 1000 : undefined,
  };
}

/** Why the broker gave a message up, for people. */
export function deathInWords({ reason }: Pick<BrokerDeath, 'reason'>): string {
  return Object.hasOwn(words, reason) ? (words[reason] as string) : reason;
}
