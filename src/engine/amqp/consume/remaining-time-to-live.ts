import { Header, type MessageHeaders } from '../../../message/message-headers.ts';
import type { BasicProperties } from '../basic-properties.ts';
import { timeToLiveOf } from '../property-headers.ts';

/**
 * Returns the time for which a message that RabbitMQ delivers with an expiration may still be handled. The message has
 * not expired by RabbitMQ's clock, but RabbitMQ does not say how long it has waited. The sender's timestamp shows that,
 * in whole seconds and by another clock. If the timestamp says that the message has expired, it is wrong: the clocks
 * differ, or the message was sent long after it was created.
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
  // 0 means none. If there are both, the property was written later than the header.
  const sentAt = properties.timestamp || headers[Header.timestamp];
  if (typeof sentAt !== 'number') return timeToLiveMs;
  // It may have been sent at the end of that second.
  const waitedMs = nowMs - (sentAt + 1) * 1000;
  return waitedMs > 0 && waitedMs < timeToLiveMs ? timeToLiveMs - waitedMs : timeToLiveMs;
}
