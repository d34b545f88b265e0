import type { Metric, MetricDescription, MetricSnapshot } from './metric.ts';
import { SeriesMap } from './series-map.ts';

/** One distribution. A caller that records often keeps it. */
export class HistogramSeries {
  readonly counts: Float64Array;
  readonly #bounds: readonly number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  record(value: number): void {
    const bounds = this.#bounds;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] as number)) index += 1;
    (this.counts[index] as number) += 1;
    this.sum += value;
  }
}

/** A metric of many numbers, counted in buckets. */
export class Histogram implements Metric {
  readonly #description: MetricDescription;
  readonly #series: SeriesMap<HistogramSeries>;

  constructor(description: MetricDescription) {
    const { bounds = [] } = description;
    this.#description = description;
    this.#series = new SeriesMap(description, () => new HistogramSeries(bounds));
  }

  /** Returns the series for the values of the attributes. */
  at(...values: readonly string[]): HistogramSeries {
    return this.#series.at(values);
  }

  snapshot(): MetricSnapshot {
    const points = Array.from(this.#series.entries(), ({ attributes, series: { counts, sum } }) => ({
      attributes,
      counts: Array.from(counts),
      sum,
    }));
    return { description: this.#description, kind: 'histogram', points };
  }
}
