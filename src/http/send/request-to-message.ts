import type { SendRequest } from '../../bus/send-request.ts';
import { LittoralError } from '../../errors.ts';
import type { Message } from '../../message/message.ts';
import { idempotentMessageId, isMessageId } from '../../message/message-id.ts';
import { decodeHeaderValue } from '../../text/header-value.ts';
import type { CloudEvent } from '../bindings/cloud-event.ts';
import { eventKey, eventTimeToLiveMs, readCloudEvent } from '../bindings/cloud-event-request.ts';
import type { RequestMapping } from './request-mapping.ts';
import { completeMetadata, readOwnMetadata } from './request-metadata.ts';
import { integerHeader, invalidHeader, readSendHeaders } from './send-headers.ts';

/** The fields of a request that come from its route and its decoded path. */
export type Addressed = Pick<SendRequest, 'kind' | 'destination' | 'routingKey'>;

/** Returns the destination of a request from the CloudEvent in it; undefined for a request without one. */
export type AddressEvent = (event: CloudEvent | undefined) => Addressed;

export interface PublishRequest {
  readonly to: Addressed | AddressEvent;
  readonly rawHeaders: readonly string[];
  readonly body: Uint8Array | undefined;
}

/**
 * Converts a request into a message for the bus.
 *
 * @returns a message with the request to send as its payload, and no headers
 * @throws LittoralError `invalid-header`, `reserved-header`, `unknown-parent`, `unsupported-media-type`; `malformed-body` for a CloudEvent
 */
export function requestToMessage(request: PublishRequest, mapping: RequestMapping): Message<SendRequest> {
  const headers = readSendHeaders(request.rawHeaders, mapping);
  const event = readCloudEvent(headers, request.body);
  const to = typeof request.to === 'function' ? request.to(event) : request.to;
  return { headers: {}, payload: toSendRequest({ headers, event, to, body: request.body }, mapping) };
}

/** The parts of a request that determine the message to send. */
export interface RequestParts {
  readonly headers: ReadonlyMap<string, string>;
  /** The CloudEvent in the request. Its data replaces the body. */
  readonly event: CloudEvent | undefined;
  readonly to: Addressed;
  readonly body?: Uint8Array | undefined;
  /** The metadata from the headers of the request, if it has been read already. */
  readonly ownMetadata?: Readonly<Record<string, unknown>>;
}

/** @throws LittoralError as `requestToMessage` */
export function toSendRequest(parts: RequestParts, mapping: RequestMapping): SendRequest {
  const { headers, event, to, body, ownMetadata = readOwnMetadata(headers, mapping) } = parts;
  const delayMs = integerHeader(headers, 'message-delay');
  return {
    ...to,
    metadata: completeMetadata({ ...ownMetadata }, headers, event, mapping),
    ...(event === undefined ? bodyOf(headers, body) : dataOf(event)),
    convertTo: headers.get('message-content-type'),
    id: messageIdOf(headers, event, to, mapping),
    correlationId: decodedOf(headers, 'message-correlation-id') ?? textOf(event?.attributes.correlationid),
    delayMs,
    timeToLiveMs: integerHeader(headers, 'message-time-to-live') ?? (event && eventTimeToLiveMs(event, delayMs)),
    priority: integerHeader(headers, 'message-priority'),
    parent: parentOf(headers, mapping),
  };
}

function bodyOf(headers: ReadonlyMap<string, string>, body: Uint8Array = new Uint8Array()) {
  const contentType = headers.get('content-type');
  if (contentType !== undefined) return { payload: body, contentType };
  if (body.byteLength === 0) return { payload: body, contentType: 'text/plain' };
  throw new LittoralError(
    'unsupported-media-type',
    'The body has no Content-Type. Set it to the media type of the body.',
  );
}

function dataOf({ data, contentType }: CloudEvent) {
  if (contentType !== undefined) return { payload: data, contentType };
  if (data.byteLength === 0) return { payload: data, contentType: 'text/plain' };
  throw new LittoralError(
    'unsupported-media-type',
    "The CloudEvent's data has no Content-Type. Set it to the media type of the data.",
  );
}

/** Returns the message whose handler sends this one. */
function parentOf(headers: ReadonlyMap<string, string>, mapping: RequestMapping): Message | undefined {
  const id = headers.get('message-parent-id');
  return id === undefined ? undefined : findParent(id, 'Message-Parent-Id', mapping);
}

/**
 * Returns the message that an application is handling.
 *
 * @param field the name of the header or field with the id, for the error
 * @throws LittoralError `unknown-parent`
 */
export function findParent(id: string, field: string, mapping: RequestMapping): Message {
  // An application gets the id unchanged from a pull, and encoded as a header value from a push request.
  const parent = mapping.findParent?.(id) ?? mapping.findParent?.(decodeHeaderValue(id));
  if (parent !== undefined) return parent;
  throw new LittoralError(
    'unknown-parent',
    `Nothing was sent: ${field} is not the id of a message that the application of this gateway handles, or has handled within the last five minutes. Without ${field}, the message inherits nothing. Set ${field === 'Message-Parent-Id' ? 'Message-Correlation-Id and Message-Headers' : 'correlationId and headers'} instead.`,
  );
}

/** Returns the decoded value of a header, because an application may send back the value that it has received. */
function decodedOf(headers: ReadonlyMap<string, string>, name: string): string | undefined {
  const value = headers.get(name);
  return value === undefined ? undefined : decodeHeaderValue(value);
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value);
}

function messageIdOf(
  headers: ReadonlyMap<string, string>,
  event: CloudEvent | undefined,
  { kind, destination, routingKey }: Addressed,
  mapping: RequestMapping,
): string | undefined {
  const id = headers.get('message-id');
  const ownKey = headers.get('idempotency-key');
  if (event && (id !== undefined || ownKey !== undefined)) {
    throw invalidHeader(
      'The source and the id of a CloudEvent decide the message id; leave out Message-Id and Idempotency-Key.',
    );
  }
  const key = event ? eventKey(event) : ownKey;
  if (id !== undefined && areCallersApart(mapping)) {
    const setting = mapping.callerScope === undefined ? 'http.idempotencyScopeHeader' : 'auth';
    throw invalidHeader(
      `Message-Id is refused here, because it could be the id of another caller's message: ${setting} keeps callers apart. Send Idempotency-Key.`,
    );
  }
  if (key === undefined && id !== undefined && !isMessageId(id)) {
    throw invalidHeader('The request header Message-Id is not a UUID. Send a UUID, or Idempotency-Key instead.');
  }
  if (key === undefined) return id?.toLowerCase();
  if (id !== undefined) throw invalidHeader('Message-Id and Idempotency-Key both decide the id; send one of them.');
  if (key === '') throw invalidHeader('The request header Idempotency-Key is empty.');
  const scope = idempotencyScope(headers, mapping);
  return idempotentMessageId({ scope, kind, destination: destination ?? routingKey, routingKey, key });
}

/** Returns whether the gateway keeps callers apart, so that no caller may choose the id of another caller's message. */
export function areCallersApart({ callerScope, idempotencyScopeHeader }: RequestMapping): boolean {
  return callerScope !== undefined || idempotencyScopeHeader !== undefined;
}

/** Returns the scope of the idempotency keys of a request: its caller, and the value of the proxy's header. */
export function idempotencyScope(
  headers: ReadonlyMap<string, string>,
  { callerScope, idempotencyScopeHeader }: RequestMapping,
): string {
  const written = idempotencyScopeHeader === undefined ? '' : (headers.get(idempotencyScopeHeader) ?? '');
  return callerScope === undefined ? written : JSON.stringify([callerScope, written]);
}
