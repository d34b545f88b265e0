import { LittoralError } from '../../errors.ts';
import { traceHeaders } from '../../message/message-headers.ts';
import { binaryPrefix } from '../bindings/binary-cloud-event.ts';
import { requestHeaders } from './request-headers.ts';
import type { RequestMapping } from './request-mapping.ts';

/** The prefix of request headers with a name that the caller chooses: Message-Header-…. */
export const customPrefix = 'message-header-';

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

/**
 * Returns the request headers with a meaning for the message, by their lower-case names.
 *
 * @param more further headers Message-… of the route
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

/** Throws for an unknown header Message-…, because a misspelled one would be ignored silently. */
function refuseUnknown(
  headers: ReadonlyMap<string, string>,
  { forwardHeaders }: RequestMapping,
  more: readonly string[],
): void {
  for (const name of headers.keys()) {
    if (!name.startsWith('message-') || name.startsWith(customPrefix)) continue;
    if (messageHeaders.has(name) || more.includes(name) || Object.hasOwn(forwardHeaders, name)) continue;
    throw invalidHeader(
      `Unknown request header '${name}'. Available: Message-Header-… for headers of your own, ${[...messageHeaders, ...more].join(', ')}.`,
    );
  }
}

function assertNotEncoded(headers: ReadonlyMap<string, string>): void {
  if (headers.has('content-encoding')) {
    throw new LittoralError('unsupported-media-type', 'Content-Encoding is not supported. Send the body without it.');
  }
  if (!/^(chunked)?$/i.test(headers.get('transfer-encoding') ?? '')) {
    throw new LittoralError('unsupported-media-type', 'The only supported Transfer-Encoding is chunked.');
  }
}

/** The units of the headers with numbers. */
const unitOf: ReadonlyMap<string, string> = new Map([
  ['message-delay', ' of milliseconds'],
  ['message-time-to-live', ' of milliseconds'],
  ['message-priority', ' from 0 to 255'],
  ['message-first-index', ': the index of the first entry'],
]);

/**
 * Returns the whole number in a header.
 *
 * @throws LittoralError `invalid-header` for another value
 */
export function integerHeader(headers: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = headers.get(name);
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw invalidHeader(`The request header '${name}' is not a whole number${unitOf.get(name) ?? ''}.`);
}

/** Returns the error for a request header that cannot be used. */
export function invalidHeader(detail: string): LittoralError {
  return new LittoralError('invalid-header', detail);
}
