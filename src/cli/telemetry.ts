import type { Logger } from '../logger.ts';
import type { GatewayMetrics } from '../observe/metrics/gateway-metrics.ts';
import { metricProducer } from '../observe/metrics/metric-producer.ts';
import { errorText } from '../text/error-chain.ts';
import { completesWithin } from '../time/timeout.ts';
import { version } from '../version.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** An exporter of OpenTelemetry in this process. */
export interface Telemetry {
  /** Exports the metrics of a gateway, too. */
  exportMetrics(metrics: GatewayMetrics | undefined): void;
  /** Logs the reason if nothing is exported. */
  report(logger: Logger): void;
  /** Exports the remaining spans and metrics, and ends. Takes two seconds at most, and never rejects. */
  stop(): Promise<void>;
}

/** The packages that export. Users install them in addition to littoral. */
const packages = [
  '@opentelemetry/sdk-trace-base',
  '@opentelemetry/sdk-metrics',
  '@opentelemetry/context-async-hooks',
  '@opentelemetry/resources',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/exporter-metrics-otlp-http',
];

const stopTimeoutMs = 2_000;

/**
 * Starts an exporter of traces and metrics (OTLP over HTTP) where `OTEL_EXPORTER_OTLP_ENDPOINT` is set. OpenTelemetry's
 * own variables configure it. Call it before a gateway is created.
 *
 * @returns undefined if the variable is not set, or an SDK is registered already
 */
export async function startTelemetry(environment: Environment, service?: string): Promise<Telemetry | undefined> {
  if (!environment.OTEL_EXPORTER_OTLP_ENDPOINT || environment.OTEL_SDK_DISABLED === 'true') return undefined;
  try {
    return await start(environment, service);
  } catch (error) {
    const reason = errorText(error);
    return {
      exportMetrics() {},
      report: (logger) => logger.warn({ reason, packages }, 'telemetry is not exported: a package is missing'),
      async stop() {},
    };
  }
}

async function start(environment: Environment, service = 'littoral'): Promise<Telemetry | undefined> {
  const [api, traces, metricsSdk, hooks, resources, traceExport, metricExport] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/sdk-metrics'),
    import('@opentelemetry/context-async-hooks'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/exporter-metrics-otlp-http'),
  ]);
  const own = { 'service.name': environment.SERVICE_NAME || service, 'service.version': version };
  const resource = resources
    .defaultResource()
    .merge(resources.resourceFromAttributes(own))
    .merge(resources.detectResources({ detectors: [resources.envDetector] }));
  const stops: (() => Promise<void>)[] = [];
  if (environment.OTEL_TRACES_EXPORTER !== 'none') {
    const processor = new traces.BatchSpanProcessor(new traceExport.OTLPTraceExporter());
    const provider = new traces.BasicTracerProvider({ resource, spanProcessors: [processor] });
    // Another SDK, loaded by --import, has its own exporter.
    if (!api.trace.setGlobalTracerProvider(provider)) return undefined;
    api.context.setGlobalContextManager(new hooks.AsyncLocalStorageContextManager().enable());
    stops.push(() => provider.shutdown());
  }
  return {
    exportMetrics(metrics) {
      if (metrics === undefined || environment.OTEL_METRICS_EXPORTER === 'none') return;
      const exporter = new metricExport.OTLPMetricExporter();
      const metricProducers = [metricProducer(metrics) as import('@opentelemetry/sdk-metrics').MetricProducer];
      const intervals = exportIntervals(environment);
      const reader = new metricsSdk.PeriodicExportingMetricReader({ exporter, metricProducers, ...intervals });
      const provider = new metricsSdk.MeterProvider({ resource, readers: [reader] });
      stops.push(() => provider.shutdown());
    },
    report() {},
    async stop() {
      await completesWithin(stopTimeoutMs, Promise.allSettled(stops.map((stop) => stop())));
    },
  };
}

/** Returns the intervals that the environment sets, with the defaults of OpenTelemetry. The reader does not read them. */
function exportIntervals({ OTEL_METRIC_EXPORT_INTERVAL, OTEL_METRIC_EXPORT_TIMEOUT }: Environment) {
  const exportIntervalMillis = positiveOr(60_000, OTEL_METRIC_EXPORT_INTERVAL);
  return {
    exportIntervalMillis,
    exportTimeoutMillis: Math.min(exportIntervalMillis, positiveOr(30_000, OTEL_METRIC_EXPORT_TIMEOUT)),
  };
}

function positiveOr(fallback: number, text = ''): number {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : fallback;
}
