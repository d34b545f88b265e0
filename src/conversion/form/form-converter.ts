import { LittoralError } from '../../errors.ts';
import { isRecord } from '../../schema/is-record.ts';
import { isExactNumber } from '../../schema/large-integers.ts';
import { assertNotBytes } from '../assert-not-bytes.ts';
import { decodeUtf8 } from '../character-encoding.ts';
import { isForm, isValue, type MediaType } from '../media-type.ts';
import type { MediaTypeConverter } from '../media-type-converter.ts';
import { hasTooManyFields, maxFormFields, readFormFields, writeFormFields } from './form-fields.ts';

/**
 * `application/x-www-form-urlencoded`: fields of text; a repeated field is a list. A list of one item is therefore read
 * as its item, and an empty list is not written at all.
 */
export const formConverter: MediaTypeConverter = {
  name: 'form',
  singleItemIsList: true,
  matches: (source, target) => (isForm(source) && isValue(target)) || (isValue(source) && isForm(target)),
  convert: (payload, source, target) =>
    isValue(source) ? encodeForm(payload, target) : decodeForm(payload as Uint8Array, source),
};

function decodeForm(bytes: Uint8Array, source: MediaType): Record<string, unknown> {
  const text = decodeUtf8(bytes, source);
  if (hasTooManyFields(text)) {
    throw new LittoralError('malformed-body', `The body of type ${source.text} has more than ${maxFormFields} fields.`);
  }
  const fields = readFormFields(text);
  if (fields) return fields;
  throw new LittoralError('malformed-body', `The body of type ${source.text} has a broken percent-encoding.`);
}

function encodeForm(value: unknown, target: MediaType): Uint8Array {
  assertNotBytes(value, target);
  if (isRecord(value) && sizeOf(value) > maxFormFields) {
    throw new LittoralError(
      'not-convertible',
      `The payload cannot be written as ${target.text}: it would have more than ${maxFormFields} fields.`,
    );
  }
  if (!isRecord(value) || !Object.entries(value).every(([name, field]) => name.isWellFormed() && isField(field))) {
    throw new LittoralError(
      'not-convertible',
      `Only an object of plain fields can be written as ${target.text}: texts, booleans, BigInts and exact numbers.`,
    );
  }
  return Buffer.from(writeFormFields(value));
}

/** Returns the number of fields that an object would have as a form. */
function sizeOf(value: Readonly<Record<string, unknown>>): number {
  const names = Object.keys(value);
  if (names.length > maxFormFields) return names.length;
  return names.reduce((sum, name) => sum + (Array.isArray(value[name]) ? value[name].length : 1), 0);
}

function isField(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isScalar);
  return isScalar(value);
}

function isScalar(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number') return isExactNumber(value);
  return typeof value === 'boolean' || typeof value === 'bigint';
}
