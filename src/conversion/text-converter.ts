import { LittoralError } from '../errors.ts';
import { isExactNumber } from '../schema/large-integers.ts';
import { byteOrderMark } from '../text/byte-order-mark.ts';
import { describeValue } from '../text/describe-value.ts';
import { assertNotBytes } from './assert-not-bytes.ts';
import { decodeText, refuseOtherThanUtf8 } from './character-encoding.ts';
import { isText, isValue, type MediaType } from './media-type.ts';
import type { MediaTypeConverter } from './media-type-converter.ts';

/** `text/plain`: read in its charset without a byte order mark, written in UTF-8. */
export const textConverter: MediaTypeConverter = {
  name: 'text',
  matches: (source, target) => (isText(source) && isValue(target)) || (isValue(source) && isText(target)),
  convert: (payload, source, target) =>
    isValue(source) ? encodeText(payload, target) : decodeText(payload as Uint8Array, source),
};

function encodeText(value: unknown, target: MediaType): Uint8Array {
  refuseOtherThanUtf8(target);
  assertNotBytes(value, target);
  if (typeof value === 'string' && value.isWellFormed()) return Buffer.from(withByteOrderMark(value));
  if (typeof value === 'number' ? isExactNumber(value) : typeof value === 'boolean' || typeof value === 'bigint') {
    return Buffer.from(String(value));
  }
  throw new LittoralError(
    'not-convertible',
    `The payload is ${describeValue(value)}, which cannot be written as ${target.text}.`,
  );
}

/** Adds a mark to a text that begins with one, because readers drop the first. */
function withByteOrderMark(text: string): string {
  return text.startsWith(byteOrderMark) ? byteOrderMark + text : text;
}
