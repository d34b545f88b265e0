import type { MetricDescription } from './metric.ts';

/** Maximum number of series of a metric. All attributes are bounded, so this is a second line of defence. */
const mostSeries = 2_000;

/** The value of an attribute that stands for all values that are not known. */
export const other = 'other';

/** The series of one metric, one for each combination of the values of its attributes. */
export class SeriesMap<Series> {
  readonly #description: MetricDescription;
  readonly #create: () => Series;
  readonly #series = new Map<
    string,
    { readonly attributes: Readonly<Record<string, string>>; readonly series: Series }
  >();

  constructor(description: MetricDescription, create: () => Series) {
    this.#description = description;
    this.#create = create;
  }

  /** Returns the series for the values of the attributes, in the order of their names. An empty value is left out. */
  at(values: readonly string[]): Series {
    const key = values.join('\n');
    const known = this.#series.get(key);
    if (known !== undefined) return known.series;
    if (this.#series.size >= mostSeries && !values.every((value) => value === other)) {
      return this.at(values.map(() => other));
    }
    const names = this.#description.attributes;
    const attributes = Object.fromEntries(
      names.flatMap((name, index) => (values[index] ? [[name, values[index]]] : [])),
    );
    const series = this.#create();
    this.#series.set(key, { attributes, series });
    return series;
  }

  /** Returns each series with its attributes. */
  entries() {
    return this.#series.values();
  }
}
