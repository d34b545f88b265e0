import { LittoralError, messageOf } from '../errors.ts';
import { decodeText } from './character-encoding.ts';
import { describeValue } from './describe-value.ts';
import { isJson, isValue, type MediaType } from './media-type.ts';
import type { MediaTypeConverter } from './media-type-converter.ts';

/** JSON (RFC 8259) and every `+json`. From one of them to another the bytes stay as they are. */
export const jsonConverter: MediaTypeConverter = {
  name: 'JSON',
  matches: (source, target) =>
    (isJson(source) && (isValue(target) || isJson(target))) || (isValue(source) && isJson(target)),
  convert(payload, source, target) {
    if (isValue(source)) return encodeJson(payload, target);
    return isValue(target) ? decodeJson(payload as Uint8Array, source) : payload;
  },
};

/** @throws LittoralError `malformed-body` when the bytes are not one JSON text in UTF-8 */
export function decodeJson(bytes: Uint8Array, mediaType: MediaType): unknown {
  // RFC 8259 section 8.1: JSON between systems is UTF-8, whatever a charset parameter claims.
  const text = decodeText(bytes, { ...mediaType, charset: undefined });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new LittoralError('malformed-body', `The body of type ${mediaType.text} is not JSON: ${where(cause)}.`, {
      cause: new Error('JSON.parse failed'),
    });
  }
}

/** The parser quotes the text around a fault; an error must not carry a part of a payload. */
function where(error: unknown): string {
  const position = /at position (\d+)/.exec(messageOf(error));
  if (position) return `a fault at position ${position[1]}`;
  return /end of JSON/.test(messageOf(error)) ? 'it ends too early' : 'a fault at its start';
}

function encodeJson(value: unknown, target: MediaType): Uint8Array {
  if (value instanceof Uint8Array) {
    throw new LittoralError('unsupported-media-type', `No converter from bytes to ${target.text}.`);
  }
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new LittoralError('not-convertible', `The payload cannot be written as ${target.text}: ${messageOf(cause)}.`);
  }
  if (text === undefined) {
    throw new LittoralError(
      'not-convertible',
      `The payload is ${describeValue(value)}, which cannot be written as ${target.text}.`,
    );
  }
  return Buffer.from(text);
}
