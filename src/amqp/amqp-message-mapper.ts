import type { ConsumeMessage, Options } from 'amqplib';
import { Header, type MessageHeaders } from '../message/message-headers.ts';
import type { TransportMessage } from '../message/transport-message.ts';
import { withoutDelayTraces } from './amqp-delay-topology.ts';

/** The AMQP properties and headers of a message. */
export function toAmqp({ headers }: TransportMessage, timeToLiveMs: number | undefined): Options.Publish {
  return {
    headers: toAmqpHeaders(headers),
    contentType: shortText(headers[Header.contentType]),
    messageId: shortText(headers[Header.id]),
    correlationId: shortText(headers[Header.correlationId]),
    timestamp: seconds(headers[Header.timestamp]),
    appId: shortText(headers[Header.sourceServiceName]),
    type: shortText(headers[Header.routingKey]),
    expiration: timeToLiveMs === undefined ? undefined : String(timeToLiveMs),
    persistent: true,
    mandatory: true,
  };
}

/** A delivered message, its AMQP properties among the headers. */
export function fromAmqp({ properties, content }: ConsumeMessage): TransportMessage {
  const headers: Record<string, unknown> = {};
  const table = properties.headers ?? {};
  for (const name of Object.keys(table)) {
    const value: unknown = table[name];
    headers[name] = typeof value === 'object' ? fromFieldValue(value) : value;
  }
  // The property wins over the header of the same meaning: Ecotone reads it so.
  headers[Header.contentType] = properties.contentType ?? headers[Header.contentType];
  headers[Header.id] ??= properties.messageId;
  headers[Header.correlationId] ??= properties.correlationId;
  return { headers: withoutDelayTraces(headers), body: content };
}

const maxTableNames = 64;
let table: Record<string, unknown> = Object.create(null);

// amqplib makes the headers the prototype of another object. For an object that V8 has not seen as a prototype before,
// that takes longer than to encode the whole message, so one table serves them all: it is encoded before `publish`
// returns, and without what is undefined.
function toAmqpHeaders(headers: MessageHeaders): Record<string, unknown> {
  let names = 0;
  for (const name in table) {
    table[name] = undefined;
    names++;
  }
  if (names > maxTableNames) table = Object.create(null);
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    table[name] = typeof value === 'number' ? toFieldNumber(value) : value;
  }
  return table;
}

/** By itself amqplib takes the smallest type that fits the number, so that one header would change its type by value. */
function toFieldNumber(value: number): unknown {
  // Beyond what is exact it was a double, or has become one on its way here.
  return Number.isSafeInteger(value) ? { '!': 'int64', value } : { '!': 'double', value };
}

/** amqplib leaves timestamps and decimals in its own notation, also inside tables and arrays such as `x-death`. */
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
  return typeof value === 'string' && Buffer.byteLength(value) <= 255 ? value : undefined;
}

function seconds(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}
