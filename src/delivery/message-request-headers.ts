import { stringifyExactly } from '../conversion/json/write-json.ts';
import { userlandHeaders } from '../message/inherited-headers.ts';
import type { Message } from '../message/message.ts';
import { Header } from '../message/message-headers.ts';
import { headerValue } from './header-value.ts';

/** Header names that survive the mapping to `Message-Header-…` and back, as the routes that send map them. */
const mappable = /^[a-z][A-Za-z0-9]*$/;

/** The framework's headers of a message, by the request headers that carry them. */
const named = {
  'message-id': Header.id,
  'message-correlation-id': Header.correlationId,
  'message-kind': Header.payloadType,
  'message-routing-key': Header.routingKey,
  'message-source': Header.sourceServiceName,
  'message-priority': Header.priority,
  traceparent: Header.traceparent,
  tracestate: Header.tracestate,
  baggage: Header.baggage,
} as const;
const traceHeaders: ReadonlySet<string> = new Set([Header.traceparent, Header.tracestate, Header.baggage]);

/**
 * Adds the headers that describe the message: names and values in turn.
 *
 * @param encode writes a text as a value. Default: as the value of a request header
 */
export function addMessageHeaders(to: string[], message: Message, encode = headerValue): void {
  const { headers } = message;
  for (const [name, source] of Object.entries(named)) {
    const value = headers[source];
    if (isScalar(value)) to.push(name, encode(String(value)));
  }
  const timestamp = timestampOf(headers[Header.timestamp]);
  if (timestamp !== undefined) to.push('message-timestamp', timestamp);
  addCustomHeaders(to, message, encode);
}

/** Returns the headers that the sender chose, exactly; undefined if there are none. */
export function customHeadersOf(message: Message): Readonly<Record<string, unknown>> | undefined {
  const headers = userlandHeaders(message.headers, message.arrived?.headers);
  const names = Object.keys(headers).filter((name) => !traceHeaders.has(name));
  return names.length === 0 ? undefined : Object.fromEntries(names.map((name) => [name, headers[name]]));
}

/** Adds the headers that the sender chose: exactly as JSON, and those with simple names one by one. */
function addCustomHeaders(to: string[], message: Message, encode: (text: string) => string): void {
  const custom = customHeadersOf(message);
  if (custom === undefined) return;
  to.push('message-headers', asciiJson(custom));
  for (const [name, value] of Object.entries(custom)) {
    if (mappable.test(name)) to.push(`message-header-${kebab(name)}`, encode(String(value)));
  }
}

let lastSeconds = Number.NaN;
let lastTimestamp: string | undefined;

/** RFC 3339, in UTC. Ecotone's timestamp counts seconds. Many messages in a row have the same. */
function timestampOf(seconds: unknown): string | undefined {
  if (typeof seconds !== 'number') return undefined;
  if (seconds !== lastSeconds) {
    lastSeconds = seconds;
    lastTimestamp = written(seconds);
  }
  return lastTimestamp;
}

function written(seconds: number): string | undefined {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().replace('.000Z', 'Z');
}

function asciiJson(headers: Readonly<Record<string, unknown>>): string {
  const hasLargeIntegers = Object.values(headers).some((value) => typeof value === 'bigint');
  const json =
    (hasLargeIntegers ? stringifyExactly(headers, (_key, value) => value) : undefined) ?? JSON.stringify(headers);
  return json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function isScalar(value: unknown): value is string | number | bigint | boolean {
  return value !== '' && ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
}
