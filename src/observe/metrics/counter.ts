import type { Metric, MetricDescription, MetricSnapshot } from './metric.ts';
import { SeriesMap } from './series-map.ts';

/** One number that only grows. A caller that counts often keeps it. */
export class CounterSeries {
  value = 0;

  add(count = 1): void {
    this.value += count;
  }
}

/** A metric that only grows. */
export class Counter implements Metric {
  readonly #description: MetricDescription;
  readonly #series: SeriesMap<CounterSeries>;

  constructor(description: MetricDescription) {
    this.#description = description;
    this.#series = new SeriesMap(description, () => new CounterSeries());
    // A rate needs a beginning, so a counter without attributes begins with 0.
    if (description.attributes.length === 0) this.#series.at([]);
  }

  /** Returns the series for the values of the attributes. */
  at(...values: readonly string[]): CounterSeries {
    return this.#series.at(values);
  }

  snapshot(): MetricSnapshot {
    const points = Array.from(this.#series.entries(), ({ attributes, series: { value } }) => ({ attributes, value }));
    return { description: this.#description, kind: 'counter', points };
  }
}
