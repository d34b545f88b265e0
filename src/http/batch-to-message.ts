import type { SendRequest } from '../bus/send-request.ts';
import { parseMediaType } from '../conversion/media-type.ts';
import { isLittoralError, type LittoralError } from '../errors.ts';
import { batchMediaType } from '../message/cloud-events.ts';
import type { Message } from '../message/message.ts';
import type { CloudEvent } from './bindings/cloud-event.ts';
import { readBatch } from './bindings/structured-cloud-event.ts';
import type { PublishRequest, RequestMapping, RequestParts } from './request-to-message.ts';
import { readOwnMetadata, readSendHeaders, toSendRequest } from './request-to-message.ts';

/** Returns whether a request with this Content-Type carries a batch of CloudEvents. */
export function isBatch(contentType: string | undefined): boolean {
  return contentType !== undefined && parseMediaType(contentType)?.essence === batchMediaType;
}

/** The messages of a batch: for each entry a message to send, or the reason why it cannot be sent. */
export interface Batch {
  readonly entries: readonly (SendRequest | LittoralError)[];
  /** The index of the first entry in the answer. Default: 0. */
  readonly firstIndex?: number;
  /** Returns a JSON Pointer to an entry of the body. Default: errors have no pointers. */
  readonly placeOf?: (index: number) => string;
}

/** An event without errors, by which the headers of a request are checked before those of its events. */
const sample: CloudEvent = {
  ...{ id: '0', source: '/', type: 'sample' },
  attributes: { specversion: '1.0', id: '0', source: '/', type: 'sample' },
  ...{ contentType: undefined, data: new Uint8Array() },
};

/**
 * Converts a request with a batch of CloudEvents into the message from which the bus is called.
 *
 * @throws LittoralError `invalid-header`, `reserved-header`, `unsupported-media-type`, `malformed-body`,
 *   `body-too-large`: nothing can be sent
 */
export function batchToMessage(
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
