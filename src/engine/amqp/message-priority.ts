import { maxPriority } from '../../message/limits.ts';
import { Header, type MessageHeaders } from '../../message/message-headers.ts';
import type { BasicProperties } from './basic-properties.ts';

/**
 * The header that carries the AMQP property `priority` through delay levels and the dead letter queue. RabbitMQ 4 keeps
 * two lanes in a quorum queue and checks expiry only for the next message of one lane: a message with a high priority
 * that has to wait would hold up every due message. And a dead letter with a high priority would overtake others, even
 * between the two browses of a replay.
 */
export const suspendedPriority = 'x-littoral-priority';

/** Returns the priority that the header of a new message asks for; undefined if there is none. */
export function priorityOfHeader({ [Header.priority]: priority }: MessageHeaders): number | undefined {
  return isPriority(priority) ? priority : undefined;
}

/**
 * Returns the properties of a received message, with the suspended priority restored.
 *
 * @param headers of the message, from which the suspended priority is removed
 */
export function propertiesWithPriority<P extends BasicProperties>(properties: P, headers: Record<string, unknown>): P {
  if (!Object.hasOwn(headers, suspendedPriority)) return properties;
  const { [suspendedPriority]: priority } = headers;
  delete headers[suspendedPriority];
  return properties.priority === undefined && isPriority(priority) ? { ...properties, priority } : properties;
}

function isPriority(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= maxPriority;
}
