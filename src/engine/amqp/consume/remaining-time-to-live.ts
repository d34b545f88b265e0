import { Header, type MessageHeaders } from '../../../message/message-headers.ts';
import type { BasicProperties } from '../basic-properties.ts';
import { timeToLiveOf } from '../property-headers.ts';

/**
 * For how long a message may still be handled that RabbitMQ delivers with an expiration. It has not expired by RabbitMQ's
 * clock, which does not say how long it has waited. The sender's timestamp does, in whole seconds by another clock. One that
 * says that the message has expired is wrong: the clocks differ, or it was sent long after it was made.
 *
 * @param nowMs milliseconds since 1970
 * @returns at most all of its time to live; undefined where it does not expire
 */
export function remainingTimeToLive(
  properties: BasicProperties,
  headers: MessageHeaders,
  nowMs: number,
): number | undefined {
  const timeToLiveMs = timeToLiveOf(properties);
  if (timeToLiveMs === undefined) return undefined;
  // 0 stands for none. The property is written later than the header, where both are there.
  const sentAt = properties.timestamp || headers[Header.timestamp];
  if (typeof sentAt !== 'number') return timeToLiveMs;
  // It may have been sent at the end of that second.
  const waitedMs = nowMs - (sentAt + 1) * 1000;
  return waitedMs > 0 && waitedMs < timeToLiveMs ? timeToLiveMs - waitedMs : timeToLiveMs;
}
