import type { ResolvedConfig } from '../config/resolve.ts';
import type { ServiceEndpoint } from '../endpoint/service-endpoint.ts';
import type { Engine } from '../engine/engine.ts';
import type { HandlerRegistry } from '../handler/handler-registry.ts';
import { droppedLogLines } from '../logger.ts';
import { GatewayMetrics } from '../observe/metrics/gateway-metrics.ts';
import { HandlingMeasurement } from '../observe/metrics/handling-measurement.ts';
import { KeyLabels } from '../observe/metrics/key-labels.ts';
import { MeasuredEngine } from '../observe/metrics/measured-engine.ts';
import { observeGateway } from '../observe/metrics/observe-gateway.ts';
import { observeProcess } from '../observe/metrics/process-gauges.ts';
import { version } from '../version.ts';
import { deadLetterQueue, dueQueue } from '../wire/service-queue.ts';

// The factories of the metrics, all of which are undefined without metrics.

/** @param registry returns the handlers, which are created later */
export function createMetrics(config: ResolvedConfig, registry: () => HandlerRegistry): GatewayMetrics | undefined {
  const { service, metrics, routes } = config;
  if (!metrics.enabled) return undefined;
  const { services = {}, events = [] } = routes;
  const routed = [...Object.keys(services), ...events.flatMap(({ keys }) => keys)];
  const labels = new KeyLabels({ configured: [service, ...routed, ...metrics.keys], registry });
  const created = new GatewayMetrics({ labels, target: { 'service.name': service, 'service.version': version } });
  observeProcess(created);
  return created;
}

/** Returns the engine as it is, or with publishes that are counted. */
export function measuredEngine(engine: Engine, config: ResolvedConfig, metrics: GatewayMetrics | undefined): Engine {
  if (metrics === undefined) return engine;
  const { service, broker, routes } = config;
  const mapped = [...Object.values(routes.services ?? {}), ...(routes.events ?? [])].map(({ queue }) => queue);
  const own = [broker.queue, deadLetterQueue(service), dueQueue(service).queue];
  return new MeasuredEngine(engine, metrics, [...own, ...mapped]);
}

export function createHandlingMeasurement(
  metrics: GatewayMetrics | undefined,
  { service, broker }: ResolvedConfig,
  channel: Engine,
): HandlingMeasurement | undefined {
  return metrics && new HandlingMeasurement(metrics, channel.name, service, broker.queue);
}

interface ObservedParts {
  readonly config: ResolvedConfig;
  readonly channel: Engine;
  readonly endpoint: ServiceEndpoint;
  readonly metrics: GatewayMetrics | undefined;
  readonly handling: HandlingMeasurement | undefined;
  readonly isReady: () => boolean;
  readonly applications: () => readonly object[];
}

/** Adds the metrics that are read from the parts of a gateway. */
export function observeParts({ config, metrics, handling, applications, ...parts }: ObservedParts): void {
  if (metrics === undefined || handling === undefined) return;
  observeGateway(metrics, {
    ...parts,
    handling,
    queue: config.broker.queue,
    deadLetterQueue: deadLetterQueue(config.service),
    // One that pulls has no state: it is there while it pulls.
    applications: () => applications().filter((state) => 'url' in state) as { url: string; state: string }[],
    droppedLines: droppedLogLines,
  });
}
