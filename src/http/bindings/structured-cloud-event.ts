import { decodeUtf8, isUtf8Charset } from '../../conversion/character-encoding.ts';
import { assertJson } from '../../conversion/json/json-converter.ts';
import { occursTwice } from '../../conversion/json/repeated-member.ts';
import { isJson, type MediaType, parseMediaType } from '../../conversion/media-type.ts';
import { isLittoralError, LittoralError } from '../../errors.ts';
import { type AttributeValue, isAttributeInteger } from '../../message/cloud-events.ts';
import { decodeBase64 } from '../../text/base64.ts';
import { describeValue } from '../../text/describe-value.ts';
import { shorten } from '../../text/shorten.ts';
import { assertAttributes, type CloudEvent, maxAttributes, newAttributes, rejectBody } from './cloud-event.ts';
import { jsonItems, jsonMembers } from './json-members.ts';

/**
 * Reads an event in the structured mode: one JSON object with its attributes and its data. Data of a JSON type stays as
 * it is written, digit for digit.
 *
 * @throws LittoralError `malformed-body`
 * @see CloudEvents JSON Event Format 1.0.2, section 3
 */
export function readStructuredEvent(body: Uint8Array | undefined, mediaType: MediaType): CloudEvent {
  const bytes = body ?? new Uint8Array();
  assertJson(bytes, mediaType);
  return eventOfJson(decodeUtf8(bytes, mediaType));
}

/** The maximum number of events in a batch. */
export const maxBatchEvents = 1000;

/**
 * Reads a batch: a list of events in the structured mode. Each is read for itself.
 *
 * @returns for each the event, or the error `malformed-body` of an event that is not valid
 * @throws LittoralError `malformed-body` for a body that is no list, `body-too-large` for a list of too many
 * @see CloudEvents JSON Event Format 1.0.2, section 4
 */
export function readBatch(body: Uint8Array | undefined, mediaType: MediaType): readonly (CloudEvent | LittoralError)[] {
  const bytes = body ?? new Uint8Array();
  assertJson(bytes, mediaType);
  const json = decodeUtf8(bytes, mediaType);
  if (!/^\s*\[/.test(json)) throw rejectBody('A batch of CloudEvents is a list, and the body is another value.');
  const items = jsonItems(json, maxBatchEvents);
  if (items.length <= maxBatchEvents) return items.map(eventOrError);
  const detail = `Nothing was sent: the batch holds more than ${maxBatchEvents} events. Divide it.`;
  throw new LittoralError('body-too-large', detail);
}

function eventOrError(json: string): CloudEvent | LittoralError {
  try {
    return eventOfJson(json);
  } catch (error) {
    if (isLittoralError(error)) return error;
    throw error;
  }
}

/** @param json valid JSON */
function eventOfJson(json: string): CloudEvent {
  if (!/^\s*\{/.test(json)) throw rejectBody('A CloudEvent in JSON is an object, and this is another value.');
  // `data` and `data_base64` are not attributes.
  const members = jsonMembers(json, maxAttributes + 2, rejectRepeated);
  if (members === undefined) throw rejectBody(`The CloudEvent has more than ${maxAttributes} attributes.`);
  const attributes = newAttributes();
  for (const [name, text] of members) {
    if (name === 'data' || name === 'data_base64') continue;
    const value = attributeValue(name, text);
    if (value !== undefined) attributes[name] = value;
  }
  const { datacontenttype, ...others } = attributes;
  const identity = assertAttributes(others, rejectBody);
  return { ...identity, attributes: others, ...readData(members, datacontenttype) };
}

function rejectRepeated(name: string): never {
  throw rejectBody(`The CloudEvent is not valid: '${shorten(name, 40)}' ${occursTwice}.`);
}

/** @returns undefined for null, which stands for an attribute that is absent (section 2.2) */
function attributeValue(name: string, text: string): AttributeValue | undefined {
  const value: unknown = JSON.parse(text);
  if (value === null) return undefined;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  // Section 2.2: of the numbers only integers of 32 bits are values of attributes.
  if (typeof value === 'number' && isAttributeInteger(value)) return value;
  throw rejectBody(
    `The CloudEvent attribute '${shorten(name, 40)}' is ${describeValue(value)}: it must be text, true, false, or an integer of 32 bits.`,
  );
}

type EventData = Pick<CloudEvent, 'contentType' | 'data'>;

function readData(members: ReadonlyMap<string, string>, declared: AttributeValue | undefined): EventData {
  const [data, base64] = [members.get('data'), members.get('data_base64')];
  if (data !== undefined && base64 !== undefined) throw rejectBody("The CloudEvent has both 'data' and 'data_base64'.");
  if (data === undefined && base64 === undefined) return { contentType: undefined, data: new Uint8Array() };
  // Section 3.1: an event without a datacontenttype is one of application/json.
  const contentType = declared ?? 'application/json';
  if (typeof contentType !== 'string') throw rejectBody("The CloudEvent attribute 'datacontenttype' is not text.");
  if (base64 !== undefined) return { contentType, data: fromBase64(JSON.parse(base64)) };
  return { contentType, data: Buffer.from(dataText(data as string, contentType)) };
}

function dataText(json: string, contentType: string): string {
  const mediaType = parseMediaType(contentType);
  if (mediaType === undefined || isJson(mediaType)) return json;
  const value: unknown = JSON.parse(json);
  // Text in ASCII has the same bytes in UTF-8.
  const isAscii = mediaType.charset === 'us-ascii' && typeof value === 'string' && /^[\0-\x7f]*$/.test(value);
  if (!isAscii && !isUtf8Charset(mediaType.charset)) {
    throw rejectBody(
      "The CloudEvent's datacontenttype has another charset than UTF-8, in which its data is written: send the bytes as 'data_base64'.",
    );
  }
  if (typeof value === 'string' && value.isWellFormed()) return value;
  throw rejectBody(
    `The CloudEvent's data is ${describeValue(value)}, but its datacontenttype is ${mediaType.essence}: send it as text, or as 'data_base64'.`,
  );
}

function fromBase64(value: unknown): Uint8Array {
  const bytes = typeof value === 'string' ? decodeBase64(value) : undefined;
  if (bytes) return bytes;
  throw rejectBody("The CloudEvent's 'data_base64' is not base64 text (RFC 4648 section 4).");
}
