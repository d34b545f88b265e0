import type { SpanContext, TraceState } from '@opentelemetry/api';
import { Header } from '../../message/message-headers.ts';

/** W3C Trace Context, level 1: a later version may append fields. */
const pattern = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

const maxLength = 512;

/** The part of the API that reads a trace state. */
interface StateFactory {
  createTraceState(text: string): TraceState;
}

/**
 * Reads the context that a message or a request carries. Its sender may have written anything.
 *
 * @returns undefined for a context that is absent or not valid
 */
export function readTraceContext(
  headers: Readonly<Record<string, unknown>>,
  { createTraceState }: StateFactory,
): SpanContext | undefined {
  const { [Header.traceparent]: parent, [Header.tracestate]: state } = headers;
  if (typeof parent !== 'string' || parent.length > maxLength) return undefined;
  const [, version, traceId, spanId, flags = '', more] = pattern.exec(parent) ?? [];
  if (traceId === undefined || spanId === undefined || (version === '00' && more !== undefined)) return undefined;
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & 1,
    traceState: typeof state === 'string' ? readState(state, createTraceState) : undefined,
    isRemote: true,
  } as SpanContext;
}

/** Returns the headers that carry a context. */
export function writeTraceContext({ traceId, spanId, traceFlags, traceState }: SpanContext): Record<string, string> {
  const flags = (traceFlags & 1).toString(16).padStart(2, '0');
  const state = traceState?.serialize();
  const parent = `00-${traceId}-${spanId}-${flags}`;
  return state ? { [Header.traceparent]: parent, [Header.tracestate]: state } : { [Header.traceparent]: parent };
}

function readState(text: string, createTraceState: StateFactory['createTraceState']): TraceState | undefined {
  return text.length > maxLength ? undefined : createTraceState(text);
}
