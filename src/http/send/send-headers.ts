import { LittoralError } from '../../errors.ts';
import { longestDelayMs, maxPriority, maxTimeToLiveMs } from '../../message/limits.ts';
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

interface NumberRange {
  readonly min: number;
  readonly max: number;
  /** Follows "a whole number". */
  readonly meaning: string;
}

/** The headers with numbers, by their names. */
const ranges: Readonly<Record<string, NumberRange>> = {
  'message-delay': {
    ...{ min: 0, max: longestDelayMs },
    meaning: ` of milliseconds from 0 to ${longestDelayMs} (${longestDelayMs / 86_400_000} days)`,
  },
  'message-time-to-live': {
    ...{ min: 1, max: maxTimeToLiveMs },
    meaning: ` of milliseconds from 1 to ${maxTimeToLiveMs}`,
  },
  'message-priority': { min: 0, max: maxPriority, meaning: ` from 0 to ${maxPriority}` },
};

/** Another header has an index. */
const anyIndex: NumberRange = { min: 0, max: 999_999_999_999_999, meaning: ': the index of the first entry' };

/**
 * Returns the whole number in a header.
 *
 * @throws LittoralError `invalid-header` for another value
 */
export function integerHeader(headers: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = headers.get(name);
  if (text === undefined) return undefined;
  const { min, max, meaning } = ranges[name] ?? anyIndex;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw invalidHeader(`The request header '${name}' is not a whole number${meaning}.`);
}

/** Returns the error for a request header that cannot be used. */
export function invalidHeader(detail: string): LittoralError {
  return new LittoralError('invalid-header', detail);
}
