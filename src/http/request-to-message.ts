import type { SendRequest } from '../bus/send-request.ts';
import { jsonFault } from '../conversion/json/json-fault.ts';
import { parseJson, UnreadableNumbers } from '../conversion/json/parse-json.ts';
import { LittoralError } from '../errors.ts';
import type { Message } from '../message/message.ts';
import { Header } from '../message/message-headers.ts';
import { idempotentMessageId } from '../message/message-id.ts';
import { checkHeaderName } from '../wire/metadata.ts';
import { requestHeaders } from './request-headers.ts';

/** The fields of a request that come from its route and its decoded path. */
export type Addressed = Pick<SendRequest, 'kind' | 'destination' | 'routingKey'>;

export interface PublishRequest {
  readonly to: Addressed;
  readonly rawHeaders: readonly string[];
  readonly body: Uint8Array | undefined;
}

export interface RequestMapping {
  /** Request headers, in lower case, that become message headers. */
  readonly forwardHeaders: Readonly<Record<string, string>>;
  /** The request header, in lower case, that keeps idempotency keys of several callers apart. */
  readonly idempotencyScopeHeader?: string | undefined;
}

const customPrefix = 'message-header-';
const messageHeaders: ReadonlySet<string> = new Set([
  'message-headers',
  'message-id',
  'message-correlation-id',
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
 * @throws LittoralError `invalid-header`, `reserved-header`, `unsupported-media-type`
 */
export function requestToMessage(request: PublishRequest, mapping: RequestMapping): Message<SendRequest> {
  const headers = requestHeaders(request.rawHeaders, (name) => isWanted(name, mapping));
  refuseUnknown(headers, mapping);
  const { kind, destination, routingKey } = request.to;
  const payload: SendRequest = {
    kind,
    destination,
    routingKey,
    metadata: metadataOf(headers, mapping),
    payload: request.body ?? new Uint8Array(),
    contentType: contentTypeOf(headers, request.body),
    convertTo: headers.get('message-content-type'),
    id: messageIdOf(headers, request.to, mapping),
    correlationId: headers.get('message-correlation-id'),
    delayMs: integerOf(headers, 'message-delay'),
    timeToLiveMs: integerOf(headers, 'message-time-to-live'),
    priority: integerOf(headers, 'message-priority'),
  };
  return { headers: {}, payload };
}

function isWanted(name: string, { forwardHeaders, idempotencyScopeHeader }: RequestMapping): boolean {
  return (
    name.startsWith('message-') ||
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
function refuseUnknown(headers: ReadonlyMap<string, string>, { forwardHeaders }: RequestMapping): void {
  for (const name of headers.keys()) {
    if (!name.startsWith('message-') || name.startsWith(customPrefix)) continue;
    if (messageHeaders.has(name) || Object.hasOwn(forwardHeaders, name)) continue;
    throw invalid(
      `The request header '${name}' is not known. There are Message-Header-… for headers of your own, ${[...messageHeaders].join(', ')}.`,
    );
  }
}

function metadataOf(headers: ReadonlyMap<string, string>, { forwardHeaders }: RequestMapping) {
  const metadata: Record<string, unknown> = {};
  for (const [name, value] of headers) {
    if (!name.startsWith(customPrefix) || Object.hasOwn(forwardHeaders, name)) continue;
    const custom = customName(name);
    if (Object.hasOwn(metadata, custom)) {
      throw invalid(`Two request headers Message-Header-… both stand for the message header '${custom}'.`);
    }
    metadata[custom] = value;
  }
  Object.assign(metadata, exactHeaders(headers.get('message-headers')));
  refuseForwarded(metadata, forwardHeaders);
  const isForwarded = (name: string) => Object.values(forwardHeaders).includes(name);
  for (const [name, value] of headers) {
    if (traceHeaders.has(name) && !isForwarded(name)) metadata[name] = value;
    const forwarded = Object.hasOwn(forwardHeaders, name) ? forwardHeaders[name] : undefined;
    if (forwarded !== undefined) metadata[forwarded] = value;
  }
  return metadata;
}

/** Throws if a caller sets a forwarded message header itself: only the proxy's request header may set it. */
function refuseForwarded(metadata: object, forwardHeaders: RequestMapping['forwardHeaders']): void {
  const names = Object.keys(metadata);
  if (names.length === 0) return;
  const sources = new Map(Object.entries(forwardHeaders).map(([from, to]) => [to.toLowerCase(), from]));
  for (const name of names) {
    const source = sources.get(name.toLowerCase());
    if (source === undefined) continue;
    throw new LittoralError(
      'reserved-header',
      `The message header '${name}' comes from the request header '${source}' alone (http.forwardHeaders). Leave it out of Message-Header-… and Message-Headers.`,
    );
  }
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
      const [{ path, message } = { path: '', message: '' }] = cause.faults;
      throw invalid(`The request header 'Message-Headers' has a number at ${path} that ${message}.`);
    }
    throw invalid(`The request header 'Message-Headers' is not JSON: ${jsonFault(cause)}.`);
  }
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) {
    throw invalid(`The request header 'Message-Headers' is not a JSON object, such as {"executorId":"7"}.`);
  }
  Object.keys(headers).forEach(checkHeaderName);
  return headers as Record<string, unknown>;
}

function contentTypeOf(headers: ReadonlyMap<string, string>, body: Uint8Array | undefined): string {
  if (headers.has('content-encoding')) {
    throw new LittoralError('unsupported-media-type', 'A Content-Encoding is not supported; send the body as it is.');
  }
  if (!/^(chunked)?$/i.test(headers.get('transfer-encoding') ?? '')) {
    throw new LittoralError('unsupported-media-type', 'No Transfer-Encoding but chunked is supported.');
  }
  const contentType = headers.get('content-type');
  if (contentType !== undefined) return contentType;
  if (body === undefined || body.byteLength === 0) return 'text/plain';
  throw new LittoralError('unsupported-media-type', 'The body has no Content-Type; say what it is.');
}

function messageIdOf(
  headers: ReadonlyMap<string, string>,
  { kind, destination, routingKey }: Addressed,
  { idempotencyScopeHeader }: RequestMapping,
): string | undefined {
  const id = headers.get('message-id');
  const key = headers.get('idempotency-key');
  if (id !== undefined && idempotencyScopeHeader !== undefined) {
    throw invalid(
      `Message-Id is refused here, because it could be the id of another caller's message: http.idempotencyScopeHeader separates callers by '${idempotencyScopeHeader}'. Send Idempotency-Key.`,
    );
  }
  if (key === undefined) return id?.toLowerCase();
  if (id !== undefined) throw invalid('Message-Id and Idempotency-Key both decide the id; send one of them.');
  if (key === '') throw invalid('The request header Idempotency-Key is empty.');
  const scope = idempotencyScopeHeader === undefined ? '' : (headers.get(idempotencyScopeHeader) ?? '');
  return idempotentMessageId({ scope, kind, destination: destination ?? routingKey, routingKey, key });
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
