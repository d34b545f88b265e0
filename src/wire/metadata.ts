import type { ConversionService } from '../conversion/conversion-service.ts';
import { parseJson } from '../conversion/json/parse-json.ts';
import { stringifyExactly } from '../conversion/json/write-json.ts';
import { errorMessage, isLittoralError, LittoralError } from '../errors.ts';
import { maxShortStringBytes } from '../message/limits.ts';
import { isReservedHeader } from '../message/reserved-headers.ts';
import { isExactNumber } from '../schema/large-integers.ts';
import { describeValue } from '../text/describe-value.ts';

/**
 * The headers that a caller adds to a message. Text, numbers, BigInts and booleans are sent as they are; objects and
 * arrays as JSON text.
 */
export type Metadata = Readonly<Record<string, unknown>>;

/** The value of a message header: a BigInt for an integer of 64 bits beyond 2^53. */
export type HeaderValue = string | number | boolean | bigint;

/**
 * Maps metadata to the headers of a message, as Ecotone does: null is dropped, arrays and objects become JSON text
 * without their nulls.
 *
 * @param conversion makes what can be written of the instances in it
 * @param inherited headers that stand where the metadata has none of that name, null included
 * @throws LittoralError `reserved-header`, `invalid-header`
 */
export function metadataToHeaders(
  metadata: Metadata,
  conversion: Pick<ConversionService, 'headerValue'>,
  inherited: Readonly<Record<string, HeaderValue>> = {},
): Record<string, HeaderValue> {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    throw invalid(`Metadata is ${describeValue(metadata)}, not an object of headers.`);
  }
  const headers: Record<string, HeaderValue> = { ...inherited };
  for (const [name, value] of Object.entries(metadata)) {
    checkHeaderName(name);
    const plain = typeof value === 'object' && value !== null ? plainValue(name, value, conversion) : value;
    const mapped = plain === null || plain === undefined ? undefined : headerValue(name, plain);
    if (mapped !== undefined) headers[name] = mapped;
    else delete headers[name];
  }
  return headers;
}

function plainValue(name: string, value: object, conversion: Pick<ConversionService, 'headerValue'>): unknown {
  try {
    return conversion.headerValue(value);
  } catch (cause) {
    throw invalid(`The header '${name}': ${errorMessage(cause)}`, cause);
  }
}

/** @throws LittoralError `reserved-header`, `invalid-header` */
export function checkHeaderName(name: string): void {
  if (isReservedHeader(name)) {
    throw new LittoralError('reserved-header', `The header '${name}' belongs to the framework; choose another name.`);
  }
  if (name === '' || !name.isWellFormed()) throw invalid('A header has no name, or one that is not valid Unicode.');
  if (Buffer.byteLength(name) > maxShortStringBytes) {
    throw invalid(`The header '${name.slice(0, 32)}…' has a name longer than ${maxShortStringBytes} bytes.`);
  }
}

function headerValue(name: string, value: unknown): HeaderValue | undefined {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) throw invalid(`The header '${name}' is not valid Unicode.`);
      return value;
    case 'boolean':
      return value;
    case 'number':
      return numberValue(name, value);
    case 'bigint':
      return integerValue(name, value);
    case 'object':
      return jsonText(name, value);
    default:
      throw invalid(`The header '${name}' is ${describeValue(value)}, which no message can carry.`);
  }
}

function numberValue(name: string, value: number): number {
  if (!Number.isFinite(value)) throw invalid(`The header '${name}' is not a finite number.`);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw invalid(
      `The header '${name}' is an integer beyond 2^53, which may have been rounded; send a BigInt or text.`,
    );
  }
  return value;
}

/** As it arrives: a number, where one holds it. */
function integerValue(name: string, value: bigint): number | bigint {
  if (BigInt.asIntN(64, value) !== value) {
    throw invalid(
      `The header '${name}' is an integer of more than 64 bits, which no message can carry; send it as text.`,
    );
  }
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** @returns undefined for what is nothing in JSON, such as an invalid date */
function jsonText(name: string, value: unknown): string | undefined {
  try {
    const plain = parseJson(stringifyExactly(value, (_key, inner) => expressible(name, inner)) ?? 'null');
    return stringifyExactly(plain, (_key, inner) => withoutNulls(inner));
  } catch (cause) {
    if (isLittoralError(cause)) throw cause;
    throw invalid(
      `The header '${name}' cannot be written as JSON: it holds a cycle, is nested too deeply, or cannot be read.`,
      cause,
    );
  }
}

/** By itself JSON turns these into null, rounds them or drops them. */
function expressible(name: string, value: unknown): unknown {
  const isNumber = typeof value === 'number';
  if (isNumber ? isExactNumber(value) : !['function', 'symbol'].includes(typeof value)) return value;
  if (Number.isFinite(value)) {
    throw invalid(`The header '${name}' holds an integer beyond 2^53, which may have been rounded; give a BigInt.`);
  }
  const found = isNumber ? 'a number that is not finite' : describeValue(value);
  throw invalid(`The header '${name}' holds ${found}, which JSON cannot express.`);
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== null);
  return value === null ? undefined : value;
}

function invalid(detail: string, cause?: unknown): LittoralError {
  return new LittoralError('invalid-header', detail, { cause });
}
