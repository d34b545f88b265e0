import { AggregationTemporality, DataPointType, type MetricProducer, MetricReader } from '@opentelemetry/sdk-metrics';
import { defineCommandHandler } from 'littoral';
import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../src/config/resolve.ts';
import { createComponents } from '../../../src/gateway/components.ts';
import { createLogger } from '../../../src/logger.ts';
import { metricProducer } from '../../../src/observe/metrics/metric-producer.ts';

class Reader extends MetricReader {
  protected override async onForceFlush() {}
  protected override async onShutdown() {}
}

describe('the metrics for OpenTelemetry', () => {
  test('are those of Prometheus, read by the real SDK', async () => {
    const handlers = [defineCommandHandler({ routingKey: 'change', distributed: true, handle() {} })];
    const config = resolveConfig({ service: 'shop', handlers }, {});
    const { channel, distributedBus, metrics } = createComponents(config, createLogger('silent'));
    await channel.start();
    await distributedBus.publishEvent('order.placed', '1');
    if (metrics === undefined) return expect.unreachable();

    const reader = new Reader({ metricProducers: [metricProducer(metrics) as MetricProducer] });
    const { MeterProvider } = await import('@opentelemetry/sdk-metrics');
    const provider = new MeterProvider({ readers: [reader] });
    const { resourceMetrics, errors } = await reader.collect();
    expect(errors).toEqual([]);
    const data = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    const named = (name: string) => data.find(({ descriptor }) => descriptor.name === name);
    expect(named('messaging.client.sent.messages')).toMatchObject({
      descriptor: { unit: '{message}' },
      dataPointType: DataPointType.SUM,
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      isMonotonic: true,
      dataPoints: [
        { attributes: { 'messaging.destination.name': 'other', 'messaging.operation.name': 'send' }, value: 1 },
      ],
    });
    expect(named('messaging.client.operation.duration')).toMatchObject({
      dataPointType: DataPointType.HISTOGRAM,
      dataPoints: [{ value: { count: 1, buckets: { boundaries: expect.any(Array), counts: expect.any(Array) } } }],
    });
    expect(named('littoral.unacknowledged.messages')).toBeUndefined();
    expect(named('process.memory.usage')).toMatchObject({
      dataPointType: DataPointType.GAUGE,
      descriptor: { unit: 'By' },
    });
    await provider.shutdown();
    await channel.close(0);
  });
});
