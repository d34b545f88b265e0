import { parse, stringify } from 'node:querystring';
import { LittoralError } from '../errors.ts';
import { decodeUtf8 } from './character-encoding.ts';
import { isRecord } from './is-record.ts';
import { isForm, isValue, type MediaType } from './media-type.ts';
import type { MediaTypeConverter } from './media-type-converter.ts';
import { refuseBytes } from './refuse-bytes.ts';

/**
 * `application/x-www-form-urlencoded`: fields of text; a field that comes more than once is a list. So a list of one is
 * read as its only item, and an empty one leaves no trace.
 */
export const formConverter: MediaTypeConverter = {
  name: 'form',
  losesLists: true,
  matches: (source, target) => (isForm(source) && isValue(target)) || (isValue(source) && isForm(target)),
  convert: (payload, source, target) =>
    isValue(source) ? encodeForm(payload, target) : decodeForm(payload as Uint8Array, source),
};

function decodeForm(bytes: Uint8Array, source: MediaType): Record<string, unknown> {
  const text = decodeUtf8(bytes, source);
  let broken = false;
  const fields = parse(text, '&', '=', {
    maxKeys: 0,
    // What this throws, querystring answers with a guess of its own; so it is noted here.
    decodeURIComponent(part) {
      try {
        return decodeURIComponent(part);
      } catch {
        broken = true;
        return part;
      }
    },
  });
  if (broken) {
    throw new LittoralError('malformed-body', `The body of type ${source.text} has a broken percent-encoding.`);
  }
  return fields;
}

function encodeForm(value: unknown, target: MediaType): Uint8Array {
  refuseBytes(value, target);
  if (!isRecord(value) || !Object.entries(value).every(([name, field]) => name.isWellFormed() && isField(field))) {
    throw new LittoralError('not-convertible', `Only an object of plain fields can be written as ${target.text}.`);
  }
  return Buffer.from(stringify(value as Record<string, string>));
}

function isField(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isScalar);
  return isScalar(value);
}

function isScalar(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  return typeof value === 'boolean' || Number.isFinite(value);
}
