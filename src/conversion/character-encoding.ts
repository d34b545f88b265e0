import { isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';
import { LittoralError } from '../errors.ts';
import { asBuffer } from '../text/as-buffer.ts';
import { withoutByteOrderMark } from '../text/byte-order-mark.ts';
import type { MediaType } from './media-type.ts';

/**
 * Decodes bytes by the charset of their media type, UTF-8 where it names none. A byte order mark in front is dropped.
 *
 * @throws LittoralError `malformed-body` for bytes that the charset does not allow, `unsupported-media-type` for a
 * charset that is not known
 */
export function decodeText(bytes: Uint8Array, mediaType: MediaType): string {
  const charset = mediaType.charset ?? 'utf-8';
  if (isUtf8Charset(charset)) return decodeUtf8(bytes, mediaType);
  const decoder = decoderOf(isBigEndian(charset, bytes) ? 'utf-16be' : charset, mediaType);
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw notInCharset(mediaType, charset, cause);
  }
}

/**
 * Decodes bytes of a media type that is always UTF-8, whatever its charset claims. A byte order mark in front is
 * dropped, as RFC 8259 section 8.1 allows for JSON.
 *
 * @throws LittoralError `malformed-body` for bytes that are not UTF-8
 */
export function decodeUtf8(bytes: Uint8Array, mediaType: MediaType): string {
  if (!isUtf8(bytes)) throw notInCharset(mediaType, 'UTF-8');
  return withoutByteOrderMark(asBuffer(bytes).toString('utf8'));
}

/** @throws LittoralError `unsupported-media-type` if the media type to write has another charset */
export function refuseOtherThanUtf8({ charset, text }: MediaType): void {
  if (isUtf8Charset(charset)) return;
  throw new LittoralError('unsupported-media-type', `Text is written in UTF-8, not as ${text}.`);
}

/** Returns whether text with a charset is in UTF-8. It is without a charset. */
export function isUtf8Charset(charset: string | undefined): boolean {
  return charset === undefined || charset === 'utf-8' || charset === 'utf8';
}

/**
 * Returns whether UTF-16 is big-endian: the mark decides (RFC 2781 section 3.3), and without one it is little-endian.
 */
function isBigEndian(charset: string, bytes: Uint8Array): boolean {
  return charset === 'utf-16' && bytes[0] === 0xfe && bytes[1] === 0xff;
}

function decoderOf(charset: string, mediaType: MediaType): TextDecoder {
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch (cause) {
    throw new LittoralError('unsupported-media-type', `The charset of "${mediaType.text}" is not known.`, { cause });
  }
}

function notInCharset(mediaType: MediaType, charset: string, cause?: unknown): LittoralError {
  return new LittoralError('malformed-body', `The body of type ${mediaType.text} is not valid ${charset}.`, { cause });
}
