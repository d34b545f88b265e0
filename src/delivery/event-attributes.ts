import {
  type AttributeValue,
  attributePrefixes,
  isAttributeInteger,
  isAttributeText,
  validateAttribute,
} from '../message/cloud-events.ts';
import { Header, type MessageHeaders } from '../message/message-headers.ts';
import { newMessageId } from '../message/message-id.ts';
import { isReservedHeader } from '../message/reserved-headers.ts';
import { toRfc3339 } from '../time/rfc3339.ts';

/** The context attributes of an event by name, without `datacontenttype`. */
export type EventAttributes = ReadonlyMap<string, AttributeValue>;

export interface EventOptions {
  /** The `source` of messages that were not sent as CloudEvents. Default: `/services/<the service that sent it>`. */
  readonly source?: string | undefined;
  /** The end of the message's time to live: milliseconds since 1970. Default: the one in its headers, if there is one. */
  readonly expiresAtMs?: number | undefined;
}

/**
 * Returns the attributes of a message that was sent as a CloudEvent.
 *
 * @returns undefined for a message that was not sent as a CloudEvent
 */
export function arrivedAttributes(headers: MessageHeaders): EventAttributes | undefined {
  for (const prefix of attributePrefixes) {
    if (headers[`${prefix}specversion`] !== '1.0') continue;
    const attributes = attributesBehind(prefix, headers);
    if (['id', 'source', 'type'].every((name) => attributes.has(name))) return attributes;
  }
  return undefined;
}

/** Returns the attributes whose headers begin with a prefix. One that CloudEvents does not allow is left out. */
function attributesBehind(prefix: string, headers: MessageHeaders): EventAttributes {
  const attributes = new Map<string, AttributeValue>();
  for (const [header, value] of Object.entries(headers)) {
    if (header.startsWith(prefix)) add(attributes, header.slice(prefix.length), value);
  }
  // The content type of the message is the type of the data.
  attributes.delete('datacontenttype');
  return attributes;
}

/** Attributes that CloudEvents defines. A header with such a name has another meaning in a message that is no event. */
const defined: ReadonlySet<string> = new Set([
  ...['id', 'source', 'specversion', 'type', 'time', 'subject', 'datacontenttype', 'dataschema'],
]);

/** Returns the attributes for a message that was not sent as a CloudEvent. */
export function madeAttributes(headers: MessageHeaders, { source, expiresAtMs }: EventOptions): EventAttributes {
  const attributes = new Map<string, AttributeValue>([
    ['specversion', '1.0'],
    ['id', identityOf(headers)],
    ['source', source ?? sourceOf(headers)],
    ['type', typeOf(headers)],
  ]);
  const seconds = headers[Header.timestamp];
  // Several clients write a timestamp of 0 where they have none.
  if (typeof seconds === 'number' && seconds > 0) add(attributes, 'time', seconds);
  for (const [name, value] of Object.entries(headers)) {
    if (!isReservedHeader(name) && !defined.has(name)) add(attributes, name, value);
  }
  addText(attributes, 'correlationid', headers[Header.correlationId]);
  addText(attributes, 'causationid', headers[Header.parentId]);
  const expiry = expiresAtMs ?? headers[Header.expiresAt];
  if (typeof expiry === 'number') add(attributes, 'expirytime', toRfc3339(expiry));
  return attributes;
}

/**
 * Returns the id of a message, or a new one for a message of another program that has none. Receivers take two messages
 * with one id for the same.
 */
export function identityOf({ [Header.id]: id }: MessageHeaders): string {
  const text = typeof id === 'number' || typeof id === 'bigint' ? String(id) : id;
  return typeof text === 'string' && text !== '' && isAttributeText(text) ? text : newMessageId();
}

function sourceOf({ [Header.sourceServiceName]: service }: MessageHeaders): string {
  const name = typeof service === 'string' && service !== '' ? service : 'unknown';
  return `/services/${encodeURIComponent(name.toWellFormed())}`;
}

function typeOf(headers: MessageHeaders): string {
  const names = [headers[Header.routingKey], headers[Header.payloadType]];
  return names.map(allowedCharacters).find((name) => name !== '') ?? 'message';
}

function allowedCharacters(value: unknown): string {
  if (typeof value !== 'string') return '';
  return isAttributeText(value) ? value : [...value].filter(isAttributeText).join('');
}

function addText(attributes: Map<string, AttributeValue>, name: string, value: unknown): void {
  if (value !== '' && typeof value === 'string') add(attributes, name, value);
}

/** Adds an attribute, unless CloudEvents does not allow it. */
function add(attributes: Map<string, AttributeValue>, name: string, given: unknown): void {
  const value = toAttributeValue(name, given);
  if (value !== undefined && validateAttribute(name, value) === undefined) attributes.set(name, value);
}

const timestamps: ReadonlySet<string> = new Set(['time', 'expirytime']);

/** @returns undefined for a value that has no type of CloudEvents */
function toAttributeValue(name: string, value: unknown): AttributeValue | undefined {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  // AMQP 0-9-1 has a type for a time in seconds.
  if (typeof value === 'number' && timestamps.has(name)) return toRfc3339(value * 1000);
  if (typeof value === 'number') return isAttributeInteger(value) ? value : undefined;
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : undefined;
}
