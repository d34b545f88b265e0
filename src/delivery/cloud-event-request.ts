import { isUtf8 } from 'node:buffer';
import { isUtf8Charset } from '../conversion/character-encoding.ts';
import { assertJson } from '../conversion/json/json-converter.ts';
import { isJson, isXml, type MediaType, parseMediaType } from '../conversion/media-type.ts';
import { structuredMediaType } from '../message/cloud-events.ts';
import type { Message } from '../message/message.ts';
import { Header } from '../message/message-headers.ts';
import { asBuffer } from '../text/as-buffer.ts';
import { arrivedAttributes, type EventAttributes, type EventOptions, madeAttributes } from './event-attributes.ts';

export interface CloudEventOptions extends EventOptions {
  /** `binary`: attributes as headers, the payload as the body. `structured`: all in one JSON object. */
  readonly mode: 'binary' | 'structured';
}

/** The part of an HTTP request that carries an event. The names of its headers are in lower case. */
export interface CloudEventRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * Turns a message into a request of the CloudEvents HTTP binding. A message that was sent as a CloudEvent becomes that
 * event again. Any message becomes an event: what CloudEvents does not allow is left out.
 *
 * @see CloudEvents HTTP Protocol Binding 1.0.2, section 3; CloudEvents JSON Event Format 1.0.2, section 3
 */
export function toCloudEventRequest(message: Message<Uint8Array>, options: CloudEventOptions): CloudEventRequest {
  const { headers, payload } = message;
  const mediaType = mediaTypeOf(message);
  const arrived = arrivedAttributes(headers);
  // A program that uses the structured mode on AMQP has sent the whole event as the payload.
  if (arrived === undefined && mediaType?.essence === structuredMediaType) {
    return { headers: { 'content-type': mediaType.text }, body: payload };
  }
  const attributes = arrived ?? madeAttributes(headers, options);
  // A receiver would take such a payload for an event in the structured mode, or for a batch.
  const isEventFormat = mediaType?.essence.startsWith('application/cloudevents') ?? false;
  if (options.mode === 'structured' || isEventFormat) return structuredRequest(attributes, mediaType, payload);
  return binaryRequest(attributes, mediaType, payload);
}

const octetStream: MediaType = {
  text: 'application/octet-stream',
  essence: 'application/octet-stream',
  charset: undefined,
};

/** @returns undefined for an event without data, which littoral carries as an empty text */
function mediaTypeOf({ headers, payload }: Message<Uint8Array>): MediaType | undefined {
  const { [Header.contentType]: given } = headers;
  if (given === 'text/plain' && payload.byteLength === 0) return undefined;
  // A line break in a content type would begin a header of the sender's choice.
  const isPrintable = typeof given === 'string' && /^[\x20-\x7e]+$/.test(given);
  return (isPrintable && parseMediaType(given.trim())) || octetStream;
}

function binaryRequest(
  attributes: EventAttributes,
  mediaType: MediaType | undefined,
  body: Uint8Array,
): CloudEventRequest {
  const headers: Record<string, string> = {};
  for (const [name, value] of attributes) headers[`ce-${name}`] = percentEncode(String(value));
  if (mediaType) headers['content-type'] = mediaType.text;
  return { headers, body };
}

/** Encodes a value as section 3.1.3.2 of the HTTP binding says. */
function percentEncode(value: string): string {
  return value.replace(/[^\x21\x23\x24\x26-\x7e]+/g, encodeURIComponent);
}

function structuredRequest(
  attributes: EventAttributes,
  mediaType: MediaType | undefined,
  payload: Uint8Array,
): CloudEventRequest {
  const { text: datacontenttype } = mediaType ?? {};
  const envelope = Buffer.from(JSON.stringify({ ...Object.fromEntries(attributes), datacontenttype }));
  const data = payload.byteLength === 0 || mediaType === undefined ? [] : dataMember(payload, mediaType);
  const body = Buffer.concat([envelope.subarray(0, -1), ...data, Buffer.from('}')]);
  // Lower case, because the official SDK for JavaScript compares the text.
  return { headers: { 'content-type': `${structuredMediaType}; charset=utf-8` }, body };
}

/** Returns the data as bytes of JSON. A payload of JSON is not written again, because that would round its numbers. */
function dataMember(payload: Uint8Array, mediaType: MediaType): readonly Uint8Array[] {
  if (isJson(mediaType) && isJsonText(payload, mediaType)) return [Buffer.from(',"data":'), payload];
  const bytes = asBuffer(payload);
  if (isUnicodeText(payload, mediaType)) return [Buffer.from(`,"data":${JSON.stringify(bytes.toString('utf8'))}`)];
  return [Buffer.from(`,"data_base64":"${bytes.toString('base64')}"`)];
}

function isJsonText(payload: Uint8Array, mediaType: MediaType): boolean {
  // A byte order mark is allowed only at the beginning of a document.
  if (payload[0] === 0xef) return false;
  try {
    assertJson(payload, mediaType);
    return true;
  } catch {
    return false;
  }
}

/** Returns whether a payload is text that keeps its bytes when it is written in UTF-8. */
function isUnicodeText(payload: Uint8Array, mediaType: MediaType): boolean {
  const { essence, charset } = mediaType;
  const isText = essence.startsWith('text/') && !isJson(mediaType) && !isXml(mediaType);
  return isText && isUtf8Charset(charset) && isUtf8(payload);
}
