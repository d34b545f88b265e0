import type { Message } from './message.ts';
import { Header, type MessageHeaders } from './message-headers.ts';
import { isReservedHeader } from './reserved-headers.ts';

/** What a message hands on to those that its handler sends. */
export interface Inherited {
  /** The headers that its sender chose; none of the framework's, the broker's or the transport's. */
  readonly headers: Readonly<Record<string, string | number | boolean>>;
  readonly correlationId: string | undefined;
  /** The message's own id. */
  readonly parentId: string | undefined;
}

/** @param message the message that a handler has in hand, whatever its headers hold */
export function inheritedFrom({ headers }: Message): Inherited {
  const parentId = shortText(headers[Header.id]);
  return {
    headers: userlandHeaders(headers),
    // A message without one is the first of those that belong together.
    correlationId: shortText(headers[Header.correlationId]) ?? parentId,
    parentId,
  };
}

/** What is neither text, a number nor a boolean stays behind: other programs can send headers that littoral cannot. */
function userlandHeaders(headers: MessageHeaders): Record<string, string | number | boolean> {
  const own: Record<string, string | number | boolean> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (isSimple(value) && shortText(name) === name && !isReservedHeader(name)) own[name] = value;
  }
  return own;
}

function isSimple(value: unknown): value is string | number | boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'boolean') return true;
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}

/** What AMQP carries as a property has at most 255 bytes. */
function shortText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '' || !value.isWellFormed()) return undefined;
  return Buffer.byteLength(value) <= 255 ? value : undefined;
}
