import { createRequire } from 'node:module';
import { type TraceApi, Tracing, type TracingOptions } from './tracing.ts';

const require = createRequire(import.meta.url);

/** The place where every copy of `@opentelemetry/api` 1.x registers what an SDK gives it. */
const registry = Symbol.for('opentelemetry.js.api.1');

/** Returns whether an SDK has registered a tracer provider in this process. */
function isTracing(): boolean {
  return (globalThis as { readonly [registry]?: { readonly trace?: unknown } })[registry]?.trace !== undefined;
}

function loadApi(): TraceApi {
  return require('@opentelemetry/api');
}

/**
 * Creates the tracing of a gateway, if an SDK has registered a tracer provider.
 *
 * @returns undefined otherwise; the API is not loaded then
 */
export function createTracing(options: TracingOptions): Tracing | undefined {
  return isTracing() ? new Tracing(options, loadApi()) : undefined;
}

/** Returns the function that gives each log line the ids of the active span; undefined without tracing. */
export function traceFields(): (() => Readonly<Record<string, unknown>>) | undefined {
  if (!isTracing()) return undefined;
  const { context, trace } = loadApi();
  return () => {
    const active = trace.getSpanContext(context.active());
    return active === undefined ? {} : { traceId: active.traceId, spanId: active.spanId };
  };
}
