import type { SendRequest } from '../../bus/send-request.ts';
import { parseMediaType } from '../../conversion/media-type.ts';
import { isLittoralError, type LittoralError } from '../../errors.ts';
import { batchMediaType } from '../../message/cloud-events.ts';
import type { Message } from '../../message/message.ts';
import type { Batch } from '../entries/batch.ts';
import type { RequestMapping } from '../send/request-mapping.ts';
import { readOwnMetadata } from '../send/request-metadata.ts';
import { type PublishRequest, type RequestParts, toSendRequest } from '../send/request-to-message.ts';
import { readSendHeaders } from '../send/send-headers.ts';
import type { CloudEvent } from './cloud-event.ts';
import { readBatch } from './structured-cloud-event.ts';

/** Returns whether a request with this Content-Type carries a batch of CloudEvents. */
export function isEventBatch(contentType: string | undefined): boolean {
  return contentType !== undefined && parseMediaType(contentType)?.essence === batchMediaType;
}

/** An event without errors, by which the headers of a request are checked before those of its events. */
const sample: CloudEvent = {
  ...{ id: '0', source: '/', type: 'sample' },
  attributes: { specversion: '1.0', id: '0', source: '/', type: 'sample' },
  ...{ contentType: undefined, data: new Uint8Array() },
};

/**
 * Converts a request with a batch of CloudEvents into a message for the bus.
 *
 * @throws LittoralError `invalid-header`, `reserved-header`, `unsupported-media-type`, `malformed-body`,
 *   `body-too-large`: nothing can be sent
 */
export function eventBatchToMessage(
  { rawHeaders, body }: Omit<PublishRequest, 'to'>,
  mapping: RequestMapping,
): Message<Batch> {
  const toRequest = eventReader(rawHeaders, mapping);
  const mediaType = parseMediaType(batchMediaType);
  const events = mediaType ? readBatch(body, mediaType) : [];
  const entries = events.map((event) => (isLittoralError(event) ? event : toRequest(event)));
  return { headers: {}, payload: { entries } };
}

/**
 * Returns a function that converts an event of a batch into a message to send, or into the error of an event that
 * cannot be sent. The headers of the request apply to each event.
 *
 * @throws LittoralError `invalid-header`, `reserved-header`, `unsupported-media-type`, `unknown-parent`
 */
export function eventReader(
  rawHeaders: readonly string[],
  mapping: RequestMapping,
): (event: CloudEvent) => SendRequest | LittoralError {
  const headers = readSendHeaders(rawHeaders, mapping);
  const ownMetadata = readOwnMetadata(headers, mapping);
  const partsOf = (event: CloudEvent): RequestParts => {
    return { headers, event, to: { kind: 'event', routingKey: event.type }, ownMetadata };
  };
  toSendRequest(partsOf(sample), mapping);
  return (event) => {
    try {
      return toSendRequest(partsOf(event), mapping);
    } catch (error) {
      if (isLittoralError(error)) return error;
      throw error;
    }
  };
}
