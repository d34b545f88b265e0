import { type Issue, LittoralError } from '../../errors.ts';
import { describeValue } from '../../text/describe-value.ts';
import { assertNotBytes } from '../assert-not-bytes.ts';
import { decodeUtf8 } from '../character-encoding.ts';
import { isJson, isValue, type MediaType } from '../media-type.ts';
import type { MediaTypeConverter } from '../media-type-converter.ts';
import { maxObjectFields } from '../object-fields.ts';
import { describeJsonError } from './describe-json-error.ts';
import { exceededLimit, maxJsonDepth } from './json-limits.ts';
import { parseJson, UnreadableNumbers } from './parse-json.ts';
import { UnwritableNumbers, writeJson } from './write-json.ts';

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

/**
 * @throws LittoralError `malformed-body` when the bytes are not one JSON text in UTF-8 or hold an object with too many fields, `payload-refused` for a number
 * that no number of JavaScript stands for
 */
function decodeJson(bytes: Uint8Array, mediaType: MediaType): unknown {
  return parsed(bytes, mediaType, parseJson, maxObjectFields);
}

/** @throws LittoralError `malformed-body` when the bytes are not one JSON text in UTF-8, whatever its numbers are */
export function assertJson(bytes: Uint8Array, mediaType: MediaType): void {
  // What is only passed on has no limit of fields.
  parsed(bytes, mediaType, JSON.parse, Number.POSITIVE_INFINITY);
}

function parsed(bytes: Uint8Array, mediaType: MediaType, parse: (text: string) => unknown, maxFields: number): unknown {
  // RFC 8259 section 8.1: JSON between systems is UTF-8, whatever a charset parameter claims.
  const text = decodeUtf8(bytes, mediaType);
  const exceeded = exceededLimit(bytes, { maxFields });
  if (exceeded !== undefined) {
    const what =
      exceeded === 'depth'
        ? `more than ${maxJsonDepth} objects and lists in one another`
        : `an object with more than ${maxFields} fields`;
    throw new LittoralError('malformed-body', `The body of type ${mediaType.text} has ${what}.`);
  }
  try {
    return parse(text);
  } catch (cause) {
    if (cause instanceof UnreadableNumbers) {
      const detail = `The body of type ${mediaType.text} has numbers that cannot be read: ${inWords(cause.issues)}.`;
      throw new LittoralError('payload-refused', detail, { issues: cause.issues });
    }
    throw new LittoralError(
      'malformed-body',
      `The body of type ${mediaType.text} is not JSON: ${describeJsonError(cause)}.`,
    );
  }
}

function encodeJson(value: unknown, target: MediaType): Uint8Array {
  assertNotBytes(value, target);
  let text: string | undefined;
  try {
    text = writeJson(value);
  } catch (cause) {
    if (cause instanceof UnwritableNumbers) {
      const detail = `The payload cannot be written as ${target.text}: ${inWords(cause.issues)}.`;
      throw new LittoralError('not-convertible', detail, { issues: cause.issues });
    }
    throw new LittoralError(
      'not-convertible',
      `The payload cannot be written as ${target.text}: it holds a cycle, is nested too deeply, or cannot be read.`,
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

function inWords(issues: readonly Issue[]): string {
  return issues.map(({ path, message }) => `${path || 'the whole'} ${message}`).join('; ');
}
