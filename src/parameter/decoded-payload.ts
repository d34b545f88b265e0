import type { ConversionService } from '../conversion/conversion-service.ts';
import { takeParsed } from '../conversion/json/parsed-messages.ts';
import type { Message } from '../message/message.ts';
import { Header } from '../message/message-headers.ts';

/** The decoded payload of one message, from which several arguments may be computed. */
interface Decoded {
  readonly value: unknown;
  /** True once it is an argument: it must not become a second one. */
  isArgument: boolean;
}

const decodedOf = new WeakMap<Message, Decoded>();

/** The smallest payload that is decoded once, in bytes. Decoding a smaller one again costs less than keeping it. */
const minBytes = 1024;

/**
 * Returns the payload, decoded by its content type, for the author's code. Only the expressions of the same call see the
 * same value, and they do not change it.
 */
export function takeDecoded(message: Message, conversion: ConversionService): unknown {
  if (!isWorthKeeping(message)) return decode(message, conversion);
  const known = decodedOf.get(message);
  if (known !== undefined && !known.isArgument) {
    known.isArgument = true;
    return known.value;
  }
  const value = decode(message, conversion);
  if (known === undefined && isPlainData(value, message, conversion))
    decodedOf.set(message, { value, isArgument: true });
  return value;
}

/** Returns the payload, decoded by its content type, for code that may change it at once. */
export function takeDecodedAlone(message: Message, conversion: ConversionService): unknown {
  const known = decodedOf.get(message);
  if (known === undefined || known.isArgument) return decode(message, conversion);
  decodedOf.delete(message);
  return known.value;
}

/** Returns the payload, decoded by its content type, for code that does not change it and keeps no part of it. */
export function readDecoded(message: Message, conversion: ConversionService): unknown {
  if (!isWorthKeeping(message)) return decode(message, conversion);
  const known = decodedOf.get(message);
  if (known !== undefined) return known.value;
  const value = decode(message, conversion);
  if (isPlainData(value, message, conversion)) decodedOf.set(message, { value, isArgument: false });
  return value;
}

/**
 * Returns whether a part of the decoded payload may become an argument, and reserves the payload for it. Returns false if
 * the payload is an argument already: the part must then come from a payload that is decoded again.
 */
export function claimDecoded(message: Message, value: unknown): boolean {
  const known = decodedOf.get(message);
  if (known === undefined || known.value !== value) return true;
  if (known.isArgument) return false;
  decodedOf.delete(message);
  return true;
}

/** Forgets the decoded payload of a message, because the author's code may have changed it. */
export function dropDecoded(message: Message): void {
  decodedOf.delete(message);
}

/** Drops the decoded payload if it is among the arguments. Called before the author's code gets them. */
export function releaseArguments(message: Message): void {
  if (isWorthKeeping(message) && decodedOf.get(message)?.isArgument) decodedOf.delete(message);
}

/** Drops arguments that were only computed to check a payload, so that another check can use the same payload. */
export function reclaimArguments(message: Message): void {
  const known = decodedOf.get(message);
  if (known !== undefined) known.isArgument = false;
}

function isWorthKeeping({ payload }: Message): boolean {
  return payload instanceof Uint8Array && payload.byteLength >= minBytes;
}

/** Returns whether a value is plain data. A converter of the user can return an instance, or a value that it keeps. */
function isPlainData(value: unknown, { headers }: Message, conversion: ConversionService): boolean {
  return !(value instanceof Uint8Array) && conversion.decodesToPlainData(headers[Header.contentType]);
}

function decode(message: Message, conversion: ConversionService): unknown {
  const { payload, headers } = message;
  const decoded = conversion.decode(payload, headers[Header.contentType], takeParsed(message));
  // Bytes are shared with the other handlers and with the dead letter.
  return decoded instanceof Uint8Array && payload instanceof Uint8Array ? Buffer.from(decoded) : decoded;
}
