import { describeJsonError } from '../../conversion/json/describe-json-error.ts';
import { parseJson, UnreadableNumbers } from '../../conversion/json/parse-json.ts';
import { occursTwice, repeatedMember } from '../../conversion/json/repeated-member.ts';
import { LittoralError } from '../../errors.ts';
import { Header, traceHeaders } from '../../message/message-headers.ts';
import { decodeHeaderValue } from '../../text/header-value.ts';
import { checkHeaderName } from '../../wire/metadata.ts';
import { foldHeaderName } from '../auth/caller-header.ts';
import type { CloudEvent } from '../bindings/cloud-event.ts';
import { eventHeaders } from '../bindings/cloud-event-request.ts';
import type { RequestMapping } from './request-mapping.ts';
import { customPrefix, invalidHeader } from './send-headers.ts';

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
      throw invalidHeader(
        `Two request headers Message-Header-… set the same message header '${custom}'. Send one of them.`,
      );
    }
    metadata[custom] = decodeHeaderValue(value);
  }
  return Object.assign(metadata, exactHeaders(headers.get('message-headers')));
}

/**
 * Adds the headers of the event, the forwarded request headers, the trace context and the caller to the metadata.
 *
 * @throws LittoralError `invalid-header`, `reserved-header`
 */
export function completeMetadata(
  metadata: Record<string, unknown>,
  headers: ReadonlyMap<string, string>,
  event: CloudEvent | undefined,
  mapping: RequestMapping,
): Record<string, unknown> {
  const { forwardHeaders, callerHeader } = mapping;
  if (event) addEventHeaders(metadata, event);
  assertNotOwned(metadata, mapping);
  const isForwarded = (name: string) => Object.values(forwardHeaders).includes(name);
  for (const [name, value] of headers) {
    if (traceHeaders.has(name) && !isForwarded(name)) metadata[name] = value;
    const forwarded = Object.hasOwn(forwardHeaders, name) ? forwardHeaders[name] : undefined;
    if (forwarded !== undefined) metadata[forwarded] = value;
  }
  // The trace context of the event counts if the request has none (CloudEvents, "Distributed Tracing" extension).
  for (const name of [Header.traceparent, Header.tracestate]) {
    const value = event?.attributes[name];
    if (value !== undefined && !isForwarded(name) && !Object.hasOwn(metadata, name)) metadata[name] = value;
  }
  // The caller's header overrides all others. It is null without credentials, so that the message does not inherit the
  // caller of its parent.
  if (callerHeader !== undefined) metadata[callerHeader.name] = callerHeader.value;
  return metadata;
}

/** Adds the attributes of an event. */
function addEventHeaders(metadata: Record<string, unknown>, event: CloudEvent): void {
  for (const [name, value] of Object.entries(eventHeaders(event))) {
    if (Object.hasOwn(metadata, name)) {
      throw invalidHeader(
        `The message header '${name}' is set by an attribute of the CloudEvent. Leave it out of the other headers.`,
      );
    }
    metadata[name] = value;
  }
}

/**
 * Throws if a caller sets a message header that only the gateway may set: the one with the name of the caller, or one
 * that comes from a request header of the proxy.
 *
 * @throws LittoralError `reserved-header`
 */
export function assertNotOwned(
  metadata: object,
  { forwardHeaders, callerHeader }: Pick<RequestMapping, 'forwardHeaders' | 'callerHeader'>,
): void {
  const names = Object.keys(metadata);
  if (names.length === 0) return;
  const sources = sourcesOf(forwardHeaders);
  if (sources.size === 0 && callerHeader === undefined) return;
  for (const name of names) {
    const folded = foldHeaderName(name);
    if (folded === callerHeader?.folded)
      throw owned(name, 'names the caller (auth.header), and only the gateway sets it');
    const source = sources.get(folded);
    if (source !== undefined) {
      throw owned(name, `comes from the request header '${source}' alone (http.forwardHeaders)`);
    }
  }
}

function owned(name: string, reason: string): LittoralError {
  const detail = `The message header '${name}' ${reason}. Leave it out of Message-Header-… and Message-Headers.`;
  return new LittoralError('reserved-header', detail);
}

type ForwardHeaders = RequestMapping['forwardHeaders'];

/** The request headers by the folded names of the message headers that they set. */
const knownSources = new WeakMap<ForwardHeaders, ReadonlyMap<string, string>>();

/** Returns the cached request headers, because a batch looks them up for each header of each entry. */
function sourcesOf(forwardHeaders: ForwardHeaders): ReadonlyMap<string, string> {
  const known = knownSources.get(forwardHeaders);
  if (known) return known;
  const sources = new Map(Object.entries(forwardHeaders).map(([from, to]) => [foldHeaderName(to), from]));
  knownSources.set(forwardHeaders, sources);
  return sources;
}

/** Converts a name from kebab-case to camelCase. Throws if the name is reserved before or after the conversion. */
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
      throw invalidHeader(`The request header 'Message-Headers' has a number at ${path} that ${message}.`);
    }
    throw invalidHeader(`The request header 'Message-Headers' is not JSON: ${describeJsonError(cause)}.`);
  }
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) {
    throw invalidHeader(`The request header 'Message-Headers' is not a JSON object, such as {"executorId":"7"}.`);
  }
  const repeated = repeatedMember(json);
  if (repeated !== undefined) {
    throw invalidHeader(`The request header 'Message-Headers' has a member at ${repeated} that ${occursTwice}.`);
  }
  Object.keys(headers).forEach(checkHeaderName);
  return headers as Record<string, unknown>;
}
