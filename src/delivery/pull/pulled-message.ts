import { isUtf8 } from 'node:buffer';
import { isUtf8Charset } from '../../conversion/character-encoding.ts';
import { stringifyExactly } from '../../conversion/json/write-json.ts';
import { isJson, isXml, type MediaType, parseMediaType } from '../../conversion/media-type.ts';
import { asBuffer } from '../../text/as-buffer.ts';
import { addMessageHeaders, customHeadersOf, type ValueEncoding } from '../message-request-headers.ts';
import type { PostedMessage } from '../posted-request.ts';

/** The call of a handler whose message is pulled. */
export interface PulledCall {
  readonly endpointId: string;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  /** The end of the message's time to live: milliseconds since 1970; undefined for one that does not expire. */
  readonly expiresAtMs: number | undefined;
}

/**
 * Writes a message as a JSON object, without its lease. The body is a text where that is exactly its bytes; a JSON
 * document is a text as well, so that no program rounds its numbers.
 */
export function writePulledMessage(posted: PostedMessage, call: PulledCall): string {
  const { endpointId, attempt } = call;
  const { message, body, contentType } = posted;
  const pulled = {
    endpoint: endpointId,
    attempt,
    message: { ...headersOf(posted, call), ...exactHeaders(message) },
    ...(contentType === undefined ? {} : { contentType }),
    ...bodyOf(body, contentType),
  };
  return stringifyExactly(pulled, (_key, value) => value) ?? '{}';
}

const asItIs: ValueEncoding = { text: (text) => text, encodedText: (text) => text };

/** The headers of a request that would carry the message. JSON can hold each text, so nothing is percent-encoded. */
function headersOf({ message }: PostedMessage, call: PulledCall): Record<string, string> {
  const pairs: string[] = [];
  addMessageHeaders(pairs, message, call, asItIs);
  const headers: Record<string, string> = {};
  for (let index = 0; index < pairs.length; index += 2) headers[titleCase(pairs[index] ?? '')] = pairs[index + 1] ?? '';
  return { ...headers, 'Message-Attempt': String(call.attempt) };
}

function exactHeaders(message: PostedMessage['message']): object {
  const headers = customHeadersOf(message);
  return headers === undefined ? {} : { 'Message-Headers': headers };
}

/** `message-id` is `Message-Id`. The names of Trace Context are in lower case. */
function titleCase(name: string): string {
  if (!name.startsWith('message-')) return name;
  return name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

function bodyOf(body: Uint8Array, contentType: string | undefined): { body: string } | { bodyBase64: string } {
  const bytes = asBuffer(body);
  const mediaType = contentType === undefined ? undefined : parseMediaType(contentType);
  if (mediaType === undefined || !isUtf8Text(mediaType) || !isUtf8(bytes))
    return { bodyBase64: bytes.toString('base64') };
  return { body: bytes.toString('utf8') };
}

/** Returns whether a media type is text, JSON or XML, and UTF-8 by its charset. JSON has no other (RFC 8259). */
function isUtf8Text(mediaType: MediaType): boolean {
  const { charset, essence } = mediaType;
  if (isJson(mediaType)) return true;
  return (isXml(mediaType) || essence.startsWith('text/')) && (isUtf8Charset(charset) || charset === 'us-ascii');
}
