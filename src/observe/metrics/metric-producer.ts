import type { GatewayMetrics } from './gateway-metrics.ts';
import type { HistogramPoint, MetricSnapshot, NumberPoint } from './metric.ts';

/** Seconds and nanoseconds, as OpenTelemetry's SDK writes a time. */
type Time = [number, number];

interface DataPoint<Value> {
  readonly attributes: Readonly<Record<string, string>>;
  readonly startTime: Time;
  readonly endTime: Time;
  readonly value: Value;
}

/** The numbers by which the SDK names kinds of data (`DataPointType`), temporality and values. */
const dataPointType = { histogram: 0, gauge: 2, counter: 3 } as const;
const cumulative = 1;
const double = 1;

/**
 * Makes a `MetricProducer` of OpenTelemetry's SDK of the metrics: each metric reader that lists it among its
 * `metricProducers` exports them. Needs nothing of the SDK installed.
 */
export function metricProducer(metrics: GatewayMetrics) {
  return {
    async collect() {
      const snapshots = await metrics.snapshot();
      const startTime = toTime(metrics.startedMs);
      const endTime = toTime(Date.now());
      const data = snapshots.filter(({ points }) => points.length > 0).map((one) => toData(one, startTime, endTime));
      const resource = { attributes: {}, merge: (other: unknown) => other, getRawAttributes: () => [] };
      return {
        resourceMetrics: { resource, scopeMetrics: [{ scope: { name: 'littoral' }, metrics: data }] },
        errors: [],
      };
    },
  };
}

function toData(snapshot: MetricSnapshot, startTime: Time, endTime: Time) {
  const { name, description, unit, bounds = [] } = snapshot.description;
  const descriptor = { name, description, unit: unit === '' ? '1' : unit, valueType: double };
  const common = { descriptor, aggregationTemporality: cumulative };
  if (snapshot.kind === 'histogram') {
    const dataPoints = snapshot.points.map((point) => histogramPoint(point, bounds, startTime, endTime));
    return { ...common, dataPointType: dataPointType.histogram, dataPoints };
  }
  const dataPoints = snapshot.points.map(
    ({ attributes, value }: NumberPoint): DataPoint<number> => ({ attributes, startTime, endTime, value }),
  );
  if (snapshot.kind === 'gauge') return { ...common, dataPointType: dataPointType.gauge, dataPoints };
  return { ...common, dataPointType: dataPointType.counter, dataPoints, isMonotonic: true };
}

function histogramPoint(
  { attributes, counts, sum }: HistogramPoint,
  bounds: readonly number[],
  startTime: Time,
  endTime: Time,
) {
  const count = counts.reduce((total, one) => total + one, 0);
  const buckets = { boundaries: [...bounds], counts: [...counts] };
  return { attributes, startTime, endTime, value: { buckets, sum, count } };
}

function toTime(milliseconds: number): Time {
  const seconds = Math.floor(milliseconds / 1000);
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)];
}
