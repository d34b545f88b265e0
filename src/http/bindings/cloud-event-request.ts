import { parseMediaType } from '../../conversion/media-type.ts';
import { LittoralError } from '../../errors.ts';
import { attributePrefix, batchMediaType, structuredMediaType, timestampMs } from '../../message/cloud-events.ts';
import { maxTimeToLiveMs } from '../../message/limits.ts';
import { binaryPrefix, readBinaryEvent } from './binary-cloud-event.ts';
import { type CloudEvent, rejectHeaders } from './cloud-event.ts';
import { readStructuredEvent } from './structured-cloud-event.ts';

/**
 * Reads the event that a request carries, in the mode that its Content-Type shows.
 *
 * @param headers the request headers by their lower-case names
 * @returns undefined for a request that is no CloudEvent
 * @throws LittoralError `invalid-header`, `malformed-body`; `unsupported-media-type` for several events at once, and for
 * other formats than JSON
 * @see CloudEvents HTTP Protocol Binding 1.0.2, section 3
 */
export function readCloudEvent(
  headers: ReadonlyMap<string, string>,
  body: Uint8Array | undefined,
): CloudEvent | undefined {
  const mediaType = parseMediaType(headers.get('content-type') ?? '');
  if (mediaType?.essence === structuredMediaType) return readStructuredEvent(body, mediaType);
  if (mediaType?.essence.startsWith('application/cloudevents')) throw unsupportedFormat(mediaType.essence);
  for (const name of headers.keys()) if (name.startsWith(binaryPrefix)) return readBinaryEvent(headers, body);
  return undefined;
}

function unsupportedFormat(essence: string): LittoralError {
  const detail =
    essence === batchMediaType
      ? `${essence} holds several events. Send it to POST /cloudevents, or each event in a request of its own, as ${structuredMediaType}.`
      : `The format ${essence} is not supported. Send the event as ${structuredMediaType}, or its attributes as ce-… headers.`;
  return new LittoralError('unsupported-media-type', detail);
}

/** Returns the message headers that carry the attributes of an event, as AMQP 1.0 readers of CloudEvents expect them. */
export function eventHeaders({ attributes }: CloudEvent): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [attributePrefix + name, value]));
}

/**
 * Returns the idempotency key of an event. Its `source` and `id` together identify it, so an event that is sent again is
 * the same message.
 */
export function eventKey({ source, id }: CloudEvent): string {
  return JSON.stringify([source, id]);
}

/**
 * Returns the time to live of an event that has an `expirytime`.
 *
 * @param delayMs the delay of the message, which passes before its time to live begins
 * @throws LittoralError `invalid-header` for an event that is expired by then
 */
export function eventTimeToLiveMs({ attributes }: CloudEvent, delayMs = 0): number | undefined {
  const expiresAt = timestampMs(attributes.expirytime);
  if (expiresAt === undefined) return undefined;
  const remaining = expiresAt - Date.now() - delayMs;
  if (remaining >= 1) return Math.min(Math.floor(remaining), maxTimeToLiveMs);
  throw rejectHeaders(`The CloudEvent expires at ${attributes.expirytime}, before it could be delivered.`);
}
