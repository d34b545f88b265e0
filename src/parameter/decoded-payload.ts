import type { ConversionService } from '../conversion/conversion-service.ts';
import { takeParsed } from '../conversion/json/parsed-messages.ts';
import type { Message } from '../message/message.ts';
import { Header } from '../message/message-headers.ts';

/** A payload that was decoded for one message, and that more than one argument may be computed from. */
interface Decoded {
  readonly value: unknown;
  /** True once it is an argument, so that it must not become another one. */
  isArgument: boolean;
}

const decodedOf = new WeakMap<Message, Decoded>();

/** The size of a payload from which it is decoded once, in bytes. Decoding a smaller one again costs less. */
const minBytes = 1024;

/**
 * Returns the payload, decoded by its content type, for the author's code: no other code sees the same value, but for the
 * expressions of the same call, which only read it.
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
 * Returns whether a part of the decoded payload may become an argument, and keeps the payload for no other then. False if
 * the payload is an argument already: the part has to come from a payload of its own.
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

/** To be called before the author's code gets the arguments: what is among them is not decoded for others as well. */
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

/** What a converter of the configuration returns can be an instance, or a value that it keeps. */
function isPlainData(value: unknown, { headers }: Message, conversion: ConversionService): boolean {
  return !(value instanceof Uint8Array) && conversion.decodesToPlainData(headers[Header.contentType]);
}

function decode(message: Message, conversion: ConversionService): unknown {
  const { payload, headers } = message;
  const decoded = conversion.decode(payload, headers[Header.contentType], takeParsed(message));
  // Bytes are those that other handlers get, and the dead letter.
  return decoded instanceof Uint8Array && payload instanceof Uint8Array ? Buffer.from(decoded) : decoded;
}
