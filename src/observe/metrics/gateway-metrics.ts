import { Counter } from './counter.ts';
import { Gauge, type GaugeValue } from './gauge.ts';
import { Histogram } from './histogram.ts';
import type { KeyLabels } from './key-labels.ts';
import type { Metric, MetricSnapshot } from './metric.ts';
import { type MetricName, metricTable } from './metric-table.ts';
import { contentTypes, type TextFormat, writeMetrics } from './prometheus-text.ts';

export interface GatewayMetricsOptions {
  readonly labels: KeyLabels;
  /** The attributes of the process, such as `service.name`. */
  readonly target: Readonly<Record<string, string>>;
}

/** The metrics of a gateway: those that its parts count, and gauges that are read on demand. */
export class GatewayMetrics {
  readonly labels: KeyLabels;
  readonly sent = new Counter(metricTable.sent);
  readonly sendDuration = new Histogram(metricTable.sendDuration);
  readonly consumed = new Counter(metricTable.consumed);
  readonly processDuration = new Histogram(metricTable.processDuration);
  readonly sentToHandled = new Histogram(metricTable.sentToHandled);
  readonly retries = new Counter(metricTable.retries);
  readonly deadLettered = new Counter(metricTable.deadLettered);
  readonly duplicates = new Counter(metricTable.duplicates);
  readonly skipped = new Counter(metricTable.skipped);
  readonly deferred = new Counter(metricTable.deferred);
  readonly requestDuration = new Histogram(metricTable.requestDuration);
  readonly clientDuration = new Histogram(metricTable.clientDuration);
  /** Milliseconds since 1970: since then the counters count. */
  readonly startedMs = Date.now();
  readonly #target: Readonly<Record<string, string>>;
  readonly #metrics: Metric[];
  readonly #beforeReading: (() => Promise<void> | undefined)[] = [];

  constructor({ labels, target }: GatewayMetricsOptions) {
    this.labels = labels;
    this.#target = target;
    this.#metrics = [
      ...[this.sent, this.sendDuration, this.consumed, this.processDuration, this.sentToHandled, this.retries],
      ...[this.deadLettered, this.duplicates, this.skipped, this.deferred, this.requestDuration],
      this.clientDuration,
    ];
  }

  /** Adds a metric that is read when the metrics are. */
  observe(name: MetricName, read: () => readonly GaugeValue[]): void {
    this.#metrics.push(new Gauge(metricTable[name], read));
  }

  /** Adds work that must be done before metrics are read. It waits for a short time at most, and never rejects. */
  beforeReading(prepare: () => Promise<void> | undefined): void {
    this.#beforeReading.push(prepare);
  }

  /** Returns the values of all metrics. */
  async snapshot(): Promise<readonly MetricSnapshot[]> {
    await Promise.all(this.#beforeReading.map((prepare) => prepare()));
    return this.#metrics.map((metric) => metric.snapshot());
  }

  /** Returns the values of all metrics as text. */
  async text(format: TextFormat): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: contentTypes[format], body: writeMetrics(await this.snapshot(), this.#target, format) };
  }
}
