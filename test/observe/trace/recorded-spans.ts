import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeEach, expect } from 'vitest';
import { eventually } from '../../broker/eventually.ts';

export interface RecordedSpans {
  /** The ended spans of the current test. */
  all(): ReadableSpan[];
  named(name: string): ReadableSpan[];
  /** Waits until a number of spans with a name have ended. */
  untilEnded(name: string, count?: number): Promise<ReadableSpan[]>;
}

/** Registers OpenTelemetry's SDK in this process until the tests of the file have ended, and records its spans. */
export function recordSpans(): RecordedSpans {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  beforeEach(() => exporter.reset());
  afterAll(async () => {
    unregisterSdk();
    await provider.shutdown();
  });
  const all = () => exporter.getFinishedSpans();
  const named = (name: string) => all().filter((span) => span.name === name);
  const names = () =>
    all()
      .map((span) => span.name)
      .join();
  const untilEnded = (name: string, count = 1) =>
    eventually(() => {
      expect(named(name), names()).toHaveLength(count);
      return named(name);
    });
  return { all, named, untilEnded };
}

/** Ends tracing in this process, for the other test files that it runs. */
export function unregisterSdk(): void {
  trace.disable();
  context.disable();
}

export function idOf(span: ReadableSpan | undefined): string | undefined {
  return span?.spanContext().spanId;
}

export function traceIdsOf(spans: readonly ReadableSpan[]): readonly string[] {
  return [...new Set(spans.map((span) => span.spanContext().traceId))];
}
