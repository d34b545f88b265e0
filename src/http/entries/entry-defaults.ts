import type { SendRequest } from '../../bus/send-request.ts';
import { binaryPrefix } from '../bindings/binary-cloud-event.ts';
import type { RequestMapping } from '../send/request-mapping.ts';
import { idempotencyScope, toSendRequest } from '../send/request-to-message.ts';
import { integerHeader, invalidHeader, readSendHeaders } from '../send/send-headers.ts';

/** The request header with the index of the first entry, for a caller that resumes. */
const firstIndexHeader = 'message-first-index';

/** The options that the headers of a request set for all of its entries. */
export interface EntryDefaults {
  /** Options of each entry that does not set them itself. */
  readonly options: Pick<
    SendRequest,
    'metadata' | 'convertTo' | 'correlationId' | 'delayMs' | 'timeToLiveMs' | 'priority' | 'parent'
  >;
  /** The index of the first entry. */
  readonly firstIndex: number;
  /** The idempotency key of the request, from which those of its entries follow. */
  readonly idempotencyKey: string | undefined;
  readonly idempotencyScope: string;
  readonly mapping: RequestMapping;
}

/**
 * Reads the headers of a request with many entries. They apply to each entry that does not have its own.
 *
 * @throws LittoralError `invalid-header`, `reserved-header`, `unknown-parent`, `unsupported-media-type`: nothing can be
 *   sent
 */
export function readEntryDefaults(rawHeaders: readonly string[], mapping: RequestMapping): EntryDefaults {
  const headers = readSendHeaders(rawHeaders, mapping, [firstIndexHeader]);
  const firstIndex = integerHeader(headers, firstIndexHeader) ?? 0;
  const idempotencyKey = headers.get('idempotency-key');
  if (idempotencyKey === '') throw invalidHeader('The request header Idempotency-Key is empty.');
  for (const name of headers.keys()) {
    if (name === 'message-id')
      throw invalidHeader('Message-Id is the id of one message. Write messageId into each entry.');
    if (name.startsWith(binaryPrefix)) {
      throw invalidHeader(
        `The request header '${name}' belongs to a CloudEvent. Send CloudEvents to POST /cloudevents.`,
      );
    }
  }
  const others = new Map([...headers].filter(([name]) => name !== 'idempotency-key' && name !== 'content-type'));
  const parts = { headers: others, event: undefined, to: { kind: 'event', routingKey: '' } as const };
  const { metadata, convertTo, correlationId, delayMs, timeToLiveMs, priority, parent } = toSendRequest(parts, mapping);
  const options = { metadata, convertTo, correlationId, delayMs, timeToLiveMs, priority, parent };
  return { options, firstIndex, idempotencyKey, idempotencyScope: idempotencyScope(headers, mapping), mapping };
}
