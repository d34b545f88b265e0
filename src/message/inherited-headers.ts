import { type ArrivedForm, formOfHeaders } from './arrived-form.ts';
import { isAttributeHeader } from './cloud-events.ts';
import { maxShortStringBytes } from './limits.ts';
import type { Message } from './message.ts';
import { Header, type MessageHeaders } from './message-headers.ts';
import { isReservedHeader } from './reserved-headers.ts';

/** The headers that the messages of a handler inherit from its message. */
export interface Inherited {
  /** The headers that its sender chose; none of the framework's, the broker's or the transport's. */
  readonly headers: Readonly<Record<string, string | number | bigint | boolean>>;
  /** The form that these headers had on the wire. */
  readonly arrived: ArrivedForm | undefined;
  readonly correlationId: string | undefined;
  /** The message's own id. */
  readonly parentId: string | undefined;
}

/**
 * @param message the message that the handler is handling, whatever its headers hold
 * @param metadata what the handler sets itself, whose form is not inherited
 */
export function inheritedFrom({ headers, arrived }: Message, metadata: object = {}): Inherited {
  const parentId = shortText(headers[Header.id]);
  const inherited = userlandHeaders(headers, arrived?.headers);
  return {
    headers: inherited,
    arrived: arrived && formOfHeaders(arrived, without(inherited, metadata)),
    // A message without one is the first of those that belong together.
    correlationId: shortText(headers[Header.correlationId]) ?? parentId,
    parentId,
  };
}

/**
 * Returns the headers that the sender of a message chose. A value that is neither text, a number nor a boolean is
 * dropped: other programs can send headers that littoral cannot. The attributes of a CloudEvent identify that event, and another message must not claim them.
 *
 * @param arrived the headers whose form is known, which can be sent as they came
 */
export function userlandHeaders(
  headers: MessageHeaders,
  arrived: MessageHeaders | undefined,
): Record<string, string | number | bigint | boolean> {
  const own: Record<string, string | number | bigint | boolean> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (!isInheritable(name)) continue;
    if (isSendable(value) || (isNumeric(value) && arrived?.[name] === value)) own[name] = value;
  }
  return own;
}

/** Names with their answers, because most messages have the same. Senders choose names, so their number is limited. */
const knownNames = new Map<string, boolean>();
const maxKnownNames = 1_000;

function isInheritable(name: string): boolean {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  const answer = shortText(name) === name && !isReservedHeader(name) && !isAttributeHeader(name);
  if (knownNames.size < maxKnownNames) knownNames.set(name, answer);
  return answer;
}

function isSendable(value: unknown): value is string | number | bigint | boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'boolean') return true;
  if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value;
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}

function without(headers: MessageHeaders, names: object): MessageHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !Object.hasOwn(names, name)));
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || Number.isFinite(value);
}

/** Limits a header that is sent as an AMQP property, which has at most 255 bytes. */
function shortText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '' || !value.isWellFormed()) return undefined;
  return Buffer.byteLength(value) <= maxShortStringBytes ? value : undefined;
}
