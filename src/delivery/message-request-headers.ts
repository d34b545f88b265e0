import { stringifyExactly } from '../conversion/json/write-json.ts';
import { userlandHeaders } from '../message/inherited-headers.ts';
import type { Message } from '../message/message.ts';
import { Header, traceHeaders } from '../message/message-headers.ts';
import { isReservedHeader } from '../message/reserved-headers.ts';
import { encodeEncodedValue, encodeHeaderValue } from '../text/header-value.ts';
import { toRfc3339 } from '../time/rfc3339.ts';

/** Header names that survive the mapping to `Message-Header-…` and back, as the routes that send map them. */
const mappable = /^[a-z][A-Za-z0-9]*$/;

type NamedHeaders = readonly (readonly [name: string, source: string])[];

/** The framework's headers of a message, by the request headers that carry them. */
const named: NamedHeaders = [
  ['message-id', Header.id],
  ['message-correlation-id', Header.correlationId],
  ['message-parent-id', Header.parentId],
  ['message-kind', Header.payloadType],
  ['message-routing-key', Header.routingKey],
  ['message-source', Header.sourceServiceName],
  ['message-user-id', Header.userId],
  ['message-priority', Header.priority],
];
/** The headers of tracing tools, which encode their values themselves. */
const tracing: NamedHeaders = Array.from(traceHeaders, (name) => [name, name]);

/** How texts are written as values. */
export interface ValueEncoding {
  readonly text: (text: string) => string;
  /** For values that are percent-encoded already where they need it. */
  readonly encodedText: (text: string) => string;
}

/** The values of request headers. */
const requestEncoding: ValueEncoding = { text: encodeHeaderValue, encodedText: encodeEncodedValue };

interface DescribedCall {
  /** The end of the message's time to live: milliseconds since 1970. Default: it does not expire. */
  readonly expiresAtMs?: number | undefined;
}

/**
 * Adds the headers that describe the message: names and values in turn.
 *
 * @param encoding default: that of request headers
 */
export function addMessageHeaders(
  to: string[],
  message: Message,
  { expiresAtMs }: DescribedCall,
  encoding = requestEncoding,
): void {
  const { headers } = message;
  addNamed(to, headers, named, encoding.text);
  addNamed(to, headers, tracing, encoding.encodedText);
  const timestamp = timestampOf(headers[Header.timestamp]);
  if (timestamp !== undefined) to.push('message-timestamp', timestamp);
  const expiry = expiresAtMs === undefined ? undefined : toRfc3339(expiresAtMs);
  if (expiry !== undefined) to.push('message-expires-at', expiry);
  addCustomHeaders(to, message, encoding.text);
}

function addNamed(to: string[], from: Message['headers'], names: NamedHeaders, encode: (text: string) => string): void {
  for (const [name, source] of names) {
    const value = from[source];
    if (isScalar(value)) to.push(name, encode(String(value)));
  }
}

/** Returns the headers that the sender chose, exactly; undefined if there are none. */
export function customHeadersOf(message: Message): Readonly<Record<string, unknown>> | undefined {
  const headers = userlandHeaders(message.headers, message.arrived?.headers);
  const names = Object.keys(headers);
  const own = names.filter((name) => !traceHeaders.has(name));
  if (own.length === 0) return undefined;
  return own.length === names.length ? headers : Object.fromEntries(own.map((name) => [name, headers[name]]));
}

/** Adds the headers that the sender chose: exactly as JSON, and those with simple names one by one. */
function addCustomHeaders(to: string[], message: Message, encode: (text: string) => string): void {
  const custom = customHeadersOf(message);
  if (custom === undefined) return;
  to.push('message-headers', asciiJson(custom));
  for (const [name, value] of Object.entries(custom)) {
    const mapped = mappedName(name);
    if (mapped !== undefined) to.push(mapped, encode(String(value)));
  }
}

let lastSeconds = Number.NaN;
let lastTimestamp: string | undefined;

/** RFC 3339, in UTC. Ecotone's timestamp counts seconds. Many messages in a row have the same. */
function timestampOf(seconds: unknown): string | undefined {
  if (typeof seconds !== 'number') return undefined;
  if (seconds !== lastSeconds) {
    lastSeconds = seconds;
    lastTimestamp = toRfc3339(seconds * 1000);
  }
  return lastTimestamp;
}

function asciiJson(headers: Readonly<Record<string, unknown>>): string {
  const hasLargeIntegers = Object.values(headers).some((value) => typeof value === 'bigint');
  const json =
    (hasLargeIntegers ? stringifyExactly(headers, (_key, value) => value) : undefined) ?? JSON.stringify(headers);
  return /^[\x20-\x7e]*$/.test(json)
    ? json
    : json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** @returns undefined for a header that has no such name, or one that the routes that send would refuse, such as `x-a` */
function mappedName(name: string): string | undefined {
  if (!mappable.test(name)) return undefined;
  const kebab = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return isReservedHeader(kebab) ? undefined : `message-header-${kebab}`;
}

function isScalar(value: unknown): value is string | number | bigint | boolean {
  switch (typeof value) {
    case 'string':
      return value !== '';
    case 'number':
    case 'bigint':
    case 'boolean':
      return true;
    default:
      return false;
  }
}
