import type { SendRequest } from '../bus/send-request.ts';
import { describeJsonError } from '../conversion/json/describe-json-error.ts';
import { parseJson, UnreadableNumbers } from '../conversion/json/parse-json.ts';
import { LittoralError } from '../errors.ts';
import type { Message } from '../message/message.ts';
import { Header } from '../message/message-headers.ts';
import { idempotentMessageId } from '../message/message-id.ts';
import { decodeHeaderValue } from '../text/header-value.ts';
import { checkHeaderName } from '../wire/metadata.ts';
import { binaryPrefix } from './bindings/binary-cloud-event.ts';
import type { CloudEvent } from './bindings/cloud-event.ts';
import { eventHeaders, eventKey, eventTimeToLiveMs, readCloudEvent } from './bindings/cloud-event-request.ts';
import { requestHeaders } from './request-headers.ts';

/** The fields of a request that come from its route and its decoded path. */
export type Addressed = Pick<SendRequest, 'kind' | 'destination' | 'routingKey'>;

/** Returns where a request goes, by the event that it carries; undefined for a request that is no CloudEvent. */
export type AddressEvent = (event: CloudEvent | undefined) => Addressed;

export interface PublishRequest {
  readonly to: Addressed | AddressEvent;
  readonly rawHeaders: readonly string[];
  readonly body: Uint8Array | undefined;
}

export interface RequestMapping {
  /** Request headers, in lower case, that become message headers. */
  readonly forwardHeaders: Readonly<Record<string, string>>;
  /** The request header, in lower case, that keeps idempotency keys of several callers apart. */
  readonly idempotencyScopeHeader?: string | undefined;
  /** Keeps the idempotency keys of the caller apart from those of others. Default: all share one space. */
  readonly callerScope?: string | undefined;
  /** Returns the message with an id that an application is handling. Default: there is none. */
  readonly findParent?: ((id: string) => Message | undefined) | undefined;
}

const customPrefix = 'message-header-';
const messageHeaders: ReadonlySet<string> = new Set([
  'message-headers',
  'message-id',
  'message-correlation-id',
  'message-parent-id',
  'message-content-type',
  'message-delay',
  'message-time-to-live',
  'message-priority',
]);
const traceHeaders: ReadonlySet<string> = new Set([Header.traceparent, Header.tracestate, Header.baggage]);

/**
 * Turns a request into a message, from which the bus is called.
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

/**
 * Returns the headers of a request that have a meaning for a message, by their lower-case names.
 *
 * @param more further headers Message-… that the route knows
 * @throws LittoralError `invalid-header`, `unsupported-media-type`
 */
export function readSendHeaders(
  rawHeaders: readonly string[],
  mapping: RequestMapping,
  more: readonly string[] = [],
): ReadonlyMap<string, string> {
  const headers = requestHeaders(rawHeaders, (name) => isWanted(name, mapping));
  refuseUnknown(headers, mapping, more);
  assertNotEncoded(headers);
  return headers;
}

/** A message to send, in the parts of its request. */
export interface RequestParts {
  readonly headers: ReadonlyMap<string, string>;
  /** The event that the request carries. Its data takes the place of the body. */
  readonly event: CloudEvent | undefined;
  readonly to: Addressed;
  readonly body?: Uint8Array | undefined;
  /** The metadata of the request's own headers, where they are read already. */
  readonly ownMetadata?: Readonly<Record<string, unknown>>;
}

/** @throws LittoralError as `requestToMessage` */
export function toSendRequest(parts: RequestParts, mapping: RequestMapping): SendRequest {
  const { headers, event, to, body, ownMetadata = readOwnMetadata(headers, mapping) } = parts;
  const delayMs = integerOf(headers, 'message-delay');
  return {
    ...to,
    metadata: metadataOf({ ...ownMetadata }, headers, event, mapping),
    ...(event === undefined ? bodyOf(headers, body) : dataOf(event)),
    convertTo: headers.get('message-content-type'),
    id: messageIdOf(headers, event, to, mapping),
    correlationId: decodedOf(headers, 'message-correlation-id') ?? textOf(event?.attributes.correlationid),
    delayMs,
    timeToLiveMs: integerOf(headers, 'message-time-to-live') ?? (event && eventTimeToLiveMs(event, delayMs)),
    priority: integerOf(headers, 'message-priority'),
    parent: parentOf(headers, mapping),
  };
}

function isWanted(name: string, { forwardHeaders, idempotencyScopeHeader }: RequestMapping): boolean {
  return (
    name.startsWith('message-') ||
    name.startsWith(binaryPrefix) ||
    name === 'content-type' ||
    name === 'content-encoding' ||
    name === 'transfer-encoding' ||
    name === 'idempotency-key' ||
    name === idempotencyScopeHeader ||
    traceHeaders.has(name) ||
    Object.hasOwn(forwardHeaders, name)
  );
}

/** A misspelt one would be lost without a word. */
function refuseUnknown(
  headers: ReadonlyMap<string, string>,
  { forwardHeaders }: RequestMapping,
  more: readonly string[],
): void {
  for (const name of headers.keys()) {
    if (!name.startsWith('message-') || name.startsWith(customPrefix)) continue;
    if (messageHeaders.has(name) || more.includes(name) || Object.hasOwn(forwardHeaders, name)) continue;
    throw invalid(
      `The request header '${name}' is not known. There are Message-Header-… for headers of your own, ${[...messageHeaders, ...more].join(', ')}.`,
    );
  }
}

/**
 * Returns the metadata that a caller sets by Message-Header-… and Message-Headers.
 *
 * @throws LittoralError `invalid-header`, `reserved-header`
 */
export function readOwnMetadata(
  headers: ReadonlyMap<string, string>,
  { forwardHeaders }: RequestMapping,
): Record<string, unknown> {
  const metadata: Record<string, unknown> = {};
  for (const [name, value] of headers) {
    if (!name.startsWith(customPrefix) || Object.hasOwn(forwardHeaders, name)) continue;
    const custom = customName(name);
    if (Object.hasOwn(metadata, custom)) {
      throw invalid(`Two request headers Message-Header-… both stand for the message header '${custom}'.`);
    }
    metadata[custom] = decodeHeaderValue(value);
  }
  return Object.assign(metadata, exactHeaders(headers.get('message-headers')));
}

/** Adds to the metadata what comes from the event, from a proxy, and from tracing. */
function metadataOf(
  metadata: Record<string, unknown>,
  headers: ReadonlyMap<string, string>,
  event: CloudEvent | undefined,
  { forwardHeaders }: RequestMapping,
): Record<string, unknown> {
  if (event) addEventHeaders(metadata, event);
  refuseForwarded(metadata, forwardHeaders);
  const isForwarded = (name: string) => Object.values(forwardHeaders).includes(name);
  for (const [name, value] of headers) {
    if (traceHeaders.has(name) && !isForwarded(name)) metadata[name] = value;
    const forwarded = Object.hasOwn(forwardHeaders, name) ? forwardHeaders[name] : undefined;
    if (forwarded !== undefined) metadata[forwarded] = value;
  }
  // The trace context of the event counts where the request has none (CloudEvents, "Distributed Tracing" extension).
  for (const name of [Header.traceparent, Header.tracestate]) {
    const value = event?.attributes[name];
    if (value !== undefined && !isForwarded(name) && !Object.hasOwn(metadata, name)) metadata[name] = value;
  }
  return metadata;
}

/** Adds the attributes of an event. */
function addEventHeaders(metadata: Record<string, unknown>, event: CloudEvent): void {
  for (const [name, value] of Object.entries(eventHeaders(event))) {
    if (Object.hasOwn(metadata, name)) {
      throw invalid(`The message header '${name}' carries an attribute of the CloudEvent; leave it out of the others.`);
    }
    metadata[name] = value;
  }
}

/** Throws if a caller sets a forwarded message header itself: only the proxy's request header may set it. */
export function refuseForwarded(metadata: object, forwardHeaders: RequestMapping['forwardHeaders']): void {
  const names = Object.keys(metadata);
  if (names.length === 0) return;
  const sources = sourcesOf(forwardHeaders);
  for (const name of names) {
    const source = sources.get(name.toLowerCase());
    if (source === undefined) continue;
    throw new LittoralError(
      'reserved-header',
      `The message header '${name}' comes from the request header '${source}' alone (http.forwardHeaders). Leave it out of Message-Header-… and Message-Headers.`,
    );
  }
}

type ForwardHeaders = RequestMapping['forwardHeaders'];

/** The request header of each forwarded message header, by its lower-case name. */
const knownSources = new WeakMap<ForwardHeaders, ReadonlyMap<string, string>>();

/** A batch asks for each header of each entry. */
function sourcesOf(forwardHeaders: ForwardHeaders): ReadonlyMap<string, string> {
  const known = knownSources.get(forwardHeaders);
  if (known) return known;
  const sources = new Map(Object.entries(forwardHeaders).map(([from, to]) => [to.toLowerCase(), from]));
  knownSources.set(forwardHeaders, sources);
  return sources;
}

/** Kebab-case to camelCase. Reserved names are refused as they are written and as they are mapped. */
function customName(name: string): string {
  const written = name.slice(customPrefix.length);
  checkHeaderName(written);
  const mapped = written.replace(/-+([^-])/g, (_, next: string) => next.toUpperCase());
  checkHeaderName(mapped);
  return mapped;
}

function exactHeaders(json: string | undefined): Record<string, unknown> {
  if (json === undefined) return {};
  let headers: unknown;
  try {
    headers = parseJson(json);
  } catch (cause) {
    if (cause instanceof UnreadableNumbers) {
      const [{ path, message } = { path: '', message: '' }] = cause.issues;
      throw invalid(`The request header 'Message-Headers' has a number at ${path} that ${message}.`);
    }
    throw invalid(`The request header 'Message-Headers' is not JSON: ${describeJsonError(cause)}.`);
  }
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) {
    throw invalid(`The request header 'Message-Headers' is not a JSON object, such as {"executorId":"7"}.`);
  }
  Object.keys(headers).forEach(checkHeaderName);
  return headers as Record<string, unknown>;
}

function assertNotEncoded(headers: ReadonlyMap<string, string>): void {
  if (headers.has('content-encoding')) {
    throw new LittoralError('unsupported-media-type', 'A Content-Encoding is not supported; send the body as it is.');
  }
  if (!/^(chunked)?$/i.test(headers.get('transfer-encoding') ?? '')) {
    throw new LittoralError('unsupported-media-type', 'No Transfer-Encoding but chunked is supported.');
  }
}

function bodyOf(headers: ReadonlyMap<string, string>, body: Uint8Array = new Uint8Array()) {
  const contentType = headers.get('content-type');
  if (contentType !== undefined) return { payload: body, contentType };
  if (body.byteLength === 0) return { payload: body, contentType: 'text/plain' };
  throw new LittoralError('unsupported-media-type', 'The body has no Content-Type; say what it is.');
}

function dataOf({ data, contentType }: CloudEvent) {
  if (contentType !== undefined) return { payload: data, contentType };
  if (data.byteLength === 0) return { payload: data, contentType: 'text/plain' };
  throw new LittoralError('unsupported-media-type', "The CloudEvent's data has no Content-Type; say what it is.");
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
  // A pull shows the id as it is, a request of push as a header has to be written.
  const parent = mapping.findParent?.(id) ?? mapping.findParent?.(decodeHeaderValue(id));
  if (parent !== undefined) return parent;
  throw new LittoralError(
    'unknown-parent',
    `Nothing was sent: ${field} is not the id of a message that the application of this gateway handles, or has handled within the last five minutes. Without ${field} nothing is inherited; ${field === 'Message-Parent-Id' ? 'Message-Correlation-Id and Message-Headers' : 'correlationId and headers'} can be set in its place.`,
  );
}

/** Returns what an application has got as the header of that name, which it may send back. */
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
  const { idempotencyScopeHeader } = mapping;
  const id = headers.get('message-id');
  const ownKey = headers.get('idempotency-key');
  if (event && (id !== undefined || ownKey !== undefined)) {
    throw invalid(
      'The source and the id of a CloudEvent decide the message id; leave out Message-Id and Idempotency-Key.',
    );
  }
  const key = event ? eventKey(event) : ownKey;
  if (id !== undefined && idempotencyScopeHeader !== undefined) {
    throw invalid(
      `Message-Id is refused here, because it could be the id of another caller's message: http.idempotencyScopeHeader separates callers by '${idempotencyScopeHeader}'. Send Idempotency-Key.`,
    );
  }
  if (key === undefined) return id?.toLowerCase();
  if (id !== undefined) throw invalid('Message-Id and Idempotency-Key both decide the id; send one of them.');
  if (key === '') throw invalid('The request header Idempotency-Key is empty.');
  const scope = idempotencyScope(headers, mapping);
  return idempotentMessageId({ scope, kind, destination: destination ?? routingKey, routingKey, key });
}

/** Returns the scope of the idempotency keys of a request: its caller, and what a proxy says. */
export function idempotencyScope(
  headers: ReadonlyMap<string, string>,
  { callerScope, idempotencyScopeHeader }: RequestMapping,
): string {
  const written = idempotencyScopeHeader === undefined ? '' : (headers.get(idempotencyScopeHeader) ?? '');
  return callerScope === undefined ? written : JSON.stringify([callerScope, written]);
}

function integerOf(headers: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = headers.get(name);
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw invalid(`The request header '${name}' is not a whole number.`);
}

function invalid(detail: string): LittoralError {
  return new LittoralError('invalid-header', detail);
}
