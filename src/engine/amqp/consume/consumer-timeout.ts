import type { ChannelModel } from 'amqplib';
import { longestTimeoutMs } from '../../../time/timeout.ts';
import { brokerVersion } from '../broker-replies.ts';

/** RabbitMQ's default `consumer_timeout`, after which it requeues an unacknowledged delivery. */
const defaultMs = 1_800_000;

/** The consumer argument that overrides the timeouts of the queue, of policies and of the configuration. */
const argument = 'x-consumer-timeout';

/**
 * Returns the arguments of a consumer whose deliveries may stay unacknowledged for that long. RabbitMQ supports them
 * from 4.3 on. In earlier versions, only a policy or the broker's configuration can raise the timeout.
 */
export function consumerArguments(model: ChannelModel, longestHoldMs: number | undefined): Record<string, unknown> {
  if (longestHoldMs === undefined || !knowsArgument(model)) return {};
  return { [argument]: Math.min(longestTimeoutMs, Math.max(defaultMs, longestHoldMs)) };
}

/** Returns why the broker may requeue a message that is still being handled; undefined if it will not. */
export function consumerTimeoutWarning(model: ChannelModel, longestHoldMs: number | undefined): string | undefined {
  if (longestHoldMs === undefined || longestHoldMs <= defaultMs || knowsArgument(model)) return undefined;
  return (
    `Handlers may need up to ${Math.ceil(longestHoldMs / 60_000)} minutes for a message, and RabbitMQ takes back a message ` +
    'that is unacknowledged for longer than its consumer_timeout, 30 minutes by default. Raise it: by a policy with ' +
    'consumer-timeout for the queue (from 3.12 on), or in rabbitmq.conf.'
  );
}

function knowsArgument(model: ChannelModel): boolean {
  const [series, minor] = brokerVersion(model);
  return series > 4 || (series === 4 && minor >= 3);
}
