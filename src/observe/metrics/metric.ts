/** The kind of a metric: a number that only grows, one that goes up and down, or the distribution of many numbers. */
type MetricKind = 'counter' | 'gauge' | 'histogram';

/** A metric, named as OpenTelemetry names metrics. `prometheus-text.ts` derives the other name. */
export interface MetricDescription {
  readonly name: string;
  readonly kind: MetricKind;
  /** The unit in UCUM, such as `s` or `By`; with braces, such as `{message}`, what is counted; empty for a state. */
  readonly unit: string;
  /** A sentence without its full stop. */
  readonly description: string;
  /** The names of the attributes, in the order of their values. */
  readonly attributes: readonly string[];
  /** The upper bounds of the buckets of a histogram. */
  readonly bounds?: readonly number[];
}

/** One number of a metric, with its attributes. */
export interface NumberPoint {
  readonly attributes: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One distribution of a metric, with its attributes. */
export interface HistogramPoint {
  readonly attributes: Readonly<Record<string, string>>;
  /** The number of values in each bucket; one more than there are bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** The values of a metric at a moment. */
export type MetricSnapshot = { readonly description: MetricDescription } & (
  | { readonly kind: 'counter' | 'gauge'; readonly points: readonly NumberPoint[] }
  | { readonly kind: 'histogram'; readonly points: readonly HistogramPoint[] }
);

/** A metric that can be read. */
export interface Metric {
  snapshot(): MetricSnapshot;
}
