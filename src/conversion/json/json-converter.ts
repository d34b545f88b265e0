import { type Issue, LittoralError } from '../../errors.ts';
import { describeValue } from '../../text/describe-value.ts';
import { assertNotBytes } from '../assert-not-bytes.ts';
import { decodeUtf8 } from '../character-encoding.ts';
import { maxFieldSequences } from '../field-sequences.ts';
import { isJson, isValue, type MediaType } from '../media-type.ts';
import type { MediaTypeConverter } from '../media-type-converter.ts';
import { maxObjectFields } from '../object-fields.ts';
import { describeJsonError } from './describe-json-error.ts';
import {
  exceededLimit,
  type JsonLimit,
  maxEmptyObjects,
  maxJsonCommas,
  maxJsonDepth,
  simplified,
} from './json-limits.ts';
import { UnreadableNumbers, withExactNumbers } from './parse-json.ts';
import { UnwritableNumbers, writeJson } from './write-json.ts';

/** JSON (RFC 8259) and every `+json`. The bytes do not change between these media types. */
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
 * @throws LittoralError `malformed-body` if the bytes are not one JSON text in UTF-8 or exceed a limit,
 * `payload-refused` for a number that JavaScript cannot represent
 */
function decodeJson(bytes: Uint8Array, mediaType: MediaType): unknown {
  const text = textOf(bytes, mediaType);
  const exceeded = exceededWidth(bytes, mediaType);
  if (exceeded) throw tooWide(exceeded, mediaType);
  return decodeParsed({ text, value: parse(text, mediaType), exceeded }, mediaType);
}

/** A JSON body that was parsed to check it. */
export interface ParsedJson {
  readonly text: string;
  /** The result of `JSON.parse`, with its rounded numbers. Undefined if the body exceeds a limit. */
  readonly value: unknown;
  /** The limit that the body exceeds. Such a body is not decoded. */
  readonly exceeded: Exclude<JsonLimit, 'depth'> | undefined;
}

/**
 * Parses a forwarded body to check it. Accepts every number, and has no limit except the depth.
 *
 * @throws LittoralError `malformed-body` when the bytes are not one JSON text in UTF-8
 */
export function assertJson(bytes: Uint8Array, mediaType: MediaType): ParsedJson {
  const text = textOf(bytes, mediaType);
  const exceeded = exceededWidth(bytes, mediaType);
  if (exceeded === undefined) return { text, value: parse(text, mediaType), exceeded };
  parse(textOf(simplified(bytes), mediaType), mediaType);
  return { text, value: undefined, exceeded };
}

/**
 * Decodes a parsed body as the decoder of JSON does, without parsing it again. The value is not copied, so only one
 * caller can use it.
 *
 * @throws LittoralError as the decoder of JSON does
 */
export function decodeParsed({ text, value, exceeded }: ParsedJson, mediaType: MediaType): unknown {
  if (exceeded) throw tooWide(exceeded, mediaType);
  try {
    return withExactNumbers(text, value);
  } catch (cause) {
    if (!(cause instanceof UnreadableNumbers)) throw cause;
    const detail = `The body of type ${mediaType.text} has numbers that cannot be read: ${inWords(cause.issues)}.`;
    throw new LittoralError('payload-refused', detail, { issues: cause.issues });
  }
}

/** Decodes JSON as UTF-8 and ignores the charset parameter (RFC 8259 section 8.1). */
function textOf(bytes: Uint8Array, mediaType: MediaType): string {
  return decodeUtf8(bytes, mediaType);
}

/**
 * Returns the limit that a body exceeds, except for the depth.
 *
 * @throws LittoralError if the body is nested too deeply to be parsed
 */
function exceededWidth(bytes: Uint8Array, mediaType: MediaType): Exclude<JsonLimit, 'depth'> | undefined {
  const exceeded = exceededLimit(bytes);
  if (exceeded !== 'depth') return exceeded;
  throw malformed(mediaType, `has more than ${maxJsonDepth} nested objects and lists`);
}

const width: Readonly<Record<Exclude<JsonLimit, 'depth'>, string>> = {
  fields: `has an object with more than ${maxObjectFields} fields`,
  sequences: `has objects with more than ${maxFieldSequences} different sequences of field names`,
  commas: `has more than ${maxJsonCommas} commas between items and fields, and little else`,
  'empty objects': `has more than ${maxEmptyObjects} empty objects`,
};

function tooWide(exceeded: Exclude<JsonLimit, 'depth'>, mediaType: MediaType): LittoralError {
  return malformed(mediaType, width[exceeded]);
}

function parse(text: string, mediaType: MediaType): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw malformed(mediaType, `is not JSON: ${describeJsonError(cause)}`);
  }
}

function malformed({ text }: MediaType, fault: string): LittoralError {
  return new LittoralError('malformed-body', `The body of type ${text} ${fault}.`);
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
