import type { ConsumeMessage, Options } from 'amqplib';
import type { ArrivedForm } from '../../message/arrived-form.ts';
import { maxShortStringBytes } from '../../message/limits.ts';
import { Header, type MessageHeaders } from '../../message/message-headers.ts';
import type { TransportMessage } from '../../message/transport-message.ts';
import { type BasicProperties, encodeProperties, type ReceivedProperties } from './basic-properties.ts';
import { encodedProperties, type ReadProperties } from './connection/exact-frames.ts';
import { withoutDelayTraces } from './delay/amqp-delay-topology.ts';
import { encodedFields, encodeField } from './field-table.ts';
import { priorityOfHeader, propertiesWithPriority, suspendedPriority } from './message-priority.ts';
import { addPropertyHeaders, keptAsHeaders, propertiesOfMoved } from './property-headers.ts';

/**
 * Returns the AMQP properties and headers of a message.
 *
 * @param isSuspended whether the target queue must ignore the priority: a delay level or a dead letter queue
 */
export function toAmqp(
  message: TransportMessage,
  timeToLiveMs: number | undefined,
  isSuspended = false,
): Options.Publish {
  const { headers, arrived } = message;
  const properties = propertiesOf(headers, timeToLiveMs);
  if (!isAmqp(arrived) || !arrived.isWhole) properties.priority = priorityOfHeader(headers);
  if (isAmqp(arrived)) {
    const kept = arrived.isWhole ? { ...properties, ...propertiesOfMoved(arrived.encoded) } : properties;
    // Its time to live begins now, not when it was made.
    if (arrived.isWhole && timeToLiveMs !== undefined) kept.timestamp = Math.floor(Date.now() / 1000);
    const fields = fieldsAsTheyCame(headers, arrived);
    if (isSuspended && kept.priority !== undefined) {
      fields.push(encodeField(suspendedPriority, kept.priority));
      delete kept.priority;
    }
    const encoded = encodeProperties({ ...kept, deliveryMode: 2 }, fields);
    return { headers: { [encodedProperties]: encoded }, messageId: kept.messageId, mandatory: true };
  }
  const { priority, ...others } = properties;
  return {
    ...(others as Options.Publish),
    ...(priority !== undefined && !isSuspended && { priority }),
    headers: toAmqpHeaders(
      isSuspended && priority !== undefined ? { ...headers, [suspendedPriority]: priority } : headers,
    ),
    persistent: true,
    mandatory: true,
  };
}

/** A delivered message, its AMQP properties among the headers. */
export function fromAmqp({ properties: received, content }: ConsumeMessage): TransportMessage {
  const { table } = received as ReadProperties;
  const headers = table === undefined ? readByAmqplib(received.headers) : { ...received.headers };
  const properties = propertiesWithPriority(received, headers);
  addPropertyHeaders(headers, properties as BasicProperties);
  const message = { headers: withoutDelayTraces(headers), body: content };
  return table === undefined ? message : { ...message, arrived: { headers, isWhole: true, encoded: properties } };
}

/** The form of a message that came through AMQP. */
type AmqpForm = ArrivedForm & { readonly encoded: ReceivedProperties };

function isAmqp(arrived: ArrivedForm | undefined): arrived is AmqpForm {
  return (arrived?.encoded as ReadProperties | undefined)?.table !== undefined;
}

/** The properties that a message is given for its headers. */
function propertiesOf(headers: MessageHeaders, timeToLiveMs: number | undefined): BasicProperties {
  return {
    contentType: shortText(headers[Header.contentType]),
    messageId: shortText(headers[Header.id]),
    correlationId: shortText(headers[Header.correlationId]),
    timestamp: seconds(headers[Header.timestamp]),
    expiration: timeToLiveMs === undefined ? undefined : String(timeToLiveMs),
    appId: shortText(headers[Header.sourceServiceName]),
    type: shortText(headers[Header.routingKey]),
  };
}

function fieldsAsTheyCame(
  headers: MessageHeaders,
  { headers: before, isWhole, encoded: received }: AmqpForm,
): Buffer[] {
  const fieldsBefore = encodedFields(received.table);
  const kept = isWhole ? keptAsHeaders(received) : undefined;
  const fields: Buffer[] = [];
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value === undefined) continue;
    const isUnchanged = Object.hasOwn(before, name) && Object.is(before[name], value);
    const field = isUnchanged && !kept?.has(name) ? fieldsBefore.get(name) : encodeField(name, value);
    // A value that arrived as a property is sent as a property.
    if (field !== undefined) fields.push(field);
  }
  return fields;
}

const maxTableNames = 64;
let table: Record<string, unknown> = Object.create(null);

// amqplib makes the headers the prototype of another object. If V8 has not seen that object as a prototype before, this
// takes longer than encoding the whole message. So all messages share one table. It is encoded before `publish`
// returns, without its undefined fields.
function toAmqpHeaders(headers: MessageHeaders): Record<string, unknown> {
  let names = 0;
  for (const name in table) {
    table[name] = undefined;
    names++;
  }
  if (names > maxTableNames) table = Object.create(null);
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    table[name] = typeof value === 'number' || typeof value === 'bigint' ? toFieldNumber(value) : value;
  }
  return table;
}

/**
 * By itself, amqplib writes a number in the smallest type that fits it, so the type of a header would depend on its
 * value.
 */
function toFieldNumber(value: number | bigint): unknown {
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return { '!': 'int64', value };
  return { '!': 'double', value };
}

/** amqplib leaves timestamps and decimals in its own notation, also inside tables and arrays such as `x-death`. */
function readByAmqplib(table: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [name, fromFieldValue(value)]));
}

function fromFieldValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  if (Array.isArray(value)) return value.map(fromFieldValue);
  if ('!' in value && 'value' in value) {
    if (value['!'] === 'timestamp' && typeof value.value === 'number') return value.value;
    if (value['!'] === 'decimal') return fromDecimal(value.value);
  }
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, fromFieldValue(inner)]));
}

function fromDecimal(value: unknown): unknown {
  const { digits, places } = Object(value) as { digits?: unknown; places?: unknown };
  return typeof digits === 'number' && typeof places === 'number' ? digits / 10 ** places : value;
}

/** Properties are short strings; a text that is too long for one stays a header only. */
function shortText(value: unknown): string | undefined {
  return typeof value === 'string' && Buffer.byteLength(value) <= maxShortStringBytes ? value : undefined;
}

function seconds(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}
