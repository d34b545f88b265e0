import { Header } from '../../message/message-headers.ts';
import type { BasicProperties } from './basic-properties.ts';

/** The headers for properties that no other header represents. */
const always = [
  ['contentEncoding', Header.contentEncoding],
  ['replyTo', Header.replyTo],
  ['clusterId', Header.clusterId],
  ['userId', Header.userId],
] as const;

/** Properties that mean the same as a header: the header that stands for both, and that of a property that differs. */
const twins = [
  ['messageId', Header.id, Header.amqpMessageId],
  ['correlationId', Header.correlationId, Header.amqpCorrelationId],
  ['timestamp', Header.timestamp, Header.amqpTimestamp],
  ['type', Header.routingKey, Header.amqpType],
  ['appId', Header.sourceServiceName, Header.amqpAppId],
] as const;

/** The properties among these that replace a missing header. littoral writes the others only for other tools. */
const standIns: ReadonlySet<string> = new Set(['messageId', 'correlationId', 'timestamp']);

const persistent = 2;

/** The direct reply of RabbitMQ. A publish that names it closes the channel. */
const directReply = 'amq.rabbitmq.reply-to';

/** Adds to the headers of a received message what its properties say. A property that is absent adds nothing. */
export function addPropertyHeaders(headers: Record<string, unknown>, properties: BasicProperties): void {
  // The property wins over the header of the same meaning: Ecotone reads it so.
  if (properties.contentType !== undefined) headers[Header.contentType] = properties.contentType;
  for (const [name, header] of always) if (properties[name] !== undefined) headers[header] = properties[name];
  // 0 is the value of clients that always write the property. The header form keeps it distinct from a real value.
  const { priority } = properties;
  if (priority !== undefined && headers[Header.priority] !== priority) {
    headers[Header.amqpPriority] = priority;
    if (priority !== 0) headers[Header.priority] ??= priority;
  }
  for (const [name, header, other] of twins) {
    const value = properties[name];
    if (value === undefined) continue;
    // 0 means that a client had to write something.
    if (headers[header] === undefined && value !== 0 && standIns.has(name)) headers[header] = value;
    else if (headers[header] !== value) headers[other] = value;
  }
  const { deliveryMode, expiration } = properties;
  if (deliveryMode !== undefined && deliveryMode !== persistent) headers[Header.deliveryMode] = deliveryMode;
  if (expiration !== undefined) addTimeToLive(headers, expiration);
}

function addTimeToLive(headers: Record<string, unknown>, expiration: string): void {
  const timeToLiveMs = timeToLiveOf({ expiration });
  if (timeToLiveMs === undefined) headers[Header.amqpExpiration] = expiration;
  else headers[Header.timeToLive] = timeToLiveMs;
}

/** The milliseconds of an expiration, where it is what RabbitMQ takes. */
export function timeToLiveOf({ expiration }: BasicProperties): number | undefined {
  return expiration !== undefined && /^\d{1,10}$/.test(expiration) ? Number(expiration) : undefined;
}

/** The headers by which a moved message keeps what must not be a property of it any more. */
export function keptAsHeaders({ userId, deliveryMode, expiration, replyTo }: BasicProperties): ReadonlySet<string> {
  const kept = new Set<string>();
  // RabbitMQ closes the channel over a user that is not the connection's own.
  if (userId !== undefined) kept.add(Header.userId);
  // What waits in a dead letter queue must survive a restart of the broker.
  if (deliveryMode !== undefined && deliveryMode !== persistent) kept.add(Header.deliveryMode);
  if (expiration !== undefined) kept.add(Header.timeToLive).add(Header.amqpExpiration);
  if (replyTo === directReply) kept.add(Header.replyTo);
  return kept;
}

const movedAlong = [
  'contentType',
  'contentEncoding',
  'priority',
  'correlationId',
  'replyTo',
  'messageId',
  'timestamp',
  'type',
  'appId',
  'clusterId',
] as const;

/** The properties that a moved message keeps of those that it came with. */
export function propertiesOfMoved(properties: BasicProperties): BasicProperties {
  const names = movedAlong.filter((name) => properties[name] !== undefined);
  const kept: BasicProperties = Object.fromEntries(names.map((name) => [name, properties[name]]));
  if (kept.replyTo === directReply) delete kept.replyTo;
  return kept;
}
