import type { Channel } from 'amqplib';
import type { CapturedMessage } from './captured-message.ts';

/** Publishes a capture again, with the field types that it had. */
export function publishCaptured(
  channel: Channel,
  { exchange, routingKey, properties, headers, body }: CapturedMessage,
): void {
  const table = Object.fromEntries(
    Object.entries(headers).map(([name, { type, value }]) => [name, field(type, value)]),
  );
  channel.publish(exchange, routingKey, Buffer.from(body), {
    headers: table,
    contentType: properties.content_type as string,
    deliveryMode: properties.delivery_mode === 2,
    expiration: properties.expiration,
    priority: properties.priority as number | undefined,
    timestamp: properties.timestamp as number | undefined,
  });
}

/** Returns a value in amqplib's notation for a field type. */
function field(type: string, value: unknown): unknown {
  switch (type) {
    case 'S':
      return value;
    case 't':
      return value === 1;
    case 'l':
      return { '!': 'int64', value };
    case 'I':
      return { '!': 'int32', value };
    case 'd':
      return { '!': 'double', value };
    case 'T':
      return { '!': 'timestamp', value };
    case 'A':
      return (value as { type: string; value: unknown }[]).map((item) => field(item.type, item.value));
    case 'F':
      return fields(value as Record<string, { type: string; value: unknown }>);
    default:
      throw new Error(`a field type that no capture has: ${type}`);
  }
}

function fields(table: Record<string, { type: string; value: unknown }>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(table).map(([name, item]) => [name, field(item.type, item.value)]));
}
