import type { SendRequest } from '../../bus/send-request.ts';
import { type MediaType, parseMediaType } from '../../conversion/media-type.ts';
import { isLittoralError, LittoralError } from '../../errors.ts';
import { batchMediaType } from '../../message/cloud-events.ts';
import type { Message } from '../../message/message.ts';
import { asBuffer } from '../../text/as-buffer.ts';
import { WorkSlices } from '../../time/work-slices.ts';
import type { CloudEvent } from '../bindings/cloud-event.ts';
import { eventReader } from '../bindings/cloud-event-batch.ts';
import { readStructuredEvent } from '../bindings/structured-cloud-event.ts';
import type { RequestMapping } from '../send/request-mapping.ts';
import type { PublishRequest } from '../send/request-to-message.ts';
import type { Batch } from './batch.ts';
import { readEntryDefaults } from './entry-defaults.ts';
import { readingError } from './entry-error.ts';
import { assertEntrySize } from './entry-size.ts';
import { type EntryLimits, readEntry } from './read-entry.ts';
import { type EntryBytes, entriesOfJson, entriesOfLines, eventsOfList } from './split-entries.ts';

export interface BatchLimits extends EntryLimits {
  /** Maximum number of entries: `http.batchMaxEntries`. */
  readonly maxEntries: number;
}

/** The media types of NDJSON, none of which is registered. */
const lineTypes: ReadonlySet<string> = new Set(['application/x-ndjson', 'application/ndjson', 'application/jsonl']);

/** Returns whether a media type is one of NDJSON. */
export function isLines(mediaType: MediaType | undefined): boolean {
  return mediaType !== undefined && lineTypes.has(mediaType.essence);
}

/**
 * Converts a request with a batch into a message for the bus. The batch has entries in JSON or NDJSON, or CloudEvents.
 * Works in slices of time, because a batch can be large.
 *
 * @throws LittoralError `invalid-header`, `reserved-header`, `unsupported-media-type`, `malformed-body`,
 *   `body-too-large`, `unknown-parent`: nothing can be sent
 */
export async function entriesToMessage(
  { rawHeaders, body }: Omit<PublishRequest, 'to'>,
  contentType: string | undefined,
  mapping: RequestMapping,
  limits: BatchLimits,
): Promise<Message<Batch>> {
  const mediaType = parseMediaType(contentType ?? '');
  const bytes = asBuffer(body ?? new Uint8Array());
  const { maxEntries, bodyLimit } = limits;
  if (mediaType?.essence === batchMediaType) {
    // An empty list is a valid batch of CloudEvents (JSON Event Format 1.0.2, section 4).
    const toRequest = eventReader(rawHeaders, mapping);
    const placeOf = (index: number) => `/${index}`;
    const read = (event: Buffer, index: number) =>
      entryOrError(() => toRequest(readEvent(event, mediaType, bodyLimit)), placeOf(index));
    return { headers: {}, payload: { entries: await readAll(await eventsOfList(bytes, maxEntries), read), placeOf } };
  }
  const isJson = mediaType?.essence === 'application/json';
  if (!isJson && !isLines(mediaType)) throw unsupported();
  const defaults = readEntryDefaults(rawHeaders, mapping);
  const { firstIndex } = defaults;
  const texts = isJson ? await entriesOfJson(bytes, maxEntries) : await entriesOfLines(bytes, maxEntries);
  if (texts.length === 0) throw new LittoralError('malformed-body', 'Nothing was sent: the batch has no entries.');
  const read = (text: Buffer, index: number) =>
    entryOrError(() => {
      assertEntrySize(text, bodyLimit);
      return readEntry(text, firstIndex + index, defaults, limits);
    }, placeOf(index));
  return { headers: {}, payload: { entries: await readAll(texts, read), firstIndex, placeOf } };
}

/** @throws LittoralError `malformed-body`, `body-too-large` */
function readEvent(bytes: Buffer, mediaType: MediaType, bodyLimit: number): CloudEvent {
  assertEntrySize(bytes, bodyLimit);
  const event = readStructuredEvent(bytes, mediaType);
  if (event.data.byteLength <= bodyLimit) return event;
  const detail = `The data is larger than http.bodyLimit (${bodyLimit} bytes) allows.`;
  throw new LittoralError('body-too-large', detail, { issues: [{ path: '/data', message: 'is too large' }] });
}

type Entry = SendRequest | LittoralError;

async function readAll(texts: EntryBytes, read: (text: Buffer, index: number) => Entry): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  const slices = new WorkSlices();
  for (const [index, text] of texts.entries()) {
    entries.push(read(text, index));
    if (slices.isOver) await slices.pause();
  }
  return entries;
}

/** Returns a JSON Pointer to an entry. */
function placeOf(index: number): string {
  return `/entries/${index}`;
}

/** Returns an entry, or the error of an entry that is not valid. */
export function entryOrError(read: () => Entry, place: string): Entry {
  try {
    return read();
  } catch (error) {
    if (isLittoralError(error)) return readingError(error, place);
    throw error;
  }
}

function unsupported(): LittoralError {
  return new LittoralError(
    'unsupported-media-type',
    `A batch is application/json, application/x-ndjson or ${batchMediaType}; the Content-Type says which.`,
  );
}
