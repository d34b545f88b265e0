import type { Arrival } from './queued-message.ts';

/** The reason why a broker dead-letters a message, in RabbitMQ's words. */
export type DeathReason = 'expired' | 'rejected' | 'delivery_limit';

/** The place at which a message was dead-lettered, and the reason. */
interface Death {
  readonly reason: DeathReason;
  readonly queue: string;
  readonly deadLetterQueue: string;
}

/**
 * A message as RabbitMQ puts it into a dead letter queue: its history in `x-death`, the latest first, and no time to
 * live, so that it does not expire there as well (RabbitMQ, "Dead Letter Exchanges", "Effects on Messages").
 */
export function toDeadLetter(arrival: Arrival, { reason, queue, deadLetterQueue }: Death): Arrival {
  const { headers, body } = arrival.message;
  const death = {
    reason,
    queue,
    count: 1,
    exchange: arrival.exchange,
    'routing-keys': [arrival.routingKey],
    ...(arrival.timeToLiveMs !== undefined && { 'original-expiration': String(arrival.timeToLiveMs) }),
  };
  const earlier = Array.isArray(headers['x-death']) ? headers['x-death'] : [];
  const deadHeaders = {
    'x-first-death-reason': reason,
    'x-first-death-queue': queue,
    'x-first-death-exchange': arrival.exchange,
    ...headers,
    'x-death': [death, ...earlier],
  };
  return {
    message: { headers: Object.freeze(deadHeaders), body },
    exchange: '',
    routingKey: deadLetterQueue,
    timeToLiveMs: undefined,
  };
}
