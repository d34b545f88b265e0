import type { Metric, MetricDescription, MetricSnapshot } from './metric.ts';

/** A value with those of its attributes, in the order of their names; undefined while it is not known. */
export type GaugeValue = readonly [value: number | undefined, ...attributes: string[]];

/** A metric that is read when it is asked for. */
export class Gauge implements Metric {
  readonly #description: MetricDescription;
  readonly #read: () => readonly GaugeValue[];

  /** @param read returns the values of this moment. Must not wait */
  constructor(description: MetricDescription, read: () => readonly GaugeValue[]) {
    this.#description = description;
    this.#read = read;
  }

  snapshot(): MetricSnapshot {
    const description = this.#description;
    const points = this.#read().flatMap(([value, ...values]) => {
      if (value === undefined) return [];
      const attributes = Object.fromEntries(description.attributes.map((name, index) => [name, values[index] ?? '']));
      return [{ attributes, value }];
    });
    return { description, kind: description.kind === 'counter' ? 'counter' : 'gauge', points };
  }
}
