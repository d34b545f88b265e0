import { LittoralError } from '../errors.ts';
import { decodeUtf8 } from './character-encoding.ts';
import { describeValue } from './describe-value.ts';
import { isDeepJson, maxJsonDepth } from './json-depth.ts';
import { jsonFault } from './json-fault.ts';
import { isJson, isValue, type MediaType } from './media-type.ts';
import type { MediaTypeConverter } from './media-type-converter.ts';
import { refuseBytes } from './refuse-bytes.ts';

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
  const text = decodeUtf8(bytes, mediaType);
  if (isDeepJson(bytes)) {
    throw new LittoralError(
      'malformed-body',
      `The body of type ${mediaType.text} has more than ${maxJsonDepth} objects and lists in one another.`,
    );
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new LittoralError('malformed-body', `The body of type ${mediaType.text} is not JSON: ${jsonFault(cause)}.`);
  }
}

function encodeJson(value: unknown, target: MediaType): Uint8Array {
  refuseBytes(value, target);
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new LittoralError(
      'not-convertible',
      `The payload cannot be written as ${target.text}: it holds a cycle or a BigInt, is nested too deeply, or cannot be read.`,
      { cause },
    );
  }
  if (text === undefined) {
    throw new LittoralError(
      'not-convertible',
      `The payload is ${describeValue(value)}, which cannot be written as ${target.text}.`,
    );
  }
  return Buffer.from(text);
}
