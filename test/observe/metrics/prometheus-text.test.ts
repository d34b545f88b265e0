import { describe, expect, test } from 'vitest';
import type { MetricDescription, MetricSnapshot } from '../../../src/observe/metrics/metric.ts';
import { metricTable } from '../../../src/observe/metrics/metric-table.ts';
import {
  familyName,
  preferredFormat,
  sampleNames,
  writeMetrics,
} from '../../../src/observe/metrics/prometheus-text.ts';

const snapshots: MetricSnapshot[] = [
  {
    description: { name: 'a.sent', kind: 'counter', unit: '{message}', description: 'Sent', attributes: ['a.b'] },
    kind: 'counter',
    points: [{ attributes: { 'a.b': 'x"y\\z\n' }, value: 3 }],
  },
  {
    description: { name: 'a.size', kind: 'gauge', unit: 'By', description: 'Size', attributes: [] },
    kind: 'gauge',
    points: [{ attributes: {}, value: 0.5 }],
  },
  {
    description: {
      name: 'a.time',
      kind: 'histogram',
      unit: 's',
      description: 'Time',
      attributes: [],
      bounds: [0.1, 1],
    },
    kind: 'histogram',
    points: [{ attributes: { a: 'b' }, counts: [2, 1, 1], sum: 4.5 }],
  },
  {
    description: { name: 'a.nothing', kind: 'gauge', unit: '', description: 'Unknown', attributes: [] },
    kind: 'gauge',
    points: [],
  },
];

describe('the text of metrics', () => {
  test('is that of Prometheus', () => {
    expect(writeMetrics(snapshots, { 'service.name': 'shop' }, 'prometheus')).toBe(`# TYPE target_info gauge
# HELP target_info Attributes of the process
target_info{service_name="shop"} 1
# TYPE a_sent_total counter
# HELP a_sent_total Sent
a_sent_total{a_b="x\\"y\\\\z\\n"} 3
# TYPE a_size_bytes gauge
# HELP a_size_bytes Size
a_size_bytes 0.5
# TYPE a_time_seconds histogram
# HELP a_time_seconds Time
a_time_seconds_bucket{a="b",le="0.1"} 2
a_time_seconds_bucket{a="b",le="1.0"} 3
a_time_seconds_bucket{a="b",le="+Inf"} 4
a_time_seconds_sum{a="b"} 4.5
a_time_seconds_count{a="b"} 4
`);
  });

  test('is OpenMetrics 1.0 where it is asked for', () => {
    const text = writeMetrics(snapshots, { 'service.name': 'shop' }, 'openmetrics');
    expect(text).toContain('# TYPE target info\n');
    expect(text).toContain('# TYPE a_sent counter\n# HELP a_sent Sent\na_sent_total{');
    expect(text).toContain('# TYPE a_size_bytes gauge\n# HELP a_size_bytes Size\n# UNIT a_size_bytes bytes\n');
    expect(text.endsWith('# EOF\n')).toBe(true);
  });

  const ofPrometheus =
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';

  test.each([
    [undefined, 'prometheus'],
    ['*/*', 'prometheus'],
    ['text/html, text/plain', 'prometheus'],
    ['application/openmetrics-text', 'openmetrics'],
    ['APPLICATION/OpenMetrics-Text; Version=1.0.0', 'openmetrics'],
    ['application/openmetrics-text;version=2.0.0', 'prometheus'],
    ['application/openmetrics-text;version=1.0.0;q=0', 'prometheus'],
    ['application/openmetrics-text;version=1.0.0;q=0.2,text/plain;version=0.0.4;q=0.3', 'prometheus'],
    [ofPrometheus, 'openmetrics'],
    [`${',;='.repeat(1000)}`, 'prometheus'],
  ])('has for Accept: %s the format %s', (accept, format) => {
    expect(preferredFormat(accept)).toBe(format);
  });
});

const table: readonly MetricDescription[] = Object.values(metricTable);

// The rules of `promtool check metrics`, and of OpenTelemetry's names.
describe.each(table.map((description) => [description.name, description] as const))('the metric %s', (name, metric) => {
  test('has names that both conventions allow', () => {
    expect(name).toMatch(/^[a-z]+(?:[._][a-z0-9]+)+$/);
    for (const attribute of metric.attributes) expect(attribute).toMatch(/^[a-z]+(?:[._][a-z]+)+$/);
    for (const sample of sampleNames(metric)) expect(sample).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(familyName(metric)).not.toMatch(/_(total|count|sum|bucket|info|created)$/);
    expect(familyName(metric)).not.toMatch(/(counter|gauge|histogram|milliseconds|minutes|kilobytes)/);
  });

  test('has a unit that is a base unit, a thing that is counted, or none', () => {
    expect(metric.unit).toMatch(/^(s|By|\{[a-z]+\}|)$/);
    if (metric.unit === 's') expect(familyName(metric)).toMatch(/_seconds$/);
    if (metric.unit === 'By') expect(familyName(metric)).toMatch(/_bytes$/);
  });

  test('is described by a phrase, and has bounds if it is a histogram', () => {
    expect(metric.description).toMatch(/^[A-Z0-9].*[^.]$/);
    const bounds = metric.bounds ?? [];
    expect(bounds.length > 0).toBe(metric.kind === 'histogram');
    expect(bounds.toSorted((one, other) => one - other)).toEqual(bounds);
  });
});

describe('the table of metrics', () => {
  test('has each name once', () => {
    expect(new Set(table.flatMap(sampleNames)).size).toBe(table.flatMap(sampleNames).length);
  });

  test('has the names and buckets of the conventions for what they define', () => {
    const ofConventions = table.map(({ name }) => name).filter((name) => !name.startsWith('littoral.'));
    expect(ofConventions.sort()).toEqual([
      'http.client.request.duration',
      'http.server.request.duration',
      'messaging.client.consumed.messages',
      'messaging.client.operation.duration',
      'messaging.client.sent.messages',
      'messaging.process.duration',
      'nodejs.eventloop.delay.max',
      'nodejs.eventloop.delay.mean',
      'nodejs.eventloop.delay.p50',
      'nodejs.eventloop.delay.p99',
      'process.cpu.time',
      'process.memory.usage',
    ]);
    const bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
    for (const metric of [metricTable.processDuration, metricTable.sendDuration]) expect(metric.bounds).toEqual(bounds);
  });
});
