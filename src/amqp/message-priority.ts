import { Header, type MessageHeaders } from '../message/message-headers.ts';
import type { BasicProperties } from './basic-properties.ts';

/**
 * Carries the AMQP property `priority` over the delay levels and through the dead letter queue. RabbitMQ 4 keeps two lanes
 * in a quorum queue and looks at the next message of one of them alone to see whether anything expires: a message with a
 * high priority that has still to wait would hold up all those that are due. And a dead letter with a high priority would
 * overtake others, between the two looks of a replay as well.
 */
export const suspendedPriority = 'x-littoral-priority';

/** The priority that a message made here is given for its header. Undefined: none. */
export function priorityOfHeader({ [Header.priority]: priority }: MessageHeaders): number | undefined {
  return isPriority(priority) ? priority : undefined;
}

/**
 * The properties of a message that came, with the priority that was suspended.
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
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255;
}
